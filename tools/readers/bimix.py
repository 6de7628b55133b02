"""BiMix (Ge et al., 2024): one model size trained on twelve mixtures of two corpora.

The raw columns are called perplexities but hold losses in nats per token; upstream's
own plots label them so.  Every mixture is a family of one size.
"""

from pathlib import Path

import pandas as pd

from .facts import run_row
from .frames import join, kind_name, loss_frame, run_frame

CORPORA = {"Pile": "the Pile", "SlimPajama": "SlimPajama"}
MEAN_COLUMN = "avg"  # column of the plain mean over the domains


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs and losses of the twelve mixtures.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    runs, losses : DataFrame
        Columns `RUN_FACTS` and `LOSS_COLUMNS`.
    """
    runs, losses = [], []
    for corpus in CORPORA:
        raw = pd.read_csv(folder / "bimix" / f"{corpus}_ppls.csv")
        for mix, log in raw.groupby("mix"):
            row = _run(corpus, mix)
            steps = log["global_step"]
            tokens = steps * row["batch_tokens"]
            log = log.assign(run=row["run"], step=steps, tokens_seen=tokens)
            runs.append(row)
            for column in raw.columns.drop(["mix", "global_step"]):
                text = "mean" if column == MEAN_COLUMN else column
                kind = kind_name("validation", corpus, text)
                losses.append(loss_frame(log, loss_kind=kind, loss=log[column]))
    return run_frame(runs), join(losses)


def _run(corpus: str, mix: str) -> dict:
    name = f"bimix-{corpus}-{mix}".lower()
    text = f"{CORPORA[corpus]}, domains weighted by {mix}"
    return run_row("bimix", run=name, family=name, corpus=text)
