"""From texts to numbers: gaps, restarts, tokens and sizes of the runs of all files."""

import pandas as pd

from ..runs.checks import DataError
from ..runs.naming import listed, rows_named
from ..runs.schedules import truth_values
from ..runs.selection import without_runs
from .counts import decimals, missing
from .lines import FILE_COLUMN, LINE_COLUMN
from .restarts import runs_by_seed, without_repeats
from .sizes import with_sizes
from .steps import filled_by_step, with_tokens

OURS = (
    "run",
    "num_params",
    "tokens_seen",
    "loss",
    "step",
    "batch_tokens",
    FILE_COLUMN,
    LINE_COLUMN,
)


def in_numbers(table, notes, *, without, sizes, units, **tokens):
    """The table with numbers in its columns, a row a run and step, sorted."""
    if "run" in table:
        nameless = table["run"].isna() | table["run"].astype(str).str.strip().eq("")
        if nameless.any():
            raise DataError(
                f"run is missing in {rows_named(table, nameless)}: name the run of "
                "each row"
            )
        table = table.assign(run=table["run"].astype(str).str.strip())
    table = table.assign(loss=decimals(table, "loss", notes))
    if "step" in table:
        table = table.assign(step=decimals(table, "step", notes))
    table = _without_gaps(filled_by_step(table, notes), notes)
    table = runs_by_seed(table, notes)
    if without:
        names = [without] if isinstance(without, str) else without
        table = without_runs(table, names)
        notes.append(f"left out as asked: {listed(names)}")
    table = with_sizes(table, sizes, units["num_params"] or 1.0, notes)
    if FILE_COLUMN in table:
        table = _joined(table, notes)
    unit = units["tokens_seen"] or 1.0
    by_step = "step" in table and table["step"].notna().all()
    if by_step:
        table = without_repeats(table, "step", notes)
    elif "step" in table and "tokens_seen" not in table:
        gaps = table["step"].isna()
        raise DataError(
            f"step is missing in {rows_named(table, gaps)}: fill or delete these"
        )
    table = with_tokens(table, notes, unit=unit, **tokens)
    if not by_step:
        table = without_repeats(table, "tokens_seen", notes)
    if "run" in table:
        table = table.sort_values(["run", "tokens_seen"], kind="stable")
    return _in_their_types(table)


def _without_gaps(table, notes):
    gaps = table["loss"].isna()
    if gaps.all():
        raise DataError("no row has a loss: check which column is read as loss")
    if gaps.any():
        notes.append(f"{rows_named(table, gaps)} without a loss left out")
    if "run" in table:
        lost = set(table["run"].dropna()) - set(table.loc[~gaps, "run"].dropna())
        if lost:
            notes.append(f"no loss in any row of {listed(sorted(lost))}: left out")
    return table[~gaps]


def _joined(table, notes):
    """Runs that stand in several files: one that goes on, or one inside another."""
    if "run" not in table:
        return table
    axis = "step" if "step" in table else "tokens_seen"
    files = table.groupby("run", sort=False)[FILE_COLUMN].nunique()
    for run in files.index[files > 1]:
        rows = table[table["run"] == run]
        names = listed(rows[FILE_COLUMN].unique())
        if axis not in rows:
            raise DataError(f"run {run!r} stands in {names}: rename a file or its run")
        inside = _inside(rows.assign(at=pd.to_numeric(rows[axis], errors="coerce")))
        if inside:
            notes.append(
                f"run {run} of {listed(inside)} is a copy of part of another file"
            )
            table = table[~(table["run"].eq(run) & table[FILE_COLUMN].isin(inside))]
            continue
        bounds = pd.to_numeric(rows[axis], errors="coerce").groupby(rows[FILE_COLUMN])
        bounds = bounds.agg(["min", "max"]).sort_values("min")
        if (bounds["min"].iloc[1:].to_numpy() <= bounds["max"].iloc[:-1]).any():
            raise DataError(
                f"run {run!r} stands in {names}: two runs of one name? Rename a file "
                "(or its run), or give one of them"
            )
        notes.append(f"run {run} goes on from file to file ({names}): joined")
    return table


def _inside(rows):
    """Files of one run whose rows all stand in its longest file too."""
    points = {
        name: set(zip(part["at"], part["loss"], strict=True))
        for name, part in rows.groupby(FILE_COLUMN)
    }
    longest = max(points, key=lambda name: len(points[name]))
    others = [name for name in points if name != longest]
    return others if all(points[name] <= points[longest] for name in others) else []


def _in_their_types(table):
    """Other columns as numbers or truth values where all of their texts are such."""
    changed = {}
    for column in table:
        values = table[column]
        if column in OURS or pd.api.types.is_numeric_dtype(values):
            continue
        if column == "is_final":
            changed[column] = _truths(table)
            continue
        absent = missing(values)
        numbers = pd.to_numeric(values.mask(absent), errors="coerce")
        if absent.all() or (numbers.isna() & ~absent).any():
            changed[column] = values.mask(absent)
        else:
            changed[column] = numbers
    return table.assign(**changed).infer_objects()


def _truths(table):
    """Column ``is_final`` as truth values, of whatever words."""
    absent = missing(table["is_final"])
    truths = pd.Series(truth_values(table["is_final"]), index=table.index)
    unknown = truths.isna() & ~absent
    if unknown.any():
        raise DataError(
            f"is_final in {rows_named(table, unknown)} is "
            f"{table.loc[unknown, 'is_final'].iloc[0]!r}: write true or false"
        )
    return truths.eq(1) if not absent.any() else truths.astype(object).mask(absent)
