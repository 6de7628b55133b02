"""MAD (Poli et al., 2024): two architectures at fixed compute, read from a figure.

The figure draws the loss of LLaMA and Striped Hyena models against tokens, where its
authors spread each log evenly from zero to FLOPs / 6N.  So N is the compute over six
times the last token count (good to about 1e-5), finer than the two decimals of the
label.  Eleven logs do not begin at the start of training: their token axis is wrong and
their end right, and only their final loss is kept.  Sizes that share a label but differ
by a part in a thousand count as different models.
"""

from pathlib import Path

import pandas as pd

from .facts import BLOCKS, run_row
from .frames import join, loss_frame, run_frame
from .vertices import bin_means

FRESH_LOSS = 3  # every log that begins at the start is above it at 1e8 tokens
FINAL_SHARE = 0.03  # of the token axis, for the final loss of a log that begins midway


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs and losses of both families.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    runs, losses : DataFrame
        Columns `RUN_FACTS` and `LOSS_COLUMNS`.  A kept final loss is the
        mean of the last 3 % of its log.
    """
    raw = pd.read_csv(folder / "mad" / "mad_loss_digitised.csv.gz")
    runs, losses = [], []
    for (family, _), log in raw.groupby(["family", "model"], sort=False):
        midway = log["loss"].iloc[0] < FRESH_LOSS
        row = _run(family, log, ["midway"] if midway else [])
        part = _final_loss(log) if midway else bin_means(log)
        runs.append(row)
        losses.append(loss_frame(part, run=row["run"], loss_kind="train"))
    return run_frame(runs), join(losses)


def _final_loss(log: pd.DataFrame) -> pd.DataFrame:
    tokens = log["tokens_seen"].max()
    end = log.loc[log["tokens_seen"] >= (1 - FINAL_SHARE) * tokens, "loss"]
    row = {"tokens_seen": tokens, "loss": end.mean(), "n_averaged": len(end)}
    return pd.DataFrame([row])


def _run(family: str, log: pd.DataFrame, blocks: list[str]) -> dict:
    ours = BLOCKS["mad"][family]["family"]
    flops, tokens = log["max_flops"].iloc[0], log["tokens_seen"].max()
    size = flops / (6 * tokens)
    label = f"{size / 1e9:.4g}b" if size >= 1e9 else f"{size / 1e6:.4g}m"
    return run_row(
        "mad",
        family,
        *blocks,
        run=f"{ours}-{label}-{flops:.0e}-flop".replace("+", ""),
        model=f"{ours}-{label}",
        num_params=round(size),
    )
