"""Chinchilla (Hoffmann et al., 2022): 245 finished trainings, read from Figure 4.

Every row is a training of its own, stopped at the end of its schedule, not a
checkpoint.  Parameters are taken as read from the figure; tokens are
FLOP / (6 N) with that N, for N rounded to 1e7 would move them by up to 5.5 %.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from .facts import run_row
from .frames import loss_frame, run_frame

# Relative gap in N between points of one model: 2e-6, of two: above 3e-3.
SAME_SIZE = 1e-3
OUTLIERS = 5


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the runs and losses of the trainings, in the order of the raw file.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    runs, losses : DataFrame
        Columns `RUN_FACTS` and `LOSS_COLUMNS`; one loss a run.
    """
    raw = pd.read_csv(folder / "chinchilla" / "svg_extracted_data.csv")
    raw["run"] = [f"chinchilla-{index:03d}" for index in range(len(raw))]
    raw["model"] = _models(raw["Model Size"])
    raw["num_params"] = raw["Model Size"].round().astype(int)
    raw["tokens_seen"] = (raw["Training FLOP"] / (6 * raw["Model Size"])).round()
    raw["outlier"] = raw["loss"].rank(ascending=False, method="first") <= OUTLIERS
    rows = raw[["run", "model", "num_params", "outlier"]].to_dict("records")
    return run_frame(_run(**row) for row in rows), loss_frame(raw, loss_kind="train")


def _models(size: pd.Series) -> pd.Series:
    """Name of the model of each point: points closer than `SAME_SIZE` are one model."""
    ordered = size.sort_values()
    cluster = (ordered.pct_change() > SAME_SIZE).cumsum()
    typical = np.exp(np.log(ordered).groupby(cluster).transform("mean"))
    return (typical.reindex(size.index) / 1e9).map("chinchilla-{:.3f}b".format)


def _run(outlier: bool, **columns) -> dict:
    blocks = ["outlier"] if outlier else []
    return run_row("chinchilla", *blocks, words={"outliers": OUTLIERS}, **columns)
