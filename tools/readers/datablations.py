"""Data-constrained training (Muennighoff et al., 2023): repeated data, three files.

- Trajectories: three sizes x eight numbers of epochs x two corpora.
- Contour: 229 finished trainings over size, tokens and unique tokens.
- Code mix: nine mixtures of C4 and Python at one size.

The column ``flops`` of the raw files is wrong and never used.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from .facts import run_row
from .frames import join, loss_frame, run_frame
from .rawfiles import SourceError

# The column Seed of the code mix, which tells two losses apart.
KIND_OF_SEED = {1: "validation-c4", 2: "validation-code"}


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the runs and losses of the three files.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    runs, losses : DataFrame
        Columns `RUN_FACTS` and `LOSS_COLUMNS`.
    """
    folder = folder / "datablations"
    parts = [
        _trajectories(pd.read_csv(folder / "datablations_losses.csv.gz")),
        _contour(pd.read_csv(folder / "datablations_contour_losses.csv")),
        _code_mix(pd.read_csv(folder / "datablations_code_losses.csv")),
    ]
    runs, losses = zip(*parts, strict=True)
    return run_frame(row for rows in runs for row in rows), join(losses)


def _trajectories(raw: pd.DataFrame) -> tuple[list[dict], pd.DataFrame]:
    runs, losses = [], []
    keys = ["num_params", "data", "epochs"]
    for (size, data, epochs), part in raw.groupby(keys, sort=False):
        repeated = ["repeated"] if epochs > 1 else []
        family = f"gpt2-{data}-{epochs}ep"
        row = run_row(
            "datablations",
            "trajectory",
            data,
            *repeated,
            size,
            run=f"gpt2-{data}-{size.lower()}-{epochs}ep",
            family=family,
            model=f"{family}-{size.lower()}",
            epochs=epochs,
            unique_tokens=round(part["tokens_per_epoch"].iloc[0]),
        )
        runs.append(row)
        losses.append(_log(row, "validation", part))
    return runs, join(losses)


def _contour(raw: pd.DataFrame) -> tuple[list[dict], pd.DataFrame]:
    names = raw["model_args"].str.extract(r"'name': '(\w+)'")[0]
    raw["num_params"] = raw["num_params"].round().astype(int)
    raw["unique_tokens"] = [
        _unique_tokens(name, tokens, epochs)
        for name, tokens, epochs in zip(
            names, raw["token_num"], raw["epochs"], strict=True
        )
    ]
    runs = [_contour_run(row) for row in raw.itertuples()]
    losses = loss_frame(
        raw,
        run=[row["run"] for row in runs],
        loss_kind="validation",
        tokens_seen=raw["token_num"].round(),
        loss=raw["openLM_loss"],
    )
    return runs, losses


def _unique_tokens(label: str, tokens: float, epochs: float) -> int:
    """Unique tokens of a training, which end its label: 100m, 1b5 (1.5e9), 178b.

    The column ``tokens_per_epoch`` holds 1.5e9 everywhere, and ``epochs`` is
    tokens over unique tokens, except where ``1b25`` was read as 25e9.
    """
    unique = 1.25e9 if label.endswith("1b25") else tokens / epochs
    digits = f"{unique / 1e6:.0f}m" if unique < 1e9 else f"{unique / 1e9:g}b"
    expected = re.sub(r"^(\d+)\.(\d+)b$", r"\1b\2", digits)
    if not label.endswith(expected):
        raise SourceError(
            f"datablations contour {label}: not {expected} unique tokens."
        )
    return round(unique)


def _contour_run(row) -> dict:
    epochs = row.token_num / row.unique_tokens
    repeated = ["repeated"] if epochs > 1 else []
    counts = (row.num_params, row.token_num, row.unique_tokens)
    size, tokens, unique = map(_short, counts)
    return run_row(
        "datablations",
        "contour",
        *repeated,
        run=f"datablations-contour-{size}-{tokens}-{unique}",
        model=f"datablations-contour-{size}",
        num_params=row.num_params,
        epochs=epochs,
        unique_tokens=row.unique_tokens,
        schedule_tokens=round(row.token_num),
    )


def _code_mix(raw: pd.DataFrame) -> tuple[list[dict], pd.DataFrame]:
    # the data lists of the source weigh C4 by 0.1 in the mix called 10, and so on
    runs, losses = [], []
    for percent, part in raw.groupby("epochs"):
        row = run_row(
            "datablations",
            "4.2B",
            "code-mix",
            run=f"datablations-code-mix-4.2b-{percent}c4",
            corpus=f"C4 {percent} %, Python {100 - percent} %",
        )
        runs.append(row)
        for seed, kind in KIND_OF_SEED.items():
            losses.append(_log(row, kind, part[part["Seed"] == seed]))
    return runs, join(losses)


def _log(row: dict, kind: str, part: pd.DataFrame) -> pd.DataFrame:
    tokens = part["token_num"]
    if not np.isclose(tokens.max(), row["schedule_tokens"], rtol=0.01):
        raise SourceError(f"{row['run']}: the log ends at {tokens.max()} tokens.")
    step = (tokens / row["batch_tokens"]).round()
    part = part.assign(step=step, tokens_seen=tokens)
    return loss_frame(part, run=row["run"], loss_kind=kind)


def _short(number: float) -> str:
    """Short label of a count: 2.81e9 -> 2.81b, 1e8 -> 100m."""
    return f"{number / 1e9:.4g}b" if number >= 1e9 else f"{number / 1e6:.4g}m"
