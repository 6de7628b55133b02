"""Read the shipped tables of runs and of their scores.

A table of runs has one row a checkpoint, with the columns ``num_params``
(parameters), ``tokens_seen`` (tokens), ``loss`` (nats per token, or any one unit
throughout) and ``run`` (one training run).
"""

import os
from functools import lru_cache
from pathlib import Path

import pandas as pd

from .arguments import items, texts
from .checks import DataError
from .words import shortened

RUN_COLUMNS = (
    "run source family model arch corpus num_params tokens_seen step flops loss "
    "loss_kind seed epochs unique_tokens schedule schedule_tokens is_final digitised "
    "corrected"
).split()


def tables_folder():
    """Folder of the shipped tables: a checkout's ``data/`` or the copy in a wheel.

    The environment variable HITCHHIKER_DATA names another folder.

    Examples
    --------
    >>> (tables_folder() / "runs.csv").exists()
    True
    """
    here = Path(__file__).resolve().parents[1]
    candidates = [here / "tables", here.parent / "data"]
    if os.environ.get("HITCHHIKER_DATA"):
        candidates = [Path(os.environ["HITCHHIKER_DATA"])]
    for folder in candidates:
        if (folder / "runs.csv").exists():
            return folder
    raise DataError(
        f"no runs.csv in {' or '.join(map(str, candidates))}: reinstall hitchhiker, or "
        "point HITCHHIKER_DATA to the folder of tables"
    )


def load_runs(source=None, family=None, loss_kind=None):
    """Load the shipped table of training runs: one row a checkpoint.

    Parameters
    ----------
    source, family, loss_kind : str or list of str, optional
        Keep only these.  Two loss kinds must not meet in one fit.

    Returns
    -------
    DataFrame
        Columns ``run, source, family, model, arch, corpus, num_params`` (parameters)
        ``, tokens_seen`` (tokens) ``, step, flops`` (FLOPs, 6 N D) ``, loss`` (unit by
        loss kind, nats per token unless its name says otherwise) ``, loss_kind, seed,
        epochs, unique_tokens, schedule, schedule_tokens`` (tokens) ``, is_final``
        (last checkpoint of a run whose log is complete) ``, digitised, corrected``.
        ``tokens_seen`` is missing where a source counts steps only.

    Raises
    ------
    DataError
        If a name is unknown; the message lists the known ones.

    Examples
    --------
    >>> runs = load_runs("gpt3", loss_kind="validation")
    >>> int(runs["model"].nunique())
    8
    """
    wanted = {"source": source, "family": family, "loss_kind": loss_kind}
    return _keep(_shipped(tables_folder()), wanted)


def load_evaluations(source=None, family=None, task=None):
    """Load the shipped scores on downstream tasks: a row a checkpoint, task, metric.

    Parameters
    ----------
    source, family, task : str or list of str, optional
        Keep only these.  Tasks keep the names of their source, whose protocols
        differ: compare within a source.

    Returns
    -------
    DataFrame
        Columns ``run, step, tokens_seen`` (tokens) ``, task, metric`` (accuracy,
        accuracy-normalised by the length of the answer, f1, score where the source
        does not say) ``, value, stderr`` (fractions between 0 and 1) ``, shots``
        (worked examples in the prompt), then the facts of the run: ``source, family,
        model, arch, corpus, num_params`` (parameters), and the others of `load_runs`.
        A score belongs to the loss of the same run and the nearest tokens.

    Raises
    ------
    DataError
        If a name is unknown; the message lists the known ones.

    Examples
    --------
    >>> scores = load_evaluations("olmo", task="piqa")
    >>> last = scores[scores["run"] == "olmo-7b"].iloc[-1]
    >>> last["metric"], int(last["shots"]), round(float(last["value"]), 2)
    ('accuracy-normalised', 0, 0.8)
    """
    wanted = {"source": source, "family": family, "task": task}
    return _keep(_joined(tables_folder(), "evaluations"), wanted)


def _keep(table, wanted):
    """Rows of the wanted names, or an error that lists the known ones."""
    for column, names in wanted.items():
        if names is None:
            continue
        names = items(column, texts(column, names))
        unknown = sorted(set(names) - set(table[column].dropna()))
        if unknown:
            known = ", ".join(sorted(table[column].dropna().unique()))
            raise DataError(
                f"no {column} {shortened(map(repr, unknown))} here; known: {known}"
            )
        table = table[table[column].isin(names)]
    return table.reset_index(drop=True)


@lru_cache(maxsize=4)
def _joined(folder, kind):
    """Tables of one kind, a file a source, beside the facts of their runs."""
    paths = sorted((folder / kind).glob("*.csv"))
    if not paths:
        raise DataError(f"no tables in {folder / kind}: reinstall hitchhiker")
    rows = pd.concat([pd.read_csv(path) for path in paths], ignore_index=True)
    return rows.merge(
        pd.read_csv(folder / "runs.csv"), on="run", how="left", validate="m:1"
    )


@lru_cache(maxsize=4)
def _shipped(folder):
    table = _joined(folder, "losses").copy()
    table["flops"] = 6.0 * table["num_params"] * table["tokens_seen"]
    last = ~table.duplicated(["run", "loss_kind"], keep="last")
    table["is_final"] = last & table["complete"].astype(bool)
    return table[RUN_COLUMNS + [c for c in table if c not in RUN_COLUMNS]]


def read_table(name):
    """One of the other tables: "runs", "sources", "loss_kinds"; more in a clone.

    Examples
    --------
    >>> "unit" in read_table("loss_kinds")
    True
    """
    path = tables_folder() / f"{name}.csv"
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.csv")))
        raise DataError(f"no table {name!r}; known: {known}")
    return pd.read_csv(path)


def shipped(name):
    """Text of a file that comes with the tables, whatever HITCHHIKER_DATA names.

    Raises
    ------
    DataError
        If it is not there.
    """
    here = Path(__file__).resolve().parents[1]
    for folder in (here / "tables", here.parent / "data"):
        if (folder / name).exists():
            return (folder / name).read_text(encoding="utf-8")
    raise DataError(f"no {name} beside the tables: reinstall hitchhiker")
