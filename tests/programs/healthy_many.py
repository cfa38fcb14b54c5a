"""Healthy trainings of many kinds, each in a process of its own: nothing may be found in them. Arguments: the ones to run."""
import copy
import sys

import torch
import torch._dynamo  # an optimizer would import it, in each child anew
from torch import nn
from torch.nn import functional as F

import each_apart

STEPS = 12


def encoder():
    layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.1, batch_first=True)
    model = nn.Sequential(nn.TransformerEncoder(layer, 2), nn.Linear(16, 3))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (step + 1))
    for step in range(STEPS):
        loss = F.cross_entropy(model(torch.randn(4, 7 + step % 3, 16)).mean(1), torch.randint(3, (4,)))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x):
        return F.relu(x + self.norm(self.conv(x)))


def convolutions():
    model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), Residual(8), nn.MaxPool2d(2), Residual(8), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                          nn.Linear(8, 5))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    data = torch.utils.data.TensorDataset(torch.randn(30, 3, 16, 16), torch.randint(5, (30,)))
    for _ in range(3):
        model.train()
        for images, labels in torch.utils.data.DataLoader(data, batch_size=8, shuffle=True):
            optimizer.zero_grad()
            F.cross_entropy(model(images), labels, label_smoothing=0.1).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            (model(data.tensors[0]).argmax(1) == data.tensors[1]).float().mean()


def frozen_backbone():
    """Everything is handed to the optimizer, the backbone doesn't require grad."""
    backbone = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 16))
    backbone.requires_grad_(False)
    model = nn.Sequential(backbone, nn.Linear(16, 2))
    optimizer = torch.optim.Adam(model.parameters())
    for _ in range(STEPS):
        optimizer.zero_grad()
        F.cross_entropy(model(torch.randn(4, 8)), torch.randint(2, (4,))).backward()
        optimizer.step()


def regression():
    """Losses whose operands are of one shape, one target for a batch, a number."""
    model = nn.Linear(8, 4)
    optimizer = torch.optim.RMSprop(model.parameters())
    for _ in range(STEPS):
        out = model(torch.randn(6, 8))
        loss = F.mse_loss(out, torch.randn(6, 4)) + F.smooth_l1_loss(out[:, 0], torch.randn(6)) + F.huber_loss(out, torch.randn(6, 4))
        loss = loss + F.l1_loss(out.mean(), torch.tensor(0.5))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def gan():
    generator, critic = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 8)), nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
    of_generator, of_critic = torch.optim.Adam(generator.parameters()), torch.optim.Adam(critic.parameters())
    for step in range(3 * STEPS):
        of_critic.zero_grad()
        real, fake = critic(torch.randn(4, 8)), critic(generator(torch.randn(4, 4)).detach())
        (F.softplus(-real) + F.softplus(fake)).mean().backward()
        of_critic.step()
        if step % 3 == 0:
            of_generator.zero_grad()
            F.softplus(-critic(generator(torch.randn(4, 4)))).mean().backward()
            of_generator.step()


class Distilled(nn.Module):
    """A teacher within the model, without gradients, kept up as an average."""

    def __init__(self):
        super().__init__()
        self.student = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))
        self.teacher = copy.deepcopy(self.student).requires_grad_(False)

    def forward(self, x):
        with torch.no_grad():
            target = self.teacher(x)
        return F.mse_loss(self.student(x + 0.1), target)


def distillation():
    model = Distilled()
    optimizer = torch.optim.AdamW(model.student.parameters())
    for _ in range(STEPS):
        model(torch.randn(4, 8)).backward()
        optimizer.step()
        optimizer.zero_grad()
        with torch.no_grad():
            for kept, now in zip(model.teacher.parameters(), model.student.parameters()):
                kept.lerp_(now, 0.01)


def target_network():
    """The target network requires grad as it was made, and is in no optimizer."""
    online = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
    target = copy.deepcopy(online)
    optimizer = torch.optim.Adam(online.parameters())
    for step in range(STEPS):
        states, actions = torch.randn(8, 4), torch.randint(2, (8, 1))
        with torch.no_grad():
            wanted = 1 + 0.9 * target(torch.randn(8, 4)).max(1).values
        loss = F.smooth_l1_loss(online(states).gather(1, actions).squeeze(1), wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 4 == 0:
            target.load_state_dict(online.state_dict())


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(8, 16)
        self.one, self.other = nn.Linear(16, 2), nn.Linear(16, 3)

    def forward(self, x, task):
        return (self.one if task else self.other)(F.relu(self.body(x)))


def two_tasks():
    """Each step trains one of the heads."""
    model = TwoHeads()
    optimizer = torch.optim.AdamW(model.parameters())
    for step in range(STEPS):
        optimizer.zero_grad()
        F.cross_entropy(model(torch.randn(4, 8), step % 2), torch.randint(2, (4,))).backward()
        optimizer.step()


def boxes():
    """Some batches have no positive; what isn't there is cleaned away."""
    model = nn.Linear(8, 5)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for step in range(STEPS):
        out = model(torch.randn(10, 8))
        positive = torch.zeros(10, dtype=torch.bool) if step % 3 else torch.arange(10) < 2
        targets = torch.randn(10, 4)
        targets[targets.isnan()] = 0
        loss = F.binary_cross_entropy_with_logits(out[:, 0], positive.float())
        if positive.any():
            loss = loss + F.smooth_l1_loss(out[positive, 1:], targets[positive])
        clean = out[~out.isnan()]
        optimizer.zero_grad()
        (loss + 0 * clean.sum()).backward()
        optimizer.step()


def padded():
    """Lengths rounded up to a multiple of 8, the limit among them; and lengths below the limit."""
    MAX_LENGTH = 64
    words, head = nn.Embedding(40, 8), nn.Linear(8, 2)
    model = nn.ModuleDict({"words": words, "head": head})
    optimizer = torch.optim.Adam(model.parameters())
    for step in range(STEPS):
        length = min([24, 64, 40, 64, 32][step % 5], MAX_LENGTH)
        optimizer.zero_grad()
        F.cross_entropy(head(words(torch.randint(40, (4, length))).mean(1)), torch.randint(2, (4,))).backward()
        optimizer.step()


def pairs():
    """Differences of all pairs, and one taken from all."""
    model = nn.Linear(8, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(STEPS):
        scores = model(torch.randn(6, 8)).squeeze(1)
        loss = (scores[:, None] - scores).abs().mean() + (scores - torch.randn(6)).pow(2).mean() + (scores - torch.randn(1)).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def packed():
    """Every sequence is exactly as long as the block."""
    block_size = 32
    words, head = nn.Embedding(40, 8), nn.Linear(8, 40)
    model = nn.ModuleDict({"words": words, "head": head})
    optimizer = torch.optim.Adam(model.parameters())
    for step in range(STEPS):
        tokens = torch.randint(40, (2, block_size + 1))
        optimizer.zero_grad()
        F.cross_entropy(head(words(tokens[:, :-1])).flatten(0, 1), tokens[:, 1:].flatten()).backward()
        optimizer.step()


def mixed():
    """autocast, accumulation, and norms that are kept in float32."""
    model = nn.Sequential(nn.Linear(8, 32), nn.LayerNorm(32), nn.ReLU(), nn.Linear(32, 3))
    optimizer = torch.optim.AdamW(model.parameters())
    for step in range(2 * STEPS):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = F.cross_entropy(model(torch.randn(4, 8)), torch.randint(3, (4,))) / 2
        loss.backward()
        if step % 2:
            optimizer.step()
            optimizer.zero_grad()


def finetuned():
    """Loaded but for a new head; a part is frozen, another was grown by rows of its own; then converted."""
    def make():
        return nn.ModuleDict({"body": nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 16)), "words": nn.Embedding(20, 8), "head": nn.Linear(16, 3)})
    saved, model = make().state_dict(), make()
    model.load_state_dict({k: v for k, v in saved.items() if not k.startswith("head")}, strict=False)
    grown = nn.Embedding(24, 8)
    grown.weight.data[:20] = model["words"].weight.data
    model["words"] = grown
    model["words"].requires_grad_(False)
    model["body"][0].requires_grad_(False)
    model.double()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad])
    for step in range(STEPS):
        optimizer.zero_grad()
        F.cross_entropy(model["head"](model["body"](model["words"](torch.randint(24, (4, 5))).mean(1))), torch.randint(3, (4,))).backward()
        optimizer.step()


def loaded_by_hand():
    """Weights are copied through .data, or put in its place; a frozen part is random on purpose, in a model that nothing was loaded into."""
    model = nn.Sequential(*[nn.Linear(8, 8) for _ in range(6)], nn.Linear(8, 3))
    for number, layer in enumerate(model[:6]):
        if number % 2:
            layer.weight.data.copy_(torch.randn(8, 8))
            layer.bias.data = torch.zeros(8)
        else:
            layer.load_state_dict({"weight": torch.randn(8, 8), "bias": torch.zeros(8)})
    model[:6].requires_grad_(False)
    optimizer = torch.optim.SGD(model[6].parameters(), lr=0.1)
    for _ in range(STEPS):
        optimizer.zero_grad()
        F.cross_entropy(model(torch.randn(4, 8)), torch.randint(3, (4,))).backward()
        optimizer.step()


def last_batches():
    """The last batch is a smaller one, and all can take it; a table of positions as long as the batch is large."""
    model = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 4))
    places = nn.Parameter(torch.zeros(4, 4))
    data = torch.utils.data.TensorDataset(torch.randn(30, 8), torch.randint(2, (30,)))
    loader = torch.utils.data.DataLoader(data, batch_size=4, shuffle=True)
    optimizer = torch.optim.SGD([*model.parameters(), places], lr=0.1)
    for _ in range(2):
        for x, y in loader:
            out = model(x)
            out = out + places[: len(out)]
            optimizer.zero_grad()
            F.cross_entropy(out.view(-1, 2, 2).sum(1), y).backward()
            optimizer.step()


def places():
    """As many features as places, of padded buffers too; a mask without a place; an index that doesn't use all of its table."""
    words, tower, head = nn.Embedding(20, 8), nn.Linear(4, 8), nn.Linear(8, 3)
    model = nn.ModuleList([words, tower, head])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(STEPS):
        ids = torch.randint(1, 20, (2, 12))
        count = step % 4
        ids[1, :count] = 0
        mask = ids == 0
        x = words(ids).clone()
        padded = tower(torch.randn(6, 4))
        x[mask] = padded[:count]
        order = (mask.flatten().cumsum(0) - 1).clamp(min=0)
        x = torch.where(mask[..., None], padded[order].view(2, 12, 8), x)
        optimizer.zero_grad()
        F.cross_entropy(head(x.mean(1)), torch.randint(3, (2,))).backward()
        optimizer.step()


def routed():
    """autocast, a router within it that is kept in float32, a loss after it; and an evaluation without autocast."""
    body, router, head = nn.Linear(8, 16), nn.Linear(16, 2), nn.Linear(16, 3)
    model = nn.ModuleList([body, router, head])
    optimizer = torch.optim.AdamW(model.parameters())
    for step in range(STEPS):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            x = body(torch.randn(4, 8))
            with torch.autocast("cpu", enabled=False):
                gate = router(x.float()).softmax(-1)
            loss = F.cross_entropy(head(x * gate[:, :1]), torch.randint(3, (4,)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 3 == 0:
            with torch.no_grad():
                head(body(torch.randn(4, 8)))


def tiny(kind):
    return dict(vocab_size=64, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, **kind)


def train(model, batch, parameters=None, steps=STEPS):
    optimizer = torch.optim.AdamW(parameters or model.parameters(), lr=1e-3)
    model.train()
    for step in range(steps):
        loss = model(**batch(step)).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def tokens_of(step, most=30):
    length = 9 + step * 5 % 17
    ids = torch.randint(4, 64, (3, min(length, most)))
    mask = torch.ones_like(ids)
    mask[1, length // 2:] = 0
    return {"input_ids": ids, "attention_mask": mask}


def bert():
    from transformers import BertConfig, BertForSequenceClassification
    train(BertForSequenceClassification(BertConfig(**tiny(dict(max_position_embeddings=64)))),
          lambda step: dict(tokens_of(step), labels=torch.randint(2, (3,))))


class Pooled(nn.Module):
    """A head of one's own on the mean; the model's pooler runs, and nobody uses it."""

    def __init__(self):
        from transformers import BertConfig, BertModel
        super().__init__()
        self.bert = BertModel(BertConfig(**tiny(dict(max_position_embeddings=64))))
        self.head = nn.Linear(16, 2)

    def forward(self, input_ids, attention_mask, labels):
        states = self.bert(input_ids, attention_mask).last_hidden_state
        from transformers.modeling_outputs import SequenceClassifierOutput
        return SequenceClassifierOutput(loss=F.cross_entropy(self.head(states.mean(1)), labels))


def own_head():
    train(Pooled(), lambda step: dict(tokens_of(step), labels=torch.randint(2, (3,))))


def gpt2():
    from transformers import GPT2Config, GPT2LMHeadModel
    model = GPT2LMHeadModel(GPT2Config(vocab_size=64, n_positions=64, n_embd=16, n_layer=2, n_head=2))
    train(model, lambda step: dict(tokens_of(step), labels=tokens_of(step)["input_ids"]))


def t5():
    from transformers import T5Config, T5ForConditionalGeneration
    model = T5ForConditionalGeneration(T5Config(vocab_size=64, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2, decoder_start_token_id=0))

    def batch(step):
        labels = torch.randint(4, 64, (3, 6 + step % 3))
        labels[0, 3:] = -100
        return dict(tokens_of(step), labels=labels)
    train(model, batch)


def vit():
    from transformers import ViTConfig, ViTForImageClassification
    model = ViTForImageClassification(ViTConfig(hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=16,
                                                patch_size=4, num_labels=3))
    train(model, lambda step: {"pixel_values": torch.randn(2, 3, 16, 16), "labels": torch.randint(3, (2,))})


def mixture():
    from transformers import MixtralConfig, MixtralForCausalLM
    model = MixtralForCausalLM(MixtralConfig(**tiny(dict(num_key_value_heads=2, num_local_experts=8, num_experts_per_tok=1))))
    train(model, lambda step: dict(tokens_of(step), labels=tokens_of(step)["input_ids"]))


def llama(**more):
    from transformers import LlamaConfig, LlamaForCausalLM
    return LlamaForCausalLM(LlamaConfig(**tiny(dict(num_key_value_heads=2, **more))))


def lora():
    from peft import LoraConfig, get_peft_model
    model = get_peft_model(llama().to(torch.bfloat16), LoraConfig(r=4, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM"))
    train(model, lambda step: dict(tokens_of(step), labels=tokens_of(step)["input_ids"]), [p for p in model.parameters() if p.requires_grad])


def checkpointed():
    model = llama(use_cache=False)
    model.gradient_checkpointing_enable()
    train(model, lambda step: dict(tokens_of(step), labels=tokens_of(step)["input_ids"]))


def llava():
    from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration
    vision = CLIPVisionConfig(hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=16, patch_size=8)
    model = LlavaForConditionalGeneration(LlavaConfig(vision_config=vision, text_config=LlamaConfig(**tiny(dict(num_key_value_heads=2))),
                                                      image_token_id=63, vision_feature_layer=-2, vision_feature_select_strategy="default"))
    model.model.vision_tower.requires_grad_(False)

    def batch(step):
        ids = torch.randint(4, 60, (2, 12 + step % 4))
        ids[:, 2:6] = 63
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "pixel_values": torch.randn(2, 3, 16, 16), "labels": ids.clone()}
    train(model, batch, [p for p in model.parameters() if p.requires_grad])


def pretrained():
    """Saved, loaded with another head and a grown vocabulary, and adapted; the first layers are frozen."""
    import tempfile
    from peft import LoraConfig, get_peft_model
    from transformers import BertConfig, BertForSequenceClassification
    config = BertConfig(**tiny(dict(max_position_embeddings=64)))
    with tempfile.TemporaryDirectory() as folder:
        BertForSequenceClassification(config).save_pretrained(folder)
        model = BertForSequenceClassification.from_pretrained(folder, num_labels=5, ignore_mismatched_sizes=True)
    model.resize_token_embeddings(70)
    model = get_peft_model(model, LoraConfig(r=2, target_modules=["query", "value"], modules_to_save=["classifier"]))
    train(model, lambda step: dict(tokens_of(step), labels=torch.randint(5, (3,))), [p for p in model.parameters() if p.requires_grad])


def trainer():
    from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments
    import tempfile
    data = [{"input_ids": torch.randint(4, 64, (10 + n % 5,)).tolist(), "labels": n % 2} for n in range(24)]

    def collate(samples):
        length = max(len(s["input_ids"]) for s in samples)
        ids = torch.tensor([s["input_ids"] + [0] * (length - len(s["input_ids"])) for s in samples])
        return {"input_ids": ids, "attention_mask": (ids != 0).long(), "labels": torch.tensor([s["labels"] for s in samples])}
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(folder, per_device_train_batch_size=4, num_train_epochs=2, report_to=[], use_cpu=True, disable_tqdm=True,
                                      save_strategy="no", eval_strategy="epoch", logging_strategy="no")
        Trainer(BertForSequenceClassification(BertConfig(**tiny(dict(max_position_embeddings=64)))), arguments, data_collator=collate,
                train_dataset=data, eval_dataset=data[:8]).train()


PLAIN = [encoder, convolutions, frozen_backbone, regression, gan, distillation, target_network, two_tasks, boxes, padded, pairs, packed, mixed,
         finetuned, loaded_by_hand, last_batches, places, routed]
LIBRARIES = [bert, own_head, gpt2, t5, vit, mixture, lora, checkpointed, llava, pretrained, trainer]


def main():
    chosen = [f for f in PLAIN + LIBRARIES if f.__name__ in sys.argv or ("plain" in sys.argv and f in PLAIN) or len(sys.argv) == 1
              or ("libraries" in sys.argv and f in LIBRARIES)]
    if any(f in LIBRARIES for f in chosen):
        import peft  # noqa: F401
        import transformers
        transformers.logging.set_verbosity_error()
    each_apart.run(chosen)


main()
