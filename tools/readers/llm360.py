"""LLM360 (Liu et al., 2023): Amber 7B, K2 65B and a Mamba 3B, three single models.

- Amber: perplexities on 17 parts of the Pile and their mean over documents, at
  every second of 360 checkpoints.  Checkpoint k (from zero) follows data chunk k of
  1,706,976 sequences of 2048 tokens.
- K2: training loss by number of sequences, of 2048 tokens each.  The log reaches
  iteration 242,743 of 338,760.
- Mamba: training loss in an unknown unit (it begins at 21.8, twice the logarithm
  of the usual vocabulary, and ends at 0.8) and an unknown number of tokens a step.
  The logged learning rate is, to twelve digits, a cosine from step 8,001 that would
  reach its tenth at step 239,401; the log stops at 176,700.
"""

import re
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from .facts import run_row
from .frames import evaluation_frame, join, kind_name, loss_frame, run_frame

LLM360_RUNS = ("llm360-amber", "llm360-k2", "llm360-mamba-3b")
MEAN_PART = "average per doc"
AMBER_CHUNK = 1_706_976 * 2048  # tokens from one checkpoint to the next
AMBER_SHOTS = {
    "arc": 25,
    "boolq": 0,
    "hellaswag": 10,
    "mmlu": 5,
    "openbookqa": 0,
    "piqa": 0,
    "race": 0,
    "siqa": 0,
    "truthfulqa": 0,
    "winogrande": 0,
}
# Logged with numbers from one: 1 is checkpoint 0.  The mean of MMLU's parts, numbered
# from zero, matches MMLU itself only if shifted by one.
FROM_ONE = ("arc", "hellaswag", "mmlu", "truthfulqa")
K2_SEQUENCES, K2_CONTEXT = 2040, 2048  # of a step; tokens of a sequence
K2_SAVED = 941  # steps from one checkpoint to the next
K2_LOSS = "k2 training - lm loss"
K2_SCORE = re.compile(r"k2 eval - (\w+?)5?@(\d+)")  # task, shots (of mbpp: tries)


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs and losses of the three models.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    runs, losses : DataFrame
        Columns `RUN_FACTS` and `LOSS_COLUMNS`.
    """
    folder = folder / "llm360"
    mamba = pd.read_csv(folder / "llm360Mamba3B.csv.gz").assign(run="llm360-mamba-3b")
    losses = [loss_frame(mamba, loss_kind="unknown-unit-train")]
    for name, log in _exports(folder / "K2_wandb_exports.zip"):
        if name == K2_LOSS:
            log["loss"] = log["value"]
            log["tokens_seen"] = log["Step"] * K2_CONTEXT
            log["step"] = log["Step"] / K2_SEQUENCES
            losses.append(loss_frame(log, run="llm360-k2", loss_kind="train"))
    for name, log in _exports(folder / "Amber_wandb_exports.zip"):
        group, part = name.split(" - ")
        if group == "perplexity_eval":
            log["loss"] = np.log(log["value"])
            log["tokens_seen"] = (log["Step"] + 1) * AMBER_CHUNK
            kind = kind_name("validation-amber", "mean" if part == MEAN_PART else part)
            losses.append(loss_frame(log, run="llm360-amber", loss_kind=kind))
    return run_frame(run_row("llm360", run=name) for name in LLM360_RUNS), join(losses)


def read_evaluations(folder: Path) -> pd.DataFrame:
    """Scores of Amber's and K2's checkpoints.

    K2's branches after a spike of the loss, and its second stage, are left out.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    DataFrame
        Columns `EVALUATION_COLUMNS`.
    """
    folder, parts = folder / "llm360", []
    for name, log in _exports(folder / "Amber_wandb_exports.zip"):
        group, task = name.split(" - ")
        if group == "downstream_eval" and task in AMBER_SHOTS:
            parts.append(_amber_scores(task, log))
    for name, log in _exports(folder / "K2_wandb_exports.zip"):
        if match := K2_SCORE.fullmatch(name):
            parts.append(_k2_scores(match[1], int(match[2]), log))
    scores = join(parts)
    return evaluation_frame(scores, value=scores["value"] / 100)


def _amber_scores(task: str, log: pd.DataFrame) -> pd.DataFrame:
    chunks = log["Step"] if task in FROM_ONE else log["Step"] + 1
    return log.assign(
        run="llm360-amber",
        task="arc_challenge" if task == "arc" else task,
        metric="score",
        shots=AMBER_SHOTS[task],
        tokens_seen=chunks * AMBER_CHUNK,
    )


def _k2_scores(task: str, number: int, log: pd.DataFrame) -> pd.DataFrame:
    steps = log["Step"] * K2_SAVED
    code = task == "mbpp"  # may be tried ten times
    return log.assign(
        run="llm360-k2",
        task=task,
        metric="score-at-10" if code else "score",
        shots=np.nan if code else number,
        step=steps,
        tokens_seen=steps * K2_SEQUENCES * K2_CONTEXT,
    )


def _exports(path: Path):
    """Name and rows (``Step``, ``value``) of every series in a zip of exports."""
    with zipfile.ZipFile(path) as archive:
        for file in sorted(archive.namelist()):
            with archive.open(file) as stream:
                table = pd.read_csv(stream, index_col="Step")
            for name in table.columns[~table.columns.str.endswith(("__MIN", "__MAX"))]:
                yield name, table[name].dropna().rename("value").reset_index()
