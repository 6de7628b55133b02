"""OLMo (Groeneveld et al., 2024): 1B, 7B and a twin of 7B, evaluated while they train.

Every evaluation set is a kind of loss of its own.  The 1B model was evaluated on
other sets (v2-small, v3-small) than the two 7B models, which share theirs; so no
kind has two sizes.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from .facts import run_row
from .frames import evaluation_frame, join, kind_name, loss_frame, run_frame

UNNAMED = "pile"  # 1B's column pile/CrossEntropyLoss: an unnamed part of the Pile
OLMO_METRICS = {"acc": "accuracy", "len_norm": "accuracy-normalised", "f1": "f1"}
OLMO_RUNS = ("olmo-1b", "olmo-7b", "olmo-7b-twin-2t")


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs and losses of the three OLMo models.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    runs, losses : DataFrame
        Columns `RUN_FACTS` and `LOSS_COLUMNS`.
    """
    losses = []
    for _, log in _logs(folder):
        for kind, loss in _curves(log).items():
            part = log.loc[loss.index]
            losses.append(loss_frame(part, loss_kind=kind, loss=loss))
    return run_frame(_row(name) for name in OLMO_RUNS), join(losses)


def read_evaluations(folder: Path) -> pd.DataFrame:
    """Zero-shot evaluations made during training.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    DataFrame
        Columns `EVALUATION_COLUMNS`.
    """
    pattern = re.compile("downstream/(.+)_(acc|len_norm|f1)")
    parts = []
    for _, log in _logs(folder):
        for column in log.filter(regex="^downstream/"):
            task, metric = pattern.fullmatch(column).groups()
            scores = log.assign(task=task, metric=OLMO_METRICS[metric], shots=0)
            parts.append(evaluation_frame(scores, value=log[column]))
    return join(parts)


def _row(name: str) -> dict:
    return run_row("olmo", run=name)


def _logs(folder: Path):
    """Raw table by run; the twin's logs were added up where they overlap: halved."""
    raw = pd.read_csv(folder / "olmo" / "olmo.csv.gz")
    added = raw["downstream/piqa_len_norm"] > 1
    numbers = raw.columns[raw.columns.str.contains("/")]
    raw.loc[added, numbers] = raw.loc[added, numbers] / 2
    raw["run"] = raw["model_name"].str.strip().str.lower()
    batch = raw["run"].map({name: _row(name)["batch_tokens"] for name in OLMO_RUNS})
    axis = pd.DataFrame({"step": raw["Step"], "tokens_seen": raw["Step"] * batch})
    return pd.concat([raw, axis], axis=1).groupby("run")


def _curves(log: pd.DataFrame) -> dict[str, pd.Series]:
    """Loss by kind; the logarithm of a perplexity where no cross-entropy is given."""
    curves = {}
    wanted = ("/Perplexity", "/CrossEntropyLoss")
    for column in log.columns[log.columns.str.endswith(wanted)]:
        name, _, quantity = column.partition("/")
        values = log[column].dropna()
        text = "pile-unnamed" if name == UNNAMED else name.removesuffix("-validation")
        kind = kind_name("validation", text)
        if quantity == "CrossEntropyLoss" and len(values):
            curves[kind] = values
        elif len(values):
            curves.setdefault(kind, np.log(values))
    return curves
