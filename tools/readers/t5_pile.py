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

from .facts import run_row
from .frames import join, loss_frame, run_frame

SEQUENCES, TARGETS = 2048, 114  # of a batch, of a sequence
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
        Columns `RUN_FACTS` and `LOSS_COLUMNS`.
    """
    raw = pd.read_csv(folder / "t5_pile" / "t5_pile.csv.gz", low_memory=False)
    raw = raw[raw["steps"] > 0]
    runs, losses = [], []
    for size, part in raw.groupby("model_name"):
        row = run_row("t5_pile", run=f"pile-t5-{size}")
        curves = {
            "train-span-filling": part["cross_ent_loss"] / (SEQUENCES * TARGETS),
            "validation-span-filling": (
                np.log(part["val_perplexity"]) * SEQUENCES / TARGETS
            ),
        }
        tokens = part["steps"] * row["batch_tokens"]
        log = pd.DataFrame({"step": part["steps"], "tokens_seen": tokens})
        runs.append(row)
        for kind, loss in curves.items():
            frame = loss_frame(log, run=row["run"], loss_kind=kind, loss=loss)
            losses.append(frame[frame["loss"] < LARGEST_LOSS])
    return run_frame(runs), join(losses)
