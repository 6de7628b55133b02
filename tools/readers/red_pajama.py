"""RedPajama-INCITE (Together, 2023): training loss of two sizes, read from a figure.

The raw files have no header: tokens in units of 1e9, loss in nats per token.  A
few points lie on the legend of the figure instead of the curve, far above their
neighbours; they are dropped.
"""

from pathlib import Path

import pandas as pd

from .frames import TRAIN, join, loss_frame, run_frame

LOSS_KINDS = {"train": TRAIN}
SIZES = {"2.4B": 2_400_000_000, "6.7B": 6_700_000_000}
FARTHEST = 0.1  # nats above the lowest loss so far


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs and losses of both sizes.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    runs, losses : DataFrame
        Columns `RUN_COLUMNS` and `LOSS_COLUMNS`.
    """
    losses = []
    for label in SIZES:
        path = folder / "red_pajama" / f"{label}.csv"
        points = pd.read_csv(path, header=None, names=["tokens", "loss"]).sort_values(
            "tokens"
        )
        points = points[points["loss"] < points["loss"].cummin() + FARTHEST]
        losses.append(
            loss_frame(
                _name(label),
                "train",
                tokens_seen=(points["tokens"] * 1e9).round(),
                loss=points["loss"],
            )
        )
    return run_frame(_run(label) for label in SIZES), join(losses)


def _name(label: str) -> str:
    return f"red-pajama-{label.lower()}"


def _run(label: str) -> dict:
    end = "795e9 tokens, about 80 % of the training"
    if label == "2.4B":
        end = "841e9 tokens, and whether the training does is not known"
    return {
        "run": _name(label),
        "source": "red_pajama",
        "family": "red-pajama",
        "model": _name(label),
        "arch": "decoder",
        "corpus": "RedPajama",
        "num_params": SIZES[label],
        "complete": False,
        "digitised": True,
        "corrected": "points on the legend of the figure were part of the curve",
        "note": (
            f"read from a figure; parameters as labelled there (the released models are called "
            f"3B and 7B); the curve ends at {end}"
        ),
        "citation": "https://together.ai/blog/redpajama-models-v1",
    }
