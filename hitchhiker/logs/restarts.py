"""Rows of one run that stand at the same step: restarts, copies, or several curves."""

import numpy as np
import pandas as pd

from ..runs.checks import DataError
from .counts import missing
from .lines import FILE_COLUMN, LINE_COLUMN, lines, number_of_rows
from .losses import listed
from .names import NO_RUN, SEED, plain

MOST_RELOGGED = 2  # steps that a run may repeat without going back
CORE = (
    "run",
    "num_params",
    "tokens_seen",
    "step",
    "loss",
    "batch_tokens",
    FILE_COLUMN,
    LINE_COLUMN,
)


def runs_by_seed(table, notes):
    """Seeds of one name are runs of their own."""
    column = next((c for c in table if SEED.fullmatch(plain(c))), None)
    if column is None or "run" not in table:
        return table
    seeds = table.groupby("run", sort=False)[column].nunique()
    several = list(seeds.index[seeds > 1])
    if not several:
        return table
    notes.append(f"seeds of {listed(several)} are runs of their own")
    named = table["run"] + " seed " + table[column].astype(str)
    return table.assign(run=named.where(table["run"].isin(several), table["run"]))


def without_repeats(table, axis, notes):
    """The table with one row a run and step: of those a restart repeats the last.

    Raises
    ------
    DataError
        Where rows at one step are no restart; the message names what tells them apart.
    """
    start = table[axis] <= 0
    if start.any():
        where = lines(table, start)
        notes.append(
            f"{number_of_rows(start)} before the first step left out ({where})"
        )
        table = table[~start]
    if "run" not in table or table.empty:
        return table
    at = ["run", axis]
    if not table.duplicated(at).any():
        return table
    copies = table.duplicated([c for c in table if c not in (LINE_COLUMN, FILE_COLUMN)])
    if copies.any():
        notes.append(
            f"{number_of_rows(copies)} are copies: left out ({lines(table, copies)})"
        )
        table = table[~copies]
    again = table.duplicated(at, keep=False)
    if not again.any():
        return table
    _check_told_apart(table, table[again], at)
    for run, rows in table[table["run"].isin(table.loc[again, "run"])].groupby("run"):
        _check_restart(run, rows, axis)
    older = table.duplicated(at, keep="last")
    notes.append(
        f"{number_of_rows(older)} repeat steps already seen "
        f"({listed(table.loc[older, 'run'].unique())}, {lines(table, older)}): the "
        "last of each is kept, as after a restart"
    )
    return table[~older]


def _check_told_apart(table, rows, at):
    """Raise an error if a column tells rows of one step apart."""
    for column in rows:
        if column in CORE or column.endswith(" (file)") or NO_RUN.search(plain(column)):
            continue
        if missing(rows[column]).any():
            continue
        numbers = pd.to_numeric(rows[column], errors="coerce")
        differ = rows.groupby(at)[column].nunique() == rows.groupby(at).size()
        text = numbers.isna().any()
        if differ.all() and (text or rows[column].nunique() <= 10):
            values = rows[column].unique()
            where = lines(rows, np.ones(len(rows), bool))
            raise DataError(
                f"rows of run {rows['run'].iloc[0]!r} at the same {at[1]} differ in "
                f"{column} ({listed(values)}; {where}): keep one of them in the file, "
                f"or make them runs of their own, --map {column}=seed"
            )


def _check_restart(run, rows, axis):
    """Raise an error if repeated steps of a run do not look like a restart."""
    values = rows[axis].to_numpy(float)
    back = np.diff(values)
    first = values.min()
    again = np.flatnonzero((back <= 0) & (values[1:] == first)) + 1
    if len(again):
        where = np.isin(np.arange(len(rows)), again)
        raise DataError(
            f"run {run!r} begins again at {lines(rows, where)}: two curves under one "
            "name (two losses, seeds, files)? Name them differently, choose one with "
            "--loss, or add a column step that goes on"
        )
    same = np.flatnonzero(back == 0) + 1
    losses = rows["loss"].to_numpy(float)
    apart = same[losses[same] != losses[same - 1]]
    if len(apart) > MOST_RELOGGED:
        where = np.isin(np.arange(len(rows)), apart)
        raise DataError(
            f"run {run!r} has two losses at the same {axis} ({lines(rows, where)}), "
            "which is no restart: choose one with --loss, or name the runs differently"
        )
