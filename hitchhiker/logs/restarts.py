"""Rows of one run that stand at the same step: restarts, copies, or several curves."""

import numpy as np
import pandas as pd

from ..runs.checks import DataError
from ..runs.naming import listed, rows_named
from .counts import missing
from .lines import FILE_COLUMN, LINE_COLUMN
from .names import NO_RUN, SEED, plain

ANOTHER_CURVE = 0.05  # in log loss, from the losses that a restart repeats
MOSTLY = 0.9  # share of rows that stand below the one before, where newest are first
ROWS_OF_A_START = 8  # by fewer rows a start, rows stand in no order
MOST_RELOGGED = 2  # steps, or stretches of them, that a run may repeat in order
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
        notes.append(f"{rows_named(table, start)} before the first step left out")
        table = table[~start]
    if "run" not in table or table.empty:
        return table
    if _backwards(table, axis):
        table = table.iloc[::-1]
        notes.append("rows stand from the last to the first: read backwards")
    at = ["run", axis]
    copies = table.duplicated([c for c in table if c not in (LINE_COLUMN, FILE_COLUMN)])
    if copies.any():
        notes.append(f"{rows_named(table, copies)} are copies: left out")
        table = table[~copies]
    again = table.duplicated(at, keep=False)
    if again.any():
        _check_told_apart(table, table[again], at)
    for run, rows in table.groupby("run", sort=False):
        _check_restart(run, rows, axis)
    older = table.duplicated(at, keep="last")
    if older.any():
        names = listed(table.loc[older, "run"].unique())
        notes.append(
            f"{rows_named(table, older)} of {names} repeat steps already seen: the "
            "last of each is kept, as after a restart"
        )
    return table[~older]


def _backwards(table, axis):
    """Whether the rows of every run go down in steps, newest first."""
    down = table.groupby("run", sort=False)[axis].diff()
    known = down.notna()
    return bool(known.any() and (down[known] < 0).mean() > MOSTLY)


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
            where = rows_named(rows, np.ones(len(rows), bool))
            raise DataError(
                f"rows of run {rows['run'].iloc[0]!r} at the same {at[1]} differ in "
                f"{column} ({listed(values)}; {where}): keep one of them in the file, "
                f"or make them runs of their own, --map {column}=seed"
            )


def _check_restart(run, rows, axis):
    """Raise an error if the steps of a run go back as no restart does."""
    values = rows[axis].to_numpy(float)
    losses = rows["loss"].to_numpy(float)
    back = np.diff(values)
    same = np.flatnonzero(back == 0) + 1
    apart = same[losses[same] != losses[same - 1]]
    if len(apart) > MOST_RELOGGED and not _in_few_stretches(values, apart):
        raise DataError(
            f"run {run!r} has two losses at the same {axis} "
            f"({_lines_at(rows, apart)}), which is no restart: choose one with --loss, "
            "or name the runs differently"
        )
    starts = np.flatnonzero(back < 0) + 1
    repeats = len(np.unique(values)) < len(values)
    if not repeats and len(starts) > max(1, len(values) // ROWS_OF_A_START):
        return  # rows in no order
    first = np.unique(values)[:2].max()
    from_start = [i for i in starts if values[i] <= first]
    from_start += [i for i in apart if values[i] == values.min()]
    other = [i for i in starts if _differs(values, losses, i)]
    if from_start or other:
        raise DataError(
            f"{axis} of run {run!r} begins again at "
            f"{_lines_at(rows, from_start or other)}: two curves under one name (two "
            "losses, seeds, files), or a counter that restarted? Name them "
            "differently, choose one with --loss, or add a column step that goes on"
        )


def _in_few_stretches(values, apart):
    """Whether repeated steps stand together, as those between a save and a crash do."""
    steps = np.unique(values)
    repeated = np.flatnonzero(np.isin(steps, values[apart]))
    stretches = 1 + np.count_nonzero(np.diff(repeated) > 1)
    return stretches <= MOST_RELOGGED and len(repeated) < len(steps) / 2


def _differs(values, losses, start):
    """Whether rows from ``start`` on tell another loss than those before it did."""
    older = np.argsort(values[:start], kind="stable")
    steps, logs = np.log(values[:start][older]), np.log(losses[:start][older])
    ends = np.flatnonzero(np.diff(values[start:]) < 0)
    stop = start + ends[0] + 1 if len(ends) else len(values)
    newer = np.log(values[start:stop])
    inside = newer <= steps[-1]
    told = np.interp(newer[inside], steps, logs)
    gaps = np.abs(np.log(losses[start:stop][inside]) - told)
    return len(gaps) > 0 and np.median(gaps) > ANOTHER_CURVE


def _lines_at(rows, positions):
    return rows_named(rows, np.isin(np.arange(len(rows)), positions))
