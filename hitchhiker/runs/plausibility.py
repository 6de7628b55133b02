"""What in a table of runs cannot be meant: units, order, ranges, each named by rows.

A finding that is severe makes any number from the table a wrong one; the others are
doubts to read.  `hitchhiker.runs.counters` looks at what counts tokens, steps, epochs.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .counters import counter_findings, repeats
from .curves import Curves
from .findings import Finding
from .naming import listed, rows_named

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
# Ratio of losses at equal tokens of a model over a smaller one, along all of its run:
# worth a word, another unit, and the same for runs of one checkpoint each.
WORSE, WORSE_UNIT, WORSE_ENDS = 1.15, 1.3, 2.0
STEEP, TOO_STEEP = 0.4, 1.0  # exponents of size between neighbours, shipped: 0.3
TWO_UNITS = 1.3  # ratio of losses of one size and equal tokens in two tables
ONE_SIZE = 1.1  # ratio of sizes that count as one between two tables
RISE = 1.02  # ratio of losses, late over early, that is no noise
LEAST_ROWS = 6  # of a run whose thirds are compared


@dataclass(frozen=True)
class _Neighbours:
    """Runs next to each other in size, and the log ratios of their losses (n, 3)."""

    one: np.ndarray
    other: np.ndarray
    step: np.ndarray
    ratio: np.ndarray
    along: np.ndarray  # whether both have checkpoints to compare along a run


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
    >>> runs = pd.DataFrame({"run": ["a", "b"], "num_params": [1e8, 1e9],
    ...                      "tokens_seen": 1e10, "loss": [21.0, 14.0]})
    >>> findings(runs)[0].severe
    True
    """
    curves = Curves.of(runs)
    return (
        *_units(runs, curves),
        *_ranges(runs, curves),
        *_order(runs, curves),
        *_rising(curves),
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
    both = pd.concat([t.reset_index(drop=True) for t in (first, second)], join="inner")
    from_second = np.arange(len(both)) >= len(first)
    names = both["run"] if "run" in both else both.get("model", np.arange(len(both)))
    curves = Curves.of(
        both.assign(
            run=pd.factorize(pd.Series(zip(from_second, names, strict=True)))[0]
        )
    )
    of_second = from_second[curves.row[curves.first]]
    one, other = (np.flatnonzero(of_second == side) for side in (False, True))
    apart = np.abs(curves.log_size[one][:, None] - curves.log_size[other])
    nearest = apart.argmin(axis=1)
    near = apart[np.arange(len(one)), nearest] < np.log(ONE_SIZE)
    one, other = one[near], other[nearest[near]]
    ratio = curves.compared(one, other)
    gap = np.abs(np.where(np.isnan(ratio), 0.0, ratio)).min(axis=1, initial=np.inf)
    if not len(gap) or np.median(gap) < np.log(TWO_UNITS):
        return ()
    worst = int(gap.argmax())
    size = np.exp(curves.log_size[one[worst]])
    text = (
        f"losses of one size and equal tokens differ {np.exp(gap[worst]):.3g} times "
        f"between the tables (at {size:.3g} parameters): two units or two texts? "
        "Bring both to one"
    )
    return (Finding(text, True),)


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
        return
    unit = said[0].strip().lower() if said else "nats per token"
    if unit not in UNIT_RANGES:
        return
    least, most = UNIT_RANGES[unit]
    loss = runs["loss"].to_numpy(float)
    middle = float(np.exp(np.median(curves.final)))
    fix = "say the unit in a column loss_unit" if not said else "check the unit"
    meant = f"{unit}" if said else f"{unit}, which is taken where no unit is said"
    if middle > most:
        yield Finding(
            f"runs end at a loss of {middle:.4g} (median), above any in {meant}: is it "
            f"perplexity (take its logarithm), a sum, another column? Or {fix}",
            True,
        )
    elif middle < least:
        yield Finding(
            f"runs end at a loss of {middle:.3g} (median), below any in {meant}: is it "
            f"accuracy, a scaled loss, another column? Or {fix}",
            True,
        )
    elif not said and middle > MAYBE_PERPLEXITY:
        yield Finding(
            f"runs end at a loss of {middle:.3g} (median), high for {unit}: is it "
            "perplexity? Take its logarithm, or say the unit in a column loss_unit"
        )
    for odd, words in ((loss > most, "above any"), (loss < least, "below any")):
        if least <= middle <= most and odd.any():
            yield Finding(
                f"loss {words} in {unit} in {rows_named(runs, odd)}: drop rows that "
                "went wrong"
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


def _neighbours(runs, curves):
    order = np.lexsort((curves.log_tokens[curves.last], curves.log_size))
    one, other = order[:-1], order[1:]
    ratio = curves.compared(one, other)
    step = curves.log_size[other] - curves.log_size[one]
    known = ~np.isnan(ratio[:, 0])
    unique = repeats(runs, curves)
    if unique is not None:  # losses of repeated text compare at equal text only
        known &= unique[one] == unique[other]
    along = np.minimum(curves.counts[one], curves.counts[other]) > 1
    pairs = (one, other, step, ratio, along)
    return _Neighbours(*(values[known] for values in pairs))


def _order(runs, curves):
    """Losses of neighbours in size that no law and no luck explain."""
    near = _neighbours(runs, curves)
    if not len(near.one):
        return
    same = near.step < np.log(RISE)
    rise = near.ratio.min(axis=1)
    fall = -near.ratio.max(axis=1)
    rise = np.where(same, np.maximum(rise, fall), rise)
    severe = np.where(near.along, rise > np.log(WORSE_UNIT), rise > np.log(WORSE_ENDS))
    worse = rise > np.log(WORSE)
    if worse.any():
        at = int(np.argmax(np.where(severe, rise + 1e3, rise)))
        one, other = near.one[at], near.other[at]
        if near.ratio[at].max() < 0:
            one, other = other, one
        kind = "of the same size" if same[at] else "smaller"
        yield Finding(
            f"run {curves.names[other]} has {np.exp(rise[at]):.3g} times the loss of "
            f"run {curves.names[one]} ({kind}) at equal tokens: another unit or text, "
            f"sizes mixed up, or a failed run? Mend it or leave it out (--without)",
            bool(severe.any()),
        )
    steep = np.where(same, 0.0, fall / np.maximum(near.step, np.log(RISE)))
    steep = np.where(fall > np.log(WORSE_UNIT), steep, 0.0)
    if steep.max() > STEEP:
        at = int(steep.argmax())
        yield Finding(
            f"run {curves.names[near.one[at]]} has {np.exp(fall[at]):.3g} times the "
            f"loss of run {curves.names[near.other[at]]}, "
            f"{np.exp(near.step[at]):.3g} times its size, at equal tokens: more than "
            "size does; another unit or text?",
            bool(steep[at] > TOO_STEEP and fall[at] > np.log(WORSE_ENDS)),
        )
    growing = near.ratio[~same, -1]
    if len(growing) > 1 and (growing > 0).all() and growing.sum() > np.log(RISE):
        yield Finding(
            f"losses grow with size throughout ({np.exp(growing.sum()):.3g} times from "
            "the smallest to the largest, at equal tokens): are sizes or losses the "
            "wrong way round, or is it a score?",
            bool(growing.sum() > np.log(WORSE)),
        )


def _rising(curves):
    """Runs whose loss rises, over all or late."""
    enough = np.flatnonzero(curves.counts >= LEAST_ROWS)
    if not len(enough):
        return
    first, third = curves.first[enough], curves.counts[enough] // 3
    total = np.append(0.0, np.cumsum(curves.log_loss))
    end = curves.last[enough] + 1
    early = (total[first + third] - total[first]) / third
    late = (total[end] - total[end - third]) / third
    middle = (total[end - third] - total[end - 2 * third]) / third
    overall = (late - early > np.log(RISE)) & (
        curves.final[enough] > curves.log_loss[first]
    )
    if overall.any():
        every = overall.all() and len(enough) > 1
        yield Finding(
            f"the loss rises with tokens over all of "
            f"{'every run' if every else 'run'} "
            f"({listed(curves.names[enough[overall]])}): "
            + (
                "is it a score, or are its rows in reverse?"
                if every
                else "it failed, or its rows are in reverse: leave it out (--without)"
            ),
            bool(every),
        )
    turned = ~overall & (late - middle > np.log(RISE))
    if turned.any():
        yield Finding(
            f"the loss rises again in the last third of run "
            f"{listed(curves.names[enough[turned]])}: diverged, or text repeated too "
            "often? Leave out what failed (--without)"
        )
