"""ModuleFormer (Shen et al., 2023): mixtures of experts, evaluated while they train.

There is no training or validation loss: what serves as loss is the logarithm of
the perplexity per word of WikiText and per last word of LAMBADA.  The last row of
most runs is "the whole corpus" instead of a number of tokens; it stays among the
evaluations, without tokens.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from . import pythia
from .evaluations import evaluation_frame
from .frames import join, loss_frame, run_frame

PERPLEXITIES = {
    "wikitext-word": "wikitext ppl",
    "lambada-last-word": "lambada_openai ppl",
}
LOSS_KINDS = {kind: pythia.LOSS_KINDS[kind] for kind in PERPLEXITIES}
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
        Columns `RUN_COLUMNS` and `LOSS_COLUMNS`.
    """
    raw = _table(folder)
    losses = []
    for kind, column in PERPLEXITIES.items():
        part = raw.dropna(subset=[column, "tokens"])
        losses.append(
            loss_frame(
                part["run"].to_numpy(),
                kind,
                tokens_seen=part["tokens"],
                loss=np.log(part[column]),
            )
        )
    return run_frame(_run(part.iloc[0]) for _, part in raw.groupby("run")), join(losses)


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
        parts.append(
            evaluation_frame(
                raw["run"].to_numpy(),
                task.lower(),
                METRICS[metric],
                value=raw[column] / 100,
                tokens_seen=raw["tokens"],
            )
        )
    return join(parts)


def _table(folder: Path) -> pd.DataFrame:
    """Raw table with run and tokens; empty separator rows dropped."""
    raw = pd.read_csv(folder / "moduleformer" / "IBM_MoE.csv").dropna(subset=["Model"])
    corpus = raw["data"].map({"Pile": "", "IBM Pile": "-ibm-pile"})
    raw["run"] = "moduleformer-" + raw["Model"].str.lower() + corpus
    raw["tokens"] = (
        raw["tokens_seen"].str.extract(r"^([\d.]+)B$")[0].astype(float) * 1e9
    )
    # the same number as in the neighbouring column of OpenBookQA, and far off its own
    # curve
    slip = (raw["run"] == "moduleformer-h1-k4") & (raw["tokens_seen"] == "40B")
    raw.loc[slip, "lambada_openai acc"] = np.nan
    return raw


def _run(row: pd.Series) -> dict:
    total = float(re.fullmatch(r"([\d.]+)B", row["Params"])[1]) * 1e9
    active = row["Effective Params"]
    note = "no family: other architectures rather than other sizes; nominal parameter counts"
    if isinstance(active, str):
        note += f"; {active} parameters are active for a token, so 6ND overstates the compute"
    if "obsidian" in row["run"]:
        note += "; WikiText is worse at the last checkpoint than before"
    return {
        "run": row["run"],
        "source": "moduleformer",
        "model": row["run"],
        "arch": "mixture-of-experts",
        "corpus": {"Pile": "the Pile", "IBM Pile": "IBM's version of the Pile"}[
            row["data"]
        ],
        "num_params": round(total),
        "tokenizer": {"GPT2": "GPT-2 BPE", "Codegen": "CodeGen BPE"}.get(
            row["Tokenizer"]
        ),
        "complete": False,
        "digitised": False,
        "corrected": "was never read",
        "note": note,
        "citation": "arXiv:2306.04640; raw file in IBM/ColPret",
    }
