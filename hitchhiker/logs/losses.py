"""Which numbers of a table are the loss: found by name, chosen, or asked for."""

import pandas as pd

from ..runs.checks import DataError
from ..runs.naming import listed, rows_named
from .counts import missing
from .lines import FILE_COLUMN, LINE_COLUMN
from .names import (
    CONTEXT_NAMES,
    METRIC_NAMES,
    TRAINING,
    VALUE_NAMES,
    find,
    held_out,
    is_loss,
    plain,
    unit_of_loss,
)

MOST_NAMED = 8
ASIDE = "beside"  # first word of a note that changes nothing
LOOSE_CONTEXTS = ("dataset",)  # may differ between runs of one table


class NoSuchLoss(DataError):
    """A file holds no loss of the name that is wanted."""


def pick(names, wanted):
    """The name that is wanted: itself, by its words, or by a part of them."""
    ways = (
        lambda name: str(name) == wanted,
        lambda name: plain(name) == plain(wanted),
        lambda name: f"_{plain(wanted)}_" in f"_{plain(name)}_",
    )
    for agrees in ways:
        found = [name for name in names if agrees(name)]
        if len(found) == 1:
            return found[0]
        if found:
            raise DataError(
                f"--loss {wanted} fits {listed(found)}: write one of them in full"
            )
    return None


def columns_of(table):
    """Columns of the file, without those that say where a row was read."""
    return [column for column in table if column not in (FILE_COLUMN, LINE_COLUMN)]


def ask(what, names):
    """Raise the question which of several losses is meant."""
    raise DataError(
        f"{what} ({listed(names)}): choose one, such as --loss {_quoted(names[0])}"
    )


def _quoted(name):
    text = str(name)
    return f'"{text}"' if set(text) & set(" '{}()") else text


# --- a metric a row -------------------------------------------------------------------


def from_long(table, wanted, notes):
    """The rows of one loss of a table with a metric a row: table, name, wanted."""
    value = next(iter(find(table, VALUE_NAMES)), None)
    if value is None or "loss" in table:
        return table, None, wanted
    metric = next(iter(find(table, METRIC_NAMES)), None)
    if metric is None:
        named = [c for c in find(table, ("name", "key")) if table[c].map(is_loss).any()]
        metric = next(iter(named), None)
    if metric is None:
        notes.append(f"column {value} read as loss")
        return table.rename(columns={value: "loss"}), value, wanted
    names = [name for name in table[metric].dropna().unique() if is_loss(name)]
    every = list(table[metric].dropna().unique())
    chosen = pick(names or every, wanted) if wanted else None
    if chosen is None and wanted and not find(table, CONTEXT_NAMES):
        raise NoSuchLoss(f"--loss {wanted}: no such loss; there are {listed(every)}")
    if chosen is None:
        if not names and len(every) > 1:
            raise DataError(
                f"no loss among the values of {metric} ({listed(every)}): choose one, "
                f"such as --loss {_quoted(every[0])}"
            )
        if len(names) > 1:
            ask(f"several losses in column {metric}", names)
        chosen = (names or every)[0]
    else:
        wanted = None
    others = [name for name in every if name != chosen]
    if others:
        notes.append(f"{chosen} read as loss; left out: {listed(others)}")
    kept = table[table[metric] == chosen].drop(columns=metric)
    return kept.rename(columns={value: "loss"}), chosen, wanted


def in_one_context(table, wanted):
    """The rows of one subset, where there are several, and what is still wanted."""
    for column in [*find(table, CONTEXT_NAMES), *_of_kinds(table)]:
        known = table[~missing(table[column])]
        values = list(known[column].unique())
        if len(values) < 2:
            continue
        by_run = known.groupby("run")[column].nunique() if "run" in table else None
        apart = by_run is not None and by_run.max() == 1
        if apart and plain(column) in LOOSE_CONTEXTS:
            continue
        chosen = pick(values, wanted) if wanted else None
        if chosen is None:
            ask(f"losses of several kinds of {column}", values)
        table, wanted = table[table[column] == chosen], None
    return table, wanted


def _of_kinds(table):
    """Columns of other names whose values are words such as train and eval."""
    for column in columns_of(table):
        values = table[column].dropna().unique()
        few = 2 <= len(values) <= MOST_NAMED and column not in ("run", "loss")
        if few and all(held_out(v) or TRAINING.search(plain(v)) for v in values):
            yield column


# --- a column a run -------------------------------------------------------------------


def is_missing_or_number(values):
    """Whether (n,) each value is a number or missing."""
    numbers = pd.to_numeric(values, errors="coerce")
    commas = values.astype(str).str.fullmatch(r"\s*[+-]?\d+,\d+\s*")
    return numbers.notna() | commas | missing(values)


def numeric(table, column):
    """Whether a column holds numbers; a text among them is an error."""
    good = is_missing_or_number(table[column])
    numbers = good & ~missing(table[column])
    if good.all():
        return bool(numbers.any())
    if numbers.sum() > len(table) / 2:
        bad = table.loc[~good, column].iloc[0]
        raise DataError(
            f"{column} in {rows_named(table, ~good)} is {str(bad)[:60]!r}, not a number"
        )
    return False


# --- a column a loss ------------------------------------------------------------------


def from_columns(table, wanted, notes):
    """The table with the column of its loss named so, and the name that it had."""
    names = every = [c for c in columns_of(table) if is_loss(c)]
    if wanted:
        others = [c for c in columns_of(table) if c != "run"]
        chosen = pick(names, wanted) or pick(others, wanted)
        if chosen is None:
            raise NoSuchLoss(
                f"--loss {wanted}: no such loss; there are {listed(names or others)}"
            )
    elif "loss" in names:
        chosen = "loss"
    else:
        names = [name for name in names if not _same_in_another_unit(name, names)]
        chosen = _only(table, names)
    beside = [c for c in every if c != chosen and not c.endswith(" (file)")]
    if chosen != "loss":
        notes.append(f"column {chosen} read as loss")
        aside = {"loss": "loss (file)"} if "loss" in table else {}
        table = table.rename(columns=aside | {chosen: "loss"})
    counted = {c: int((~missing(table[c])).sum()) for c in beside if c in table}
    if any(counted.values()) and not wanted:
        told = ", ".join(f"{n} values of {c}" for c, n in counted.items() if n)
        notes.append(f"{ASIDE} {chosen} stand {told}: --loss NAME takes another")
    return table, chosen


def _same_in_another_unit(name, names):
    """Whether another name tells the same loss in nats."""
    return unit_of_loss(name) is not None and any(
        unit_of_loss(other) is None and held_out(other) == held_out(name)
        for other in names
    )


def _only(table, names):
    """The one loss, or the one held-out loss, or a question."""
    if len(names) == 1:
        return names[0]
    ours = (FILE_COLUMN, LINE_COLUMN, "run", "num_params", "tokens_seen", "step")
    if not names:
        likely = [
            c for c in table if c not in ours and is_missing_or_number(table[c]).all()
        ]
        raise DataError(
            f"no loss among {listed(columns_of(table))}: name it, such as --map "
            f"{_quoted((likely or ['my_column'])[0])}=loss"
        )
    out = [name for name in names if held_out(name)]
    if len(out) == 1:
        return out[0]
    raise DataError(
        f"columns {listed(names)} could all be the loss: choose one, such as "
        f"--loss {_quoted((out or names)[0])}"
    )
