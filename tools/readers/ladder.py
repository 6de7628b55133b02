"""The ladder of this project: seven byte-level models, each with several seeds.

They have up to 290 thousand parameters.  ``ladder/train.py`` trained them and wrote
``data/ladder/losses.csv``, the raw file here.  A model of one width and seed is trained
once at a constant rate (family ``ladder-constant``, its checkpoints); finished
runs of five lengths branch off that training with a decay over their last fifth (family
``ladder``, one loss each), so runs of one width and seed share most of their history.
"""

import json
from pathlib import Path

import pandas as pd

from . import DATA
from .facts import BLOCKS, run_row
from .frames import loss_frame, run_frame

HERE = DATA  # the raw file is in this repository


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
        Columns `RUN_FACTS` and `LOSS_COLUMNS`.
    """
    log = pd.read_csv(folder / "ladder" / "losses.csv").sort_values(["run", "step"])
    facts = json.loads((folder / "ladder" / "corpus.json").read_text(encoding="utf-8"))
    ends = log.groupby("run", sort=False).tail(1).to_dict("records")
    runs = run_frame(_run(last, facts["python"]) for last in ends)
    return runs, loss_frame(log, loss_kind="validation")


def _run(last: dict, python: str) -> dict:
    kept = (
        "run",
        "num_params",
        "params_non_embedding",
        "seed",
        "schedule",
        "schedule_tokens",
    )
    schedule = last["schedule"]
    family = BLOCKS["ladder"][schedule]["family"]
    return run_row(
        "ladder",
        schedule,
        words={"rate": last["learning_rate"]},
        **{name: last[name] for name in kept},
        model=last["model"].replace("ladder", family),
        corpus=f"source code of the standard library of Python {python}",
        unique_tokens=last["tokens_seen"],
        batch_tokens=last["tokens_seen"] / last["step"],
    )
