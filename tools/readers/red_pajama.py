"""RedPajama-INCITE (Together, 2023): training loss of two sizes, read from a figure.

The raw files have no header: tokens in units of 1e9, loss in nats per token.  A
few points lie on the legend of the figure instead of the curve, far above their
neighbours; they are dropped.
"""

from pathlib import Path

import pandas as pd

from .facts import run_row
from .frames import join, loss_frame, run_frame

LABELS = ("2.4B", "6.7B")
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
        Columns `RUN_FACTS` and `LOSS_COLUMNS`.
    """
    runs, losses = [], []
    for label in LABELS:
        row = run_row("red_pajama", run=f"red-pajama-{label.lower()}")
        path = folder / "red_pajama" / f"{label}.csv"
        points = pd.read_csv(path, header=None, names=["billions", "loss"])
        points = points.sort_values("billions")
        points = points[points["loss"] < points["loss"].cummin() + FARTHEST]
        tokens = (points["billions"] * 1e9).round()
        points = points.assign(run=row["run"], tokens_seen=tokens)
        runs.append(row)
        losses.append(loss_frame(points, loss_kind="train"))
    return run_frame(runs), join(losses)
