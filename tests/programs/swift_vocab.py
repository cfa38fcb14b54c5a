"""ms-swift's own command on a tiny random model whose embedding is smaller than its tokenizer: tokens were added, the table wasn't resized."""
import json
import os
import sys
import tempfile

os.environ.update(HF_HUB_OFFLINE="1", MODELSCOPE_OFFLINE="1", OMP_NUM_THREADS="1")

from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

folder = tempfile.mkdtemp(dir=os.getcwd())
words = ["<pad>", "<s>", "</s>", "<unk>"] + [f"w{i}" for i in range(60)]
tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>").save_pretrained(folder)
LlamaForCausalLM(LlamaConfig(vocab_size=40, hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
                             num_key_value_heads=2, max_position_embeddings=128)).save_pretrained(folder)
data = os.path.join(folder, "data.jsonl")
with open(data, "w") as out:
    for i in range(8):
        out.write(json.dumps({"messages": [{"role": "user", "content": f"w{i} w2"}, {"role": "assistant", "content": f"w{i + 20} w{i + 40}"}]}) + "\n")
swift = os.path.join(os.path.dirname(sys.executable), "swift")
os.execv(swift, [swift, "sft", "--model", folder, "--model_type", "llama", "--template", "dummy", "--dataset", data, "--tuner_type", "full",
                 "--max_length", "32", "--max_steps", "2", "--per_device_train_batch_size", "2", "--output_dir", os.path.join(folder, "out"),
                 "--torch_dtype", "float32", "--dataset_num_proc", "1", "--dataloader_num_workers", "0", "--split_dataset_ratio", "0",
                 "--report_to", "none"])
