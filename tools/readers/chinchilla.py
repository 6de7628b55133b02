"""Chinchilla (Hoffmann et al., 2022): 245 finished trainings, read from Figure 4.

Every row is a training of its own, stopped at the end of its schedule, not a
checkpoint.  Parameters are taken as read from the figure; tokens are
FLOP / (6 N) with that N, for N rounded to 1e7 would move them by up to 5.5 %.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from .frames import TRAIN, loss_frame, run_frame

LOSS_KINDS = {"train": TRAIN}
SAME_SIZE = (
    1e-3  # relative gap in N between points of one model: 2e-6, of two: above 3e-3
)
OUTLIERS = 5


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the runs and losses of the Chinchilla trainings, in the order of the raw file.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    runs, losses : DataFrame
        Columns `RUN_COLUMNS` and `LOSS_COLUMNS`; one loss a run.
    """
    raw = pd.read_csv(folder / "chinchilla" / "svg_extracted_data.csv")
    size = raw["Model Size"]
    names = [f"chinchilla-{index:03d}" for index in range(len(raw))]
    worst = raw["loss"].rank(ascending=False, method="first") <= OUTLIERS
    runs = [
        _run(name, model, round(params), outlier)
        for name, model, params, outlier in zip(
            names, _models(size), size, worst, strict=True
        )
    ]
    tokens = (raw["Training FLOP"] / (6 * size)).round()
    losses = loss_frame(names, "train", tokens_seen=tokens, loss=raw["loss"])
    return run_frame(runs), losses


def _models(size: pd.Series) -> pd.Series:
    """Name of the model of each point: points closer than `SAME_SIZE` are one model."""
    ordered = size.sort_values()
    cluster = (ordered.pct_change() > SAME_SIZE).cumsum()
    typical = np.exp(np.log(ordered).groupby(cluster).transform("mean"))
    return (typical.reindex(size.index) / 1e9).map("chinchilla-{:.3f}b".format)


def _run(name: str, model: str, params: int, outlier: bool) -> dict:
    note = "a finished training, not a checkpoint; read from a figure"
    if outlier:
        note += (
            f"; one of the {OUTLIERS} highest losses, which the replication of Besiroglu et al. "
            "leaves out"
        )
    return {
        "run": name,
        "source": "chinchilla",
        "family": "chinchilla",
        "model": model,
        "arch": "decoder",
        "corpus": "MassiveText",
        "num_params": params,
        "epochs": 1,
        "schedule": "cosine",
        "complete": True,
        "digitised": True,
        "corrected": "parameters were rounded to 1e7, which moved tokens by up to 5.5 %",
        "note": note,
        "citation": "arXiv:2203.15556; arXiv:2404.10102",
    }
