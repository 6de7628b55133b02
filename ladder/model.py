"""The language model of the ladder, its parameters by role and its FLOPs."""

import torch
from torch import nn
from torch.nn import functional

LAYERS = 3
HEADS = 2
CONTEXT = 128  # bytes of a window


class Model(nn.Module):
    """A decoder over bytes; the matrix that reads bytes also predicts them."""

    def __init__(self, width):
        super().__init__()
        self.embedding = nn.Embedding(256, width)
        self.position = nn.Embedding(CONTEXT, width)
        options = {
            "norm_first": True,
            "dropout": 0.0,
            "activation": "gelu",
            "batch_first": True,
            "bias": False,
        }
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(width, HEADS, 4 * width, **options)
            for _ in range(LAYERS)
        )
        self.norm = nn.LayerNorm(width, bias=False)
        mask = nn.Transformer.generate_square_subsequent_mask(CONTEXT)
        self.register_buffer("mask", mask)
        for table in (self.embedding, self.position):
            nn.init.normal_(table.weight, std=width**-0.5)
        for block in self.blocks:  # every block starts as a shortcut
            nn.init.zeros_(block.self_attn.out_proj.weight)
            nn.init.zeros_(block.linear2.weight)

    def forward(self, windows):
        """Mean loss in nats per byte of (n, CONTEXT + 1) bytes."""
        windows = windows.long()
        x = self.embedding(windows[:, :-1]) + self.position.weight
        for block in self.blocks:
            x = block(x, src_mask=self.mask, is_causal=True)
        logits = self.norm(x) @ self.embedding.weight.T
        return functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())

    def mean_loss(self, windows, chunk=128):
        """Mean loss over many windows, some at a time, without gradients."""
        with torch.no_grad():
            losses = [self(part) for part in windows.split(chunk)]
        return sum(losses).item() / len(losses)

    def params(self):
        """Count of parameters by role, in the order of the table."""
        roles = dict.fromkeys(("embedding", "position", "attn", "linear", "norm"), 0)
        for name, weights in self.named_parameters():
            roles[next(role for role in roles if role in name)] += weights.numel()
        return roles


def training_flops(width, tokens):
    """FLOPs: six a token and parameter that multiplies, and the scores of attention."""
    params = 12 * LAYERS * width**2 + (256 + 2 * LAYERS + 1) * width
    return tokens * (6 * params + 12 * LAYERS * CONTEXT * width)
