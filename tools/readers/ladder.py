"""The ladder of this project: seven byte-level models up to 290 thousand parameters, with seeds.

``ladder/train.py`` trained them and wrote ``data/ladder/losses.csv``, which is the raw
file here.  A model of one width and seed is trained once at a constant rate (family
``ladder-constant``, its checkpoints); finished runs of five lengths branch off that
training with a decay over their last fifth (family ``ladder``, one loss each), so runs
of one width and seed share most of their history.
"""

import json
from pathlib import Path

import pandas as pd

from .frames import VALIDATION, join, loss_frame, run_frame

LOSS_KINDS = {"validation": VALIDATION}
HERE = (
    Path(__file__).resolve().parents[2] / "data"
)  # the raw file is in this repository
FAMILIES = {"wsd": "ladder", "constant": "ladder-constant"}
NOTES = {
    "wsd": "constant rate {rate:g}, linear fall to zero over the last fifth; shares what comes "
    "before with the other runs of its size and seed; a token is a byte",
    "constant": "constant rate {rate:g} without a decay; the finished runs of its size and seed "
    "branch off it; a token is a byte",
}


def read(folder: Path = HERE) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs and losses of the ladder.

    Parameters
    ----------
    folder : Path
        Has the table of ``ladder/train.py`` as ``ladder/losses.csv``, and
        ``corpus.json``.

    Returns
    -------
    runs, losses : DataFrame
        Columns `RUN_COLUMNS` and `LOSS_COLUMNS`.
    """
    log = pd.read_csv(folder / "ladder" / "losses.csv").sort_values(["run", "step"])
    facts = json.loads((folder / "ladder" / "corpus.json").read_text(encoding="utf-8"))
    runs, losses = [], []
    for name, part in log.groupby("run", sort=False):
        runs.append(_run(name, part.iloc[-1], facts))
        losses.append(
            loss_frame(
                name,
                "validation",
                step=part["step"],
                tokens_seen=part["tokens_seen"],
                loss=part["loss"],
            )
        )
    return run_frame(runs), join(losses)


def _run(name: str, last: pd.Series, facts: dict) -> dict:
    family = FAMILIES[last["schedule"]]
    return {
        "run": name,
        "source": "ladder",
        "family": family,
        "model": last["model"].replace("ladder", family),
        "arch": "decoder",
        "corpus": f"source code of the standard library of Python {facts['python']}",
        "num_params": last["num_params"],
        "params_non_embedding": last["params_non_embedding"],
        "seed": last["seed"],
        "epochs": 1,
        "unique_tokens": last["tokens_seen"],
        "batch_tokens": last["tokens_seen"] / last["step"],
        "context": 128,
        "tokenizer": "bytes",
        "schedule": last["schedule"],
        "schedule_tokens": last["schedule_tokens"],
        "complete": True,
        "digitised": False,
        "corrected": "not in the original study",
        "note": NOTES[last["schedule"]].format(rate=last["learning_rate"]),
        "citation": "this project, ladder/train.py",
    }
