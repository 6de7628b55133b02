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

from .frames import VALIDATION, join, loss_frame, run_frame
from .rawfiles import SourceError

LOSS_KINDS = {
    "validation": VALIDATION,
    "validation-c4": ("nats per token", "mean cross-entropy on held-out C4 web text"),
    "validation-code": ("nats per token", "mean cross-entropy on held-out Python code"),
}
CITATION = "arXiv:2305.16264"
# The labels of the trajectories beside the counts that the contour file gives the same
# models.
NUM_PARAMS = {"2.8B": 2_810_000_000, "4.2B": 4_246_500_000, "8.7B": 8_670_000_000}
# The token grids of the logs are multiples of these.
BATCH_TOKENS = {"2.8B": 1_048_576, "4.2B": 1_048_576, "8.7B": 2_097_152}
TRAINED_TOKENS = {"2.8B": 55e9, "4.2B": 84e9, "8.7B": 178e9}
REPEATED = "; data are repeated, so a law in N and D alone need not hold"
SLOW_START = (
    "; slow start with spikes: at the same tokens the loss is above that of the 4.2B run, where "
    "data repeat little for as long as that run lasts, 84e9 tokens"
)
CORPUS = {"c4": "C4", "oscar": "OSCAR (English)"}
SUFFIX = {"m": 6, "b": 9}


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the runs and losses of the three files.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    runs, losses : DataFrame
        Columns `RUN_COLUMNS` and `LOSS_COLUMNS`.
    """
    folder = folder / "datablations"
    parts = [
        _trajectories(pd.read_csv(folder / "datablations_losses.csv.gz")),
        _contour(pd.read_csv(folder / "datablations_contour_losses.csv")),
        _code_mix(pd.read_csv(folder / "datablations_code_losses.csv")),
    ]
    return run_frame(row for runs, _ in parts for row in runs), join(
        part[1] for part in parts
    )


def _trajectories(raw: pd.DataFrame) -> tuple[list[dict], pd.DataFrame]:
    runs, losses = [], []
    for (size, data, epochs), part in raw.groupby(
        ["num_params", "data", "epochs"], sort=False
    ):
        family = f"gpt2-{data}-{epochs}ep"
        run = _common(f"gpt2-{data}-{size.lower()}-{epochs}ep", size, CORPUS[data]) | {
            "family": family,
            "model": f"{family}-{size.lower()}",
            "epochs": epochs,
            "unique_tokens": round(part["tokens_per_epoch"].iloc[0]),
            "corrected": "the column flops is wrong; use 6ND",
            "note": f"loss on held-out {CORPUS[data]}",
        }
        if epochs > 1:
            run["note"] += REPEATED
        if size == "8.7B":
            run["note"] += SLOW_START
        if (size, data, epochs) == ("2.8B", "oscar", 3):
            run["family"] = None
            run["note"] += (
                "; left out of its family: every row equals the 4-epoch run, whose place "
                "between 2 and 5 epochs these losses fit"
            )
        runs.append(run)
        losses.append(_log(run, "validation", part))
    return runs, join(losses)


def _contour(raw: pd.DataFrame) -> tuple[list[dict], pd.DataFrame]:
    raw = raw.assign(
        label=raw["model_args"].map(
            lambda text: re.search(r"'name': '(\w+)'", text)[1]
        ),
        params=raw["num_params"].round().astype(int),
    )
    raw["unique"] = [_unique_tokens(row) for row in raw.itertuples()]
    raw["run"] = [
        f"datablations-contour-{_short(row.params)}-{_short(row.token_num)}-{_short(row.unique)}"
        for row in raw.itertuples()
    ]
    runs = [_contour_run(row) for row in raw.itertuples()]
    losses = loss_frame(
        raw["run"],
        "validation",
        tokens_seen=raw["token_num"].round(),
        loss=raw["openLM_loss"],
    )
    return runs, losses


def _unique_tokens(row) -> int:
    """Find the unique tokens of a training, which end its label: 100m, 1b5 (1.5e9), 178b.

    The column ``tokens_per_epoch`` holds 1.5e9 everywhere, and ``epochs`` is
    tokens over unique tokens, except where ``1b25`` was read as 25e9.
    """
    unique = row.token_num / row.epochs
    if row.label.endswith("1b25"):
        unique = 1.25e9
    digits = f"{unique / 1e6:.0f}m" if unique < 1e9 else f"{unique / 1e9:g}b"
    whole, _, part = digits.partition(".")
    expected = f"{whole}b{part.rstrip('b')}" if part else digits
    if not row.label.endswith(expected):
        raise SourceError(
            f"datablations contour {row.label}: not {expected} unique tokens."
        )
    return round(unique)


def _contour_run(row) -> dict:
    epochs = row.token_num / row.unique
    note = "a finished training, not a checkpoint; loss on held-out C4"
    if epochs > 1:
        note += REPEATED
    return {
        "run": row.run,
        "source": "datablations",
        "family": "datablations-contour",
        "model": f"datablations-contour-{_short(row.params)}",
        "arch": "decoder",
        "corpus": "C4",
        "num_params": row.params,
        "epochs": epochs,
        "unique_tokens": row.unique,
        "context": 2048,
        "tokenizer": "GPT-2 BPE",
        "schedule": "cosine",
        "schedule_tokens": round(row.token_num),
        "complete": True,
        "digitised": False,
        "corrected": "unique tokens come from the run's label; the column says 1.5e9 everywhere",
        "note": note,
        "citation": CITATION,
    }


def _code_mix(raw: pd.DataFrame) -> tuple[list[dict], pd.DataFrame]:
    # the data lists of the source weigh C4 by 0.1 in the mix called 10, and so on
    runs, losses = [], []
    for percent, part in raw.groupby("epochs"):
        run = _common(
            f"datablations-code-mix-4.2b-{percent}c4",
            "4.2B",
            f"C4 {percent} %, Python {100 - percent} %",
        ) | {
            "model": "gpt2-code-mix-4.2b",
            "epochs": 1,
            "corrected": (
                "the column Seed tells the C4 loss (1) from the Python loss (2); the column "
                "epochs is the percentage of C4"
            ),
            "note": "no family: one size only; a mixture of web text and Python",
        }
        runs.append(run)
        for seed, kind in ((1, "validation-c4"), (2, "validation-code")):
            losses.append(_log(run, kind, part[part["Seed"] == seed]))
    return runs, join(losses)


def _common(run: str, size: str, corpus: str) -> dict:
    return {
        "run": run,
        "source": "datablations",
        "arch": "decoder",
        "corpus": corpus,
        "num_params": NUM_PARAMS[size],
        "batch_tokens": BATCH_TOKENS[size],
        "context": 2048,
        "tokenizer": "GPT-2 BPE",
        "schedule": "cosine",
        "schedule_tokens": round(TRAINED_TOKENS[size]),
        "complete": True,
        "digitised": False,
        "citation": CITATION,
    }


def _log(run: dict, kind: str, part: pd.DataFrame) -> pd.DataFrame:
    tokens = part["token_num"]
    if not np.isclose(tokens.max(), run["schedule_tokens"], rtol=0.01):
        raise SourceError(f"{run['run']}: the log ends at {tokens.max()} tokens.")
    step = (tokens / run["batch_tokens"]).round()
    return loss_frame(
        run["run"], kind, step=step, tokens_seen=tokens, loss=part["loss"]
    )


def _short(number: float) -> str:
    """Short label of a count: 2.81e9 -> 2.81b, 1e8 -> 100m."""
    return f"{number / 1e9:.4g}b" if number >= 1e9 else f"{number / 1e6:.4g}m"
