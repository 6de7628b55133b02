"""Pile-T5: four encoder-decoder models trained to fill in spans, logs by step.

Losses are nats per target token of the span-filling task, not comparable with
those of models that predict every token.  The raw perplexity is normalised by
2048 instead of the 114 targets of a sequence, so the cross-entropy a target is
ln(perplexity) x 2048 / 114: 10.91 before training, as in the train metrics.  The
table is used, not the four raw logs beside it: its perplexities are the last ones
logged at each step.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from .frames import join, loss_frame, run_frame

BATCH, INPUTS, TARGETS = 2048, 512, 114
LOSS_KINDS = {
    "train-span-filling": (
        "nats per target token",
        "mean cross-entropy of masked spans over the 10,000 steps before the checkpoint",
    ),
    "validation-span-filling": (
        "nats per target token",
        "mean cross-entropy of masked spans on held-out text",
    ),
}
VOCABULARY = 32_128
SIZES = {  # total parameters (model cards of EleutherAI/pile-t5-*), width
    "base": (247_586_304, 768),
    "large": (783_173_632, 1024),
    "xl": (2_849_804_288, 2048),
    "xxl": (11_135_426_560, 4096),
}
LARGEST_LOSS = 12  # above it: overflow of a counter in the raw metrics


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs and losses of the Pile-T5 family.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    runs, losses : DataFrame
        Columns `RUN_COLUMNS` and `LOSS_COLUMNS`.
    """
    raw = pd.read_csv(folder / "t5_pile" / "t5_pile.csv.gz", low_memory=False)
    raw = raw[raw["steps"] > 0]
    losses = []
    for size, part in raw.groupby("model_name"):
        curves = {
            "train-span-filling": part["cross_ent_loss"] / (BATCH * TARGETS),
            "validation-span-filling": np.log(part["val_perplexity"]) * BATCH / TARGETS,
        }
        for kind, loss in curves.items():
            kept = loss < LARGEST_LOSS
            steps = part.loc[kept, "steps"]
            losses.append(
                loss_frame(
                    f"pile-t5-{size}",
                    kind,
                    step=steps,
                    tokens_seen=steps * BATCH * INPUTS,
                    loss=loss[kept],
                )
            )
    return run_frame(_run(size) for size in SIZES), join(losses)


def _run(size: str) -> dict:
    total, width = SIZES[size]
    note = (
        "tokens are those of the encoder (512 a sequence); the decoder is trained on 114 "
        "targets a sequence; a training loss is the mean over the 10,000 steps before it; "
        "divided by all target positions, 0.14 % of them padding"
    )
    if size == "large":
        note += "; the last two training losses stand 0.03 above those before"
    if size == "xxl":
        note += "; training losses of steps 600,000 to 680,000 are broken or absent"
    return {
        "run": f"pile-t5-{size}",
        "source": "t5_pile",
        "family": "pile-t5",
        "model": f"pile-t5-{size}",
        "arch": "encoder-decoder",
        "corpus": "the Pile",
        "num_params": total,
        "params_non_embedding": total - 2 * VOCABULARY * width,
        "batch_tokens": BATCH * INPUTS,
        "context": INPUTS,
        "tokenizer": "LLaMA SentencePiece",
        "schedule": "inverse-sqrt",
        "complete": True,
        "digitised": False,
        "corrected": (
            "perplexity was normalised by 2048 instead of 114 targets; tokens were steps x 1e6"
        ),
        "note": note,
        "citation": "https://blog.eleuther.ai/pile-t5/; model cards EleutherAI/pile-t5-*",
    }
