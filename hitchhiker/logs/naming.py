"""Our names for the columns of one file, and for its run where it names none."""

import re

import pandas as pd

from ..runs.checks import DataError
from ..runs.naming import listed
from .counts import counts, missing, parse_count
from .lines import FILE_COLUMN, LINE_COLUMN
from .losses import ASIDE, from_columns, from_long, in_one_context
from .names import (
    NO_RUN,
    SIZE,
    UNIT_IN_NAME,
    USUAL_NAMES,
    VALUE_NAMES,
    find,
    plain,
    rename,
)
from .steps import name_steps
from .wide import from_wide

FAMILY_NAMES = ("model", "model_name", "name", "experiment", "experiment_name")
MANY_ROWS = 4  # of a name that make a curve likelier than results
IDENTIFIES = re.compile(
    r"(^|_)(id|trial|job|number|nr|no|config|exp|uid|uuid|hash)(_|$)"
)
COUNTED = ("num_params", "tokens_seen", "batch_tokens", "samples_seen")
UNIT_FACTORS = {
    "k": 1e3,
    "m": 1e6,
    "b": 1e9,
    "t": 1e12,
}  # by the first letter of a unit


def one_loss(table, file, *, columns, wanted, sizes, units, notes):
    """The table of a file with our names and one loss, and the name that it had."""
    if file.tag and find(table, VALUE_NAMES):
        table = table.assign(metric=file.tag)
    mine = {theirs: ours for theirs, ours in columns.items() if theirs in table}
    table = rename(table, mine, notes)
    for ours in (*COUNTED, "run", "epoch"):
        table = usual(table, ours, units.get(ours), notes)
    table = name_steps(table, notes)
    table, name, wanted = from_long(table, wanted, notes)
    table, wanted = in_one_context(table, wanted)
    if name is None:
        table, name = from_wide(table, wanted, sizes or {}, notes)
    if name is None:
        table, name = from_columns(table, wanted, notes)
    if name == "loss":
        name = next((theirs for theirs, ours in mine.items() if ours == "loss"), name)
    return table, name


def usual(table, ours, unit, notes):
    """The table with a column of one of the usual names called by ours."""
    found = [c for c in find(table, (ours, *USUAL_NAMES[ours])) if c != ours]
    if ours in COUNTED:
        found = [column for column in found if _countable(table, column)]
    else:
        found = [column for column in found if not _names_families(table, column)]
    if ours in table:
        _say_other_sizes(table, ours, notes)
        return table
    if not found and ours in COUNTED:
        return _with_unit(table, ours, unit, notes)
    if not found:
        return table
    if len(found) > 1 and ours == "tokens_seen":
        values = [counts(table, column) for column in found]
        if any(not values[0].equals(other) for other in values[1:]):
            raise DataError(
                f"columns {listed(found)} could all be {ours}: name one, such as "
                f"--map {found[0]}={ours}"
            )
    notes.append(f"column {found[0]} read as {ours}")
    table = table.rename(columns={found[0]: ours})
    _say_other_sizes(table, ours, notes)
    return table


def _say_other_sizes(table, ours, notes):
    """Note the columns that could be the size instead of the one that is."""
    if ours != "num_params":
        return
    others = [
        column
        for column in table
        if column != ours
        and not str(column).endswith(" (file)")
        and (SIZE.fullmatch(plain(column)) or column in find(table, USUAL_NAMES[ours]))
        and _countable(table, column)
    ]
    if others:
        notes.append(
            f"{ASIDE} num_params stands {listed(others)}: --map "
            f"{others[0]}=num_params takes it"
        )


def _with_unit(table, ours, unit, notes):
    """The table with a column such as "params (M)" turned into counts."""
    names = (ours, *USUAL_NAMES[ours])
    for column in table:
        told = UNIT_IN_NAME.fullmatch(str(column))
        if told and plain(told["name"]) in names and _countable(table, column):
            letter = (told["short"] or told["long"])[0].lower()
            letter = "k" if (told["short"] or "").lower().startswith("th") else letter
            letter = (
                "t"
                if (told["short"] or told["long"]).lower().startswith("tr")
                else letter
            )
            table = table.rename(columns={column: ours})
            if unit is not None:
                notes.append(f"column {column} read as {ours}, in the unit given")
                return table
            notes.append(
                f"column {column} read as {ours}, times {UNIT_FACTORS[letter]:g}"
            )
            return table.assign(**{ours: counts(table, ours) * UNIT_FACTORS[letter]})
    return table


def _names_families(table, column):
    """Whether a column such as model holds one name for models of several sizes."""
    if plain(column) not in FAMILY_NAMES or "num_params" not in table:
        return False
    return bool((table.groupby(column)["num_params"].nunique() > 1).any())


def _countable(table, column):
    """Whether the first values of a column are counts, not words such as small."""
    values = table.loc[~missing(table[column]), column].head(20)
    for value in values:
        try:
            parse_count(value, "decimal")
        except DataError:
            return False
    return len(values) > 0


# --- a run without a name -------------------------------------------------------------


def named_by_file(table, file, several, notes):
    """The table with a column of runs: one run named by the file, unless rows are runs.

    Raises
    ------
    DataError
        Where a column looks like names of runs and nothing says that it holds them.
    """
    size = counts(table, "num_params") if "num_params" in table else pd.Series([0.0])
    curve = several or "tokens_seen" not in table or "step" in table or _rises(table)
    if size.nunique() <= 1 and curve:
        return table.assign(run=file.run)
    for column in table:
        if column not in (FILE_COLUMN, LINE_COLUMN, "loss") and _names_runs(
            table, column
        ):
            raise DataError(
                f"no column of runs: does {column} name them? --map {column}=run; or "
                "is each row a run of its own? --each-row-a-run"
            )
    if "tokens_seen" not in table and "step" in table:
        raise DataError("steps need a run column: name it, such as --map my_column=run")
    notes.append("no column names the runs: every row is a run of its own")
    return table


def _rises(table):
    """Whether tokens rise from row to row, as in one curve."""
    if "tokens_seen" not in table or len(table) < 2:
        return False
    return bool((counts(table, "tokens_seen").diff().iloc[1:] > 0).all())


def _names_runs(table, column):
    """Whether the values of a column could be names of runs: one size, many rows."""
    if NO_RUN.search(plain(column)) or missing(table[column]).any():
        return False
    texts = pd.to_numeric(table[column], errors="coerce").isna().all()
    if not texts and not IDENTIFIES.search(plain(column)):
        return False
    by_name = table.groupby(column)
    many = len(table) >= MANY_ROWS * by_name.ngroups
    if by_name.ngroups < 2 or not many:
        return False
    return "num_params" not in table or bool(
        (by_name["num_params"].nunique() == 1).all()
    )
