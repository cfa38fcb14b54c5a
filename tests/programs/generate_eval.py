"""A training that stops now and then to generate: the second time, on past the last position that the model has."""
import torch
from transformers import GPT2Config, GPT2LMHeadModel

POSITIONS = 16


def sample(model, new_tokens):
    prompt = torch.ones(1, 6, dtype=torch.long)
    settings = {"do_sample": False, "min_new_tokens": new_tokens, "max_new_tokens": new_tokens, "pad_token_id": 0}
    model.eval()
    with torch.no_grad():
        model.generate(prompt, attention_mask=torch.ones_like(prompt), **settings)  # CALL HERE
    model.train()


def main():
    torch.manual_seed(0)
    model = GPT2LMHeadModel(GPT2Config(vocab_size=11, n_positions=POSITIONS, n_embd=8, n_layer=1, n_head=2, bos_token_id=1, eos_token_id=2))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for step in range(1, 5):
        ids = torch.randint(3, 11, (2, 8))
        model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if step % 2 == 0:
            sample(model, 4 if step == 2 else 14)


main()
