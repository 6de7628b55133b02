"""ModuleFormer (Shen et al., 2023): mixtures of experts, evaluated while they train.

There is no training or validation loss: what serves as loss is the logarithm of
the perplexity per word of WikiText and per last word of LAMBADA.  The last row of
most runs is "the whole corpus" instead of a number of tokens; it stays among the
evaluations, without tokens.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from .facts import BLOCKS, run_row
from .frames import evaluation_frame, join, loss_frame, run_frame

PERPLEXITIES = {
    "wikitext-word": "wikitext ppl",
    "lambada-last-word": "lambada_openai ppl",
}
METRICS = {"acc": "accuracy", "acc_norm": "accuracy-normalised"}


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs and losses of the seven models.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    runs, losses : DataFrame
        Columns `RUN_FACTS` and `LOSS_COLUMNS`.
    """
    raw = _table(folder)
    losses = []
    for kind, column in PERPLEXITIES.items():
        part = raw.dropna(subset=[column, "tokens_seen"])
        losses.append(loss_frame(part, loss_kind=kind, loss=np.log(part[column])))
    first = raw.groupby("run").head(1).sort_values("run")
    return run_frame(_run(row) for row in first.to_dict("records")), join(losses)


def read_evaluations(folder: Path) -> pd.DataFrame:
    """Accuracies at every checkpoint; the number of shots is not in the source.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    DataFrame
        Columns `EVALUATION_COLUMNS`.
    """
    raw = _table(folder)
    parts = []
    for column in raw.columns[raw.columns.str.endswith((" acc", " acc_norm"))]:
        task, metric = column.split(" ")
        scores = raw.assign(task=task.lower(), metric=METRICS[metric])
        parts.append(evaluation_frame(scores, value=raw[column] / 100))
    return join(parts)


def _table(folder: Path) -> pd.DataFrame:
    """Raw table with run and tokens; empty separator rows dropped."""
    raw = pd.read_csv(folder / "moduleformer" / "IBM_MoE.csv").dropna(subset=["Model"])
    corpus = raw["data"].map({"Pile": "", "IBM Pile": "-ibm-pile"})
    raw["run"] = "moduleformer-" + raw["Model"].str.lower() + corpus
    billions = raw["tokens_seen"].str.extract(r"^([\d.]+)B$")[0]
    # the same number as in the neighbouring column of OpenBookQA, and far off its own
    # curve
    slip = (raw["run"] == "moduleformer-h1-k4") & (raw["tokens_seen"] == "40B")
    raw.loc[slip, "lambada_openai acc"] = np.nan
    return raw.assign(tokens_seen=billions.astype(float) * 1e9)


def _run(row: dict) -> dict:
    blocks = [row["data"]]
    if row["Tokenizer"] in BLOCKS["moduleformer"]:
        blocks.append(row["Tokenizer"])
    active = row["Effective Params"]
    if isinstance(active, str):
        blocks.append("sparse")
    if "obsidian" in row["run"]:
        blocks.append("obsidian")
    size = round(float(row["Params"].removesuffix("B")) * 1e9)
    words = {"active": active}
    return run_row(
        "moduleformer", *blocks, words=words, run=row["run"], num_params=size
    )
