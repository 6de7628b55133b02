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

from .evaluations import evaluation_frame
from .frames import TRAIN, join, loss_frame, run_frame

PILE_PARTS = (
    "ArXiv",
    "DM Mathematics",
    "Enron Emails",
    "EuroParl",
    "FreeLaw",
    "Github",
    "Gutenberg (PG-19)",
    "HackerNews",
    "NIH ExPorter",
    "PhilPapers",
    "Pile-CC",
    "PubMed Abstracts",
    "PubMed Central",
    "StackExchange",
    "USPTO Backgrounds",
    "Ubuntu IRC",
    "Wikipedia (en)",
)
MEAN = "average per doc"


def _kind(part: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-")
    return f"validation-amber-{'mean' if part == MEAN else words}"


LOSS_KINDS = {
    "train": TRAIN,
    "unknown-unit-train": ("unknown", "training loss of LLM360 Mamba as it was logged"),
    _kind(MEAN): (
        "nats per token",
        "logarithm of the mean perplexity a document of the parts of the Pile (Amber)",
    ),
    **{
        _kind(part): (
            "nats per token",
            f"logarithm of the perplexity of {part} in the Pile (Amber)",
        )
        for part in PILE_PARTS
    },
}
AMBER_CHUNK = 1_706_976 * 2048  # tokens from one checkpoint to the next
AMBER_CHUNKS = 360
K2_CONTEXT, K2_BATCH, K2_STEPS, K2_SAVED = 2048, 2040, 338_760, 941
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


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs and losses of the three models.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    runs, losses : DataFrame
        Columns `RUN_COLUMNS` and `LOSS_COLUMNS`.
    """
    folder = folder / "llm360"
    losses = [_mamba(folder / "llm360Mamba3B.csv.gz")]
    for name, log in _exports(folder / "K2_wandb_exports.zip"):
        if name == "k2 training - lm loss":
            losses.append(
                loss_frame(
                    "llm360-k2",
                    "train",
                    step=log.index / K2_BATCH,
                    tokens_seen=log.index * K2_CONTEXT,
                    loss=log,
                )
            )
    for name, log in _exports(folder / "Amber_wandb_exports.zip"):
        group, part = name.split(" - ")
        if group == "perplexity_eval":
            tokens = (log.index + 1) * AMBER_CHUNK
            losses.append(
                loss_frame(
                    "llm360-amber", _kind(part), tokens_seen=tokens, loss=np.log(log)
                )
            )
    return run_frame(RUNS), join(losses)


def read_evaluations(folder: Path) -> pd.DataFrame:
    """Scores of Amber's and K2's checkpoints; K2's spike and second-stage branches left out.

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
            chunks = log.index if task in FROM_ONE else log.index + 1
            parts.append(
                evaluation_frame(
                    "llm360-amber",
                    "arc_challenge" if task == "arc" else task,
                    "score",
                    value=log / 100,
                    shots=AMBER_SHOTS[task],
                    tokens_seen=chunks * AMBER_CHUNK,
                )
            )
    for name, log in _exports(folder / "K2_wandb_exports.zip"):
        if found := re.fullmatch(r"k2 eval - (\w+?)5?@(\d+)", name):
            steps = log.index * K2_SAVED
            parts.append(
                evaluation_frame(
                    "llm360-k2",
                    found[1],
                    "score" if found[1] != "mbpp" else "score-at-10",
                    value=log / 100,
                    shots=int(found[2]) if found[1] != "mbpp" else None,
                    step=steps,
                    tokens_seen=steps * K2_BATCH * K2_CONTEXT,
                )
            )
    return join(parts)


def _exports(path: Path):
    """Name and values, by logged step, of every series in a zip of exports."""
    with zipfile.ZipFile(path) as archive:
        for file in sorted(archive.namelist()):
            with archive.open(file) as stream:
                table = pd.read_csv(stream, index_col="Step")
            for name in table.columns[~table.columns.str.endswith(("__MIN", "__MAX"))]:
                yield name, table[name].dropna()


def _mamba(path: Path) -> pd.DataFrame:
    raw = pd.read_csv(path)
    return loss_frame(
        "llm360-mamba-3b", "unknown-unit-train", step=raw["step"], loss=raw["loss"]
    )


COMMON = {"source": "llm360", "digitised": False}
RUNS = (
    COMMON
    | {
        "run": "llm360-amber",
        "model": "llm360-amber",
        "arch": "decoder",
        "corpus": "Amber mix (RefinedWeb, StarCoder, C4, RedPajama parts)",
        "num_params": 6_738_415_616,
        "params_non_embedding": 6_476_271_616,
        "seed": 11111,
        "context": 2048,
        "tokenizer": "LLaMA SentencePiece",
        "schedule": "cosine",
        "schedule_tokens": AMBER_CHUNKS * AMBER_CHUNK,
        "complete": True,
        "corrected": (
            "tokens were spread evenly over rows; Enron Emails was dropped (its name holds em)"
        ),
        "note": (
            "no family: a single model; last evaluated checkpoint is number 354 of 0 to 359; "
            "no training loss in the raw files; each restart adds its number to the seed"
        ),
        "citation": "arXiv:2312.06550; LLM360/amber-train; LLM360/Analysis360",
    },
    COMMON
    | {
        "run": "llm360-k2",
        "model": "llm360-k2",
        "arch": "decoder",
        "corpus": "K2 mix (RefinedWeb, Wikipedia, books, code, papers, law)",
        "num_params": 65_286_184_960,
        "params_non_embedding": 64_761_372_672,
        "seed": 22238,
        "batch_tokens": K2_BATCH * K2_CONTEXT,
        "context": K2_CONTEXT,
        "schedule": "cosine",
        "schedule_tokens": K2_STEPS * K2_BATCH * K2_CONTEXT,
        "complete": False,
        "corrected": "1.4e12 tokens were spread evenly over a log that ends at 1.01e12",
        "note": (
            "no family: a single model; the log ends at 72 % of the schedule; short spikes of "
            "the loss; evaluations reach the end of the first stage"
        ),
        "citation": "arXiv:2501.07124; scripts/pretrain_65b.sh of LLM360/k2-train",
    },
    COMMON
    | {
        "run": "llm360-mamba-3b",
        "family": "llm360-mamba",
        "model": "llm360-mamba-3b",
        "arch": "state-space",
        "num_params": 3_000_000_000,
        "schedule": "cosine",
        "complete": False,
        "corrected": "was read twice; a unit of the loss and tokens a step were assumed",
        "note": (
            "a single model; unit of the loss and tokens a step unknown, so tokens are empty "
            "and levels mean nothing beside other runs; nominal parameter count; by its "
            "learning rate the log stops at 74 % of the schedule, step 176,700 of 239,401"
        ),
        "citation": "raw file in IBM/ColPret; arXiv:2312.06550 does not describe this model",
    },
)
