"""What in a table of runs cannot be meant: units, order, ranges, each named by rows.

A finding that is severe makes any number from the table a wrong one; the others are
doubts to read.  `hitchhiker.runs.ordering` looks at how losses go with size and tokens,
`hitchhiker.runs.counters` at what counts tokens, steps, epochs.
"""

import numpy as np

from .counters import counter_findings
from .curves import Curves
from .findings import Finding
from .naming import listed, row_named, rows_named
from .ordering import order_findings

# Least and most of a loss by unit: what no text and no vocabulary of 300,000 reaches.
UNIT_RANGES = {
    "nats per token": (0.3, 12.6),
    "bits per token": (0.43, 18.2),
    "nats per byte": (0.2, 5.6),
    "bits per byte": (0.3, 8.0),
    "perplexity": (1.35, 3e5),
}
MAYBE_PERPLEXITY = 8.0  # a median of final losses above it, in no unit that is said
# Sizes, and tokens at the end, of the runs in the shipped tables.
SEEN_RANGES = {"num_params": (1.5e4, 1.8e11), "tokens_seen": (6e4, 3.1e12)}
NEVER_TRAINED = 100.0  # times the largest of those: no such run exists
TWO_UNITS = 1.3  # ratio of losses of one size and equal tokens in two tables
ONE_SIZE = 1.1  # ratio of sizes that count as one between two tables


def findings(runs):
    """Everything implausible in a table of one family.

    Parameters
    ----------
    runs : DataFrame
        A table that `hitchhiker.runs.checks.check_table` has passed.

    Returns
    -------
    tuple of Finding

    Examples
    --------
    >>> import pandas as pd
    >>> runs = pd.DataFrame({"run": ["a", "b"], "num_params": [1e8, 1e9],
    ...                      "tokens_seen": 1e10, "loss": [21.0, 14.0]})
    >>> findings(runs)[0].severe
    True
    """
    curves = Curves.of(runs)
    return (
        *_units(runs, curves),
        *_ranges(runs, curves),
        *order_findings(runs, curves),
        *counter_findings(runs, curves),
    )


def findings_between(first, second):
    """What speaks against comparing two tables: units of loss that differ.

    Parameters
    ----------
    first, second : DataFrame
        Tables that `hitchhiker.runs.checks.check_table` has passed.

    Returns
    -------
    tuple of Finding
    """
    units = [_said(table) for table in (first, second)]
    if all(units) and units[0] != units[1]:
        text = (
            f"the first table is in {listed(units[0])}, the second in "
            f"{listed(units[1])}: convert one"
        )
        return (Finding(text, True),)
    curves, of_second = _together(first, second)
    one, other = np.flatnonzero(~of_second), np.flatnonzero(of_second)
    other = other[np.argsort(curves.log_size[other], kind="stable")]
    after = np.searchsorted(curves.log_size[other], curves.log_size[one])
    beside = np.clip([after - 1, after], 0, len(other) - 1)
    apart = np.abs(curves.log_size[other[beside]] - curves.log_size[one])
    near = apart.min(axis=0) < np.log(ONE_SIZE)
    other = other[np.where(apart[0] < apart[1], *beside)][near]
    one = one[near]
    gap = np.abs(curves.compared(one, other)).min(axis=1)
    known = np.isfinite(gap)
    if not known.any() or np.median(gap[known]) < np.log(TWO_UNITS):
        return ()
    worst = int(np.where(known, gap, 0).argmax())
    text = (
        f"losses of one size and equal tokens differ {np.exp(gap[worst]):.3g} times "
        f"between the tables (run {curves.names[one[worst]]} of the first, run "
        f"{curves.names[other[worst]]} of the second): two units or two texts? Bring "
        "both to one"
    )
    return (Finding(text, True),)


def _together(first, second):
    """Curves of two tables, and which of their runs (n_runs,) are of the second."""
    one, other = Curves.of(first), Curves.of(second)
    n_runs, n_rows = len(one.names), len(one.row)
    joined = {
        name: np.concatenate([getattr(one, name), getattr(other, name) + shift])
        for name, shift in (
            ("row", n_rows),
            ("run", n_runs),
            ("log_tokens", 0),
            ("log_loss", 0),
            ("first", n_rows),
            ("last", n_rows),
            ("log_size", 0),
        )
    }
    names = np.concatenate([one.names, other.names])
    return Curves(names=names, **joined), np.arange(len(names)) >= n_runs


def _said(runs):
    """Units of loss that a table says it is in."""
    if "loss_unit" not in runs:
        return []
    return [str(unit) for unit in runs["loss_unit"].dropna().unique()]


def _units(runs, curves):
    said = _said(runs)
    if len(said) > 1:
        names = ", ".join(
            f"{unit} in {rows_named(runs, runs['loss_unit'] == unit)}" for unit in said
        )
        yield Finding(f"units of loss are mixed: {names}: convert to one", True)
    elif not said or said[0].strip().lower() in UNIT_RANGES:
        yield from _range_of_unit(runs, curves, said)


def _range_of_unit(runs, curves, said):
    """Losses outside what a unit can be; nats per token where none is said."""
    unit = said[0].strip().lower() if said else "nats per token"
    least, most = UNIT_RANGES[unit]
    run = np.argsort(curves.final)[len(curves.final) // 2]
    middle = np.exp(curves.final[run])
    row = row_named(runs, curves.row[curves.last[run]])
    ends = f"runs end at a loss of {middle:.3g} (as {curves.names[run]} in {row})"
    meant = unit if said else f"{unit}, which is taken where no unit is said"
    fix = "check the unit" if said else "say the unit in a column loss_unit"
    if middle > most:
        yield Finding(
            f"{ends}, above any in {meant}: is it perplexity (take its logarithm), a "
            f"sum, another column? Or {fix}",
            True,
        )
        return
    if middle < least:
        yield Finding(
            f"{ends}, below any in {meant}: is it accuracy, a scaled loss, another "
            f"column? Or {fix}",
            True,
        )
        return
    if not said and middle > MAYBE_PERPLEXITY:
        yield Finding(
            f"{ends}, high for {unit}: is it perplexity? Take its logarithm, or {fix}"
        )
    loss = runs["loss"].to_numpy(float)
    for odd, words in ((loss > most, "above"), (loss < least, "below")):
        if odd.any():
            yield Finding(
                f"loss {words} any in {unit} in {rows_named(runs, odd)}: drop rows "
                "that went wrong"
            )


def _ranges(runs, curves):
    ends = {
        "num_params": np.exp(curves.log_size),
        "tokens_seen": np.exp(curves.log_tokens[curves.last]),
    }
    for column, values in ends.items():
        least, most = SEEN_RANGES[column]
        outside = (values < least) | (values > most)
        if not outside.any():
            continue
        worst = values.max() if values.max() > most else values.min()
        names = listed(curves.names[outside])
        never = worst > NEVER_TRAINED * most
        advice = "check its unit" if never else "the intervals are untested there"
        yield Finding(
            f"{column} {worst:.3g} (run {names}) is outside what forecasts were "
            f"learned from and tested on ({least:.2g} to {most:.2g}): {advice}",
            bool(never),
        )
