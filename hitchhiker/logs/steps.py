"""From steps and counters to tokens seen."""

import pandas as pd

from ..runs.checks import DataError
from ..runs.naming import listed, rows_named
from .counts import counts, decimals, missing, parse_count
from .losses import columns_of
from .names import USUAL_NAMES, find

SAMPLES = "samples_seen"
COUNTERS = ("tokens_seen", SAMPLES, "batch_tokens")  # what a step may be logged with


def name_steps(table, notes):
    """The table with its step column named so; one that differs is said."""
    found = find(table, ("step", *USUAL_NAMES["step"]))
    if not found:
        return table
    names = ("step", *USUAL_NAMES["step"])
    if "step" in found:
        chosen = "step"
    else:
        chosen = found[0]
    trainer = [c for c in found if c in find(table, names[1:4])]
    if chosen != "step" and trainer:
        chosen = trainer[0]
    others = [c for c in found if c != chosen and _differ(table, chosen, c)]
    if others:
        notes.append(
            f"{listed([chosen])} is taken for the step; {listed(others)} differs and "
            f"is left aside: --map {others[0]}=step takes it"
        )
    elif chosen != "step":
        notes.append(f"column {chosen} read as step")
    return table.rename(columns={chosen: "step"})


def _differ(table, first, second):
    both = ~missing(table[first]) & ~missing(table[second])
    values = [
        pd.to_numeric(table.loc[both, c], errors="coerce") for c in (first, second)
    ]
    return bool((values[0] != values[1]).any())


def filled_by_step(table, notes):
    """Counters that a row lacks are taken from other rows of its run and step."""
    for name in COUNTERS:
        if not {"run", "step", name} <= set(table):
            continue
        absent = missing(table[name])
        if not absent.any() or absent.all():
            continue
        known = table[name].mask(absent)
        there = known.groupby([table["run"], table["step"]]).transform("first")
        gained = absent & there.notna() & table["loss"].notna()
        if gained.any():
            notes.append(
                f"{name} of {rows_named(table, gained)} is that of the same step"
            )
        table = table.assign(**{name: known.fillna(there)})
    return table


def with_tokens(table, notes, *, unit, batch_tokens, tokens_seen, sequence_length):
    """The table with tokens seen by each row, however they are told."""
    if tokens_seen is not None:
        return _told(table, tokens_seen, notes)
    if "tokens_seen" in table:
        table = table.assign(tokens_seen=counts(table, "tokens_seen") * unit)
        if _are_of_a_step(table):
            notes.append(
                "tokens_seen is the same in all rows of a run: read as the tokens of a "
                "step, times the step"
            )
            return table.assign(tokens_seen=table["tokens_seen"] * table["step"])
        if batch_tokens is not None or sequence_length is not None:
            notes.append("tokens_seen is in the file: the batch or length is not used")
        return _counted_on(table, "tokens_seen", notes)
    if SAMPLES in table and sequence_length and batch_tokens is None:
        samples = decimals(table, SAMPLES, notes)
        length = parse_count(sequence_length)
        notes.append(f"tokens counted as samples times {length:g}")
        return _counted_on(table.assign(tokens_seen=samples * length), SAMPLES, notes)
    if sequence_length:
        raise DataError(
            "--sequence-length is for logs that count samples, and this one has no "
            "column of consumed samples: give --batch-tokens"
        )
    if "step" not in table:
        raise DataError(
            "neither tokens_seen nor step among "
            f"{listed(columns_of(table))}: name one, such as --map "
            "my_column=tokens_seen, or give --tokens-seen 300B where all runs saw as "
            "many"
        )
    return _from_steps(table, batch_tokens, notes)


def _are_of_a_step(table):
    """Whether tokens stay the same in every run while its steps go on."""
    if not {"run", "step"} <= set(table):
        return False
    by_run = table.groupby("run")[["tokens_seen", "step"]].nunique()
    return bool((by_run["tokens_seen"] == 1).all() and (by_run["step"] > 2).all())


def _told(table, tokens_seen, notes):
    """Tokens given for all runs or by run."""
    if "tokens_seen" in table or "step" in table:
        name = "tokens_seen" if "tokens_seen" in table else "step"
        raise DataError(
            f"--tokens-seen is for tables without tokens or steps, and this has {name}"
            + (": give --batch-tokens, the tokens of a step" if name == "step" else "")
        )
    table = table.assign(tokens_seen=by_run(table, tokens_seen, "tokens_seen"))
    notes.append("tokens seen are as given, not from the file")
    return table


def by_run(table, given, option):
    """A count (n,) for each row: one for all, or by run with "" for the others."""
    flag = f"--{option.replace('_', '-')}"
    if not isinstance(given, dict):
        return pd.Series(parse_count(given), index=table.index)
    given = {str(run or ""): parse_count(value) for run, value in given.items()}
    if set(given) == {""}:
        return pd.Series(given[""], index=table.index)
    if "run" not in table:
        raise DataError(f"{flag} is given by run, but the file names no runs")
    names = list(table["run"].unique())
    unknown = [run for run in given if run and run not in names]
    if unknown:
        raise DataError(f"{flag} {unknown[0]}: no such run; there are {listed(names)}")
    values = table["run"].map(given).astype(float)
    if "" in given:
        values = values.fillna(given[""])
    if values.isna().any():
        lacking = table.loc[values.isna(), "run"].iloc[0]
        raise DataError(
            f"no {option} for run {lacking!r}: give it too, {flag} {lacking}=4M, or "
            f"one for all others, {flag} 4M"
        )
    return values


def _from_steps(table, batch_tokens, notes):
    if "run" not in table:
        raise DataError("steps need a run column: name it, such as --map my_column=run")
    if batch_tokens is not None:
        if "batch_tokens" in table:
            notes.append("the batch given is used, not the column batch_tokens")
        batch = by_run(table, batch_tokens, "batch_tokens")
        if (batch <= 0).any():
            raise DataError("--batch-tokens must be above zero: the tokens of one step")
        told = f"{batch.iloc[0]:g}" if batch.nunique() == 1 else "the batch of each run"
        notes.append(f"tokens counted as steps times {told}")
        return table.assign(tokens_seen=table["step"] * batch)
    if "batch_tokens" not in table:
        more = ", or --sequence-length 2048" if SAMPLES in table else ""
        raise DataError(
            "the file counts steps: give --batch-tokens (batch_tokens), the tokens of "
            f"one step, such as 512K or 480 x 1024{more}"
        )
    notes.append("tokens counted from steps and the batch of each step")
    batch = counts(table, "batch_tokens")
    if batch.isna().any():
        raise DataError(
            f"batch_tokens is missing in {rows_named(table, batch.isna())}: fill it, "
            "or give --batch-tokens"
        )
    table = table.assign(batch_tokens=batch).sort_values(["run", "step"], kind="stable")
    steps = table.groupby("run", sort=False)["step"].diff().fillna(table["step"])
    tokens = (steps * table["batch_tokens"]).groupby(table["run"], sort=False).cumsum()
    return table.assign(tokens_seen=tokens)


def _counted_on(table, name, notes):
    """Tokens of counters that began again, with what was seen before added."""
    if "run" not in table:
        return table
    if "step" not in table:
        return table
    order = table.sort_values(["run", "step"], kind="stable")
    tokens = order["tokens_seen"]
    within = order["run"].eq(order["run"].shift())
    known = order["step"].notna() & tokens.notna()
    later = order["step"].gt(order["step"].shift())
    began = tokens.groupby(order["run"], sort=False).transform("min")
    below = tokens.lt(tokens.shift()) | (tokens.eq(tokens.shift()) & tokens.eq(began))
    fell = within & known & later & below
    if not fell.any():
        return table
    seen = tokens.shift().where(fell, 0.0).groupby(order["run"], sort=False).cumsum()
    names = order.loc[fell, "run"].unique()
    notes.append(
        f"{name} of {listed(names)} begins again at {rows_named(order, fell)} while "
        "steps go on: what was seen before is added"
    )
    return table.assign(tokens_seen=(tokens + seen).reindex(table.index))
