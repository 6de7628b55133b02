"""MAD (Poli et al., 2024): LLaMA and Striped Hyena trained to fixed compute, from a figure.

The figure draws loss against tokens, where its authors spread each log evenly
from zero to FLOPs / 6N.  So N is the compute over six times the last token count
(good to about 1e-5), finer than the two decimals of the label.  Eleven logs do not
begin at the start of training: their token axis is wrong and their end right,
and only their final loss is kept.  Sizes that share a label but differ by a part in
a thousand count as different models.
"""

from pathlib import Path

import pandas as pd

from .frames import TRAIN, join, loss_frame, run_frame
from .vertices import bin_means

LOSS_KINDS = {"train": TRAIN}
FAMILIES = {
    "LLaMA": ("mad-llama", "decoder"),
    "Striped Hyena 1-11": ("mad-striped-hyena", "hybrid"),
}
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
        Columns `RUN_COLUMNS` and `LOSS_COLUMNS`.  A kept final loss is the
        mean of the last 3 % of its log.
    """
    raw = pd.read_csv(folder / "mad" / "mad_loss_digitised.csv.gz")
    runs, losses = [], []
    for (family, _), log in raw.groupby(["family", "model"], sort=False):
        midway = log["loss"].iloc[0] < FRESH_LOSS
        runs.append(_run(family, log, midway))
        if midway:
            losses.append(_final_loss(runs[-1]["run"], log))
        else:
            losses.append(bin_means(runs[-1]["run"], "train", log))
    return run_frame(runs), join(losses)


def _final_loss(run: str, log: pd.DataFrame) -> pd.DataFrame:
    tokens = log["tokens_seen"].max()
    end = log.loc[log["tokens_seen"] >= (1 - FINAL_SHARE) * tokens, "loss"]
    row = loss_frame(run, "train", tokens_seen=[tokens], loss=[end.mean()])
    return row.assign(n_averaged=len(end))


def _run(family: str, log: pd.DataFrame, midway: bool) -> dict:
    ours, arch = FAMILIES[family]
    flops, tokens = log["max_flops"].iloc[0], log["tokens_seen"].max()
    size = flops / (6 * tokens)
    label = f"{size / 1e9:.4g}b" if size >= 1e9 else f"{size / 1e6:.4g}m"
    note = "read from a figure; loss presumably in nats, 1e8 tokens or more only"
    corrected = "parameters from compute and tokens instead of a label of two decimals"
    if midway:
        note += "; the log begins midway, so only its end is kept"
        corrected += "; a log that begins midway was spread from zero tokens on"
    return {
        "run": f"{ours}-{label}-{flops:.0e}-flop".replace("+", ""),
        "source": "mad",
        "family": ours,
        "model": f"{ours}-{label}",
        "arch": arch,
        "num_params": round(size),
        "complete": True,
        "digitised": True,
        "corrected": corrected,
        "note": note,
        "citation": "arXiv:2403.17844; arXiv:2410.11840",
    }
