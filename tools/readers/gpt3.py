"""GPT-3 (Brown et al., 2020): curves of eight sizes, read from a figure.

The raw file has one point a row, with tokens in units of 1e9 and either a
training or a validation loss in nats per token.  The points were traced from
the figure, so several share one x; they are merged by median when tables are
thinned.  The figure is cut off above 3.5 nats, so every curve starts near 1e10
tokens on a steep stretch that is known less well than the rest.
"""

from pathlib import Path

import pandas as pd

from .facts import run_row
from .frames import join, loss_frame, run_frame

COLUMN_OF_KIND = {"train": "train_loss", "validation": "val_loss"}
FACTOR = {"M": 1e6, "B": 1e9}
NAMED_SIZES = {"small": "125M", "medium": "350M", "large": "760M", "xl": "1.3B"}


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the runs and losses of the GPT-3 family.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    runs, losses : DataFrame
        Columns `RUN_FACTS` and `LOSS_COLUMNS`.
    """
    points = pd.read_csv(folder / "gpt3" / "extracted.csv.gz")
    points["tokens_seen"] = (points["step"] * 1e9).round()
    points = points.drop(columns="step")
    sizes = pd.read_csv(folder / "gpt3" / "gpt3_metadata.csv").set_index("num_params")
    runs, losses = [], []
    for name, part in points.groupby("model", sort=False):
        label = _label(name)
        row = _run(label, sizes.loc[label, "batch_size"])
        runs.append(row)
        for kind, column in COLUMN_OF_KIND.items():
            curve = part.dropna(subset=[column]).assign(run=row["run"])
            losses.append(loss_frame(curve, loss_kind=kind, loss=curve[column]))
    return run_frame(runs), join(losses)


def _label(name: str) -> str:
    """Size as the paper's table writes it: "small" -> "125M", "13b" -> "13.0B"."""
    return NAMED_SIZES[name] if name in NAMED_SIZES else f"{float(name.rstrip('b'))}B"


def _run(label: str, batch: str) -> dict:
    size = _number(label)
    short = f"{size / 1e9:g}b" if size >= 1e9 else f"{size / 1e6:g}m"
    return run_row(
        "gpt3",
        run=f"gpt3-{short}",
        num_params=round(size),
        batch_tokens=round(_number(batch)),
    )


def _number(text: str) -> float:
    """Read a number of parameters or tokens such as "125M", "13.0B" or "0.5M"."""
    return float(text[:-1]) * FACTOR[text[-1]]
