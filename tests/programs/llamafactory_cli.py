"""Writes a tiny random GPT-2 with its tokenizer, a data set whose sixth sample is longer than the model has positions, and the settings of
a training, then becomes LLaMA-Factory's own command."""
import json
import os
import sys

from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

POSITIONS = 32
WORDS = ["<pad>", "<s>", "</s>", "<unk>"] + [f"w{n}" for n in range(60)]
CHAT = "{% for message in messages %}{{ message['content'] }} {% endfor %}"

SETTINGS = {
    "model_name_or_path": "model", "stage": "sft", "do_train": True, "finetuning_type": "full", "dataset": "tiny", "dataset_dir": "data",
    "template": "empty", "cutoff_len": 64, "output_dir": "out", "per_device_train_batch_size": 2, "max_steps": 6, "report_to": "none",
    "use_cpu": True, "disable_gradient_checkpointing": True, "disable_shuffling": True, "save_strategy": "no", "logging_steps": 1000,
}


def words(count):
    return " ".join(f"w{n % 60}" for n in range(count))


def write_files():
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>",
                            chat_template=CHAT).save_pretrained("model")
    config = GPT2Config(vocab_size=len(WORDS), n_positions=POSITIONS, n_embd=16, n_layer=1, n_head=2, pad_token_id=0, bos_token_id=1,
                        eos_token_id=2)
    GPT2LMHeadModel(config).save_pretrained("model")
    os.makedirs("data", exist_ok=True)
    answers = [words(40 if n == 5 else 6) for n in range(12)]
    with open("data/tiny.json", "w") as file:
        json.dump([{"instruction": "w1 w2", "input": "", "output": answer} for answer in answers], file)
    with open("data/dataset_info.json", "w") as file:
        json.dump({"tiny": {"file_name": "tiny.json"}}, file)
    with open("train.yaml", "w") as file:
        json.dump(SETTINGS, file, indent=1)  # JSON is YAML


def main():
    write_files()
    os.environ["PATH"] = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"  # they start torchrun by its name
    os.execvp("llamafactory-cli", ["llamafactory-cli", "train", "train.yaml"])


main()
