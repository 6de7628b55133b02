"""Losses of runs against size and tokens: what no law and no luck explains."""

from dataclasses import dataclass

import numpy as np

from .counters import is_repeated, repeats
from .findings import Finding
from .naming import listed, row_named

# Ratio of losses at equal tokens of a model over a smaller one, along all of its run:
# worth a word, another unit, and the same for runs of one checkpoint each.
WORSE, WORSE_UNIT, WORSE_ENDS = 1.15, 1.3, 2.0
STEEP, TOO_STEEP = 0.4, 1.0  # exponents of size between neighbours, shipped: 0.3
RISE = 1.02  # ratio of losses, late over early, that is no noise
LEAST_ROWS = 6  # of a run whose thirds are compared


def order_findings(runs, curves):
    """Yield a `Finding` where losses do not fall with size and tokens as they must.

    Parameters
    ----------
    runs : DataFrame
    curves : Curves
        Of these runs.
    """
    near = _neighbours(runs, curves)
    if len(near.one):
        yield from _worse(runs, curves, near)
        yield from _steep(runs, curves, near)
        yield from _growing(near)
    enough = np.flatnonzero(curves.counts >= LEAST_ROWS)
    if len(enough):
        yield from _rising(runs, curves, enough)


@dataclass(frozen=True)
class _Neighbours:
    """Runs next to each other in size, and how their losses compare.

    Attributes
    ----------
    one, other : array of int, shape (n,)
    step : array, shape (n,)
        Log ratio of their sizes.
    ratio : array, shape (n, 3)
        Log ratios of their losses, see `Curves.compared`.
    along : array of bool, shape (n,)
        Whether both have more than one checkpoint.
    """

    one: np.ndarray
    other: np.ndarray
    step: np.ndarray
    ratio: np.ndarray
    along: np.ndarray

    @property
    def same(self):
        """Whether they have one size, shape (n,)."""
        return self.step < np.log(RISE)


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


def _ending(runs, curves, run):
    """A run with the row that it ends with."""
    return f"{curves.names[run]} ({row_named(runs, curves.row[curves.last[run]])})"


def _worse(runs, curves, near):
    """Runs of far higher loss than smaller ones, or than others of their size."""
    rise = near.ratio.min(axis=1)
    rise = np.where(near.same, np.maximum(rise, -near.ratio.max(axis=1)), rise)
    severe = rise > np.where(near.along, np.log(WORSE_UNIT), np.log(WORSE_ENDS))
    if rise.max() <= np.log(WORSE):
        return
    at = int(np.argmax(rise + 1e3 * severe))
    one, other = near.one[at], near.other[at]
    if near.ratio[at].max() < 0:
        one, other = other, one
    kind = "equally large" if near.same[at] else "smaller"
    yield Finding(
        f"run {_ending(runs, curves, other)} has {np.exp(rise[at]):.3g} times the loss "
        f"of the {kind} run {_ending(runs, curves, one)} at equal tokens: another unit "
        "or text, sizes mixed up, or a failed run? Mend it or leave it out (--without)",
        bool(severe.any()),
    )


def _steep(runs, curves, near):
    """Runs of far higher loss than larger ones."""
    fall = -near.ratio.max(axis=1)
    steep = np.where(near.same, 0.0, fall / np.maximum(near.step, np.log(RISE)))
    steep = np.where(fall > np.log(WORSE_UNIT), steep, 0.0)
    at = int(steep.argmax())
    if steep[at] <= STEEP:
        return
    yield Finding(
        f"run {_ending(runs, curves, near.one[at])} has {np.exp(fall[at]):.3g} times "
        f"the loss of run {_ending(runs, curves, near.other[at])}, "
        f"{np.exp(near.step[at]):.3g} times its size, at equal tokens: more than size "
        "does; another unit or text?",
        bool(steep[at] > TOO_STEEP and fall[at] > np.log(WORSE_ENDS)),
    )


def _growing(near):
    """Losses that grow with size throughout."""
    growth = near.ratio[~near.same, -1]
    total = growth.sum()
    if len(growth) > 1 and (growth > 0).all() and total > np.log(RISE):
        yield Finding(
            f"losses grow with size throughout ({np.exp(total):.3g} times from the "
            "smallest run to the largest, at equal tokens): are sizes or losses the "
            "wrong way round, or is it a score?",
            bool(total > np.log(WORSE)),
        )


def _rising(runs, curves, enough):
    """Runs whose loss rises, over all or late, among those of enough rows."""
    first, end = curves.first[enough], curves.last[enough] + 1
    third = curves.counts[enough] // 3
    total = np.append(0.0, np.cumsum(curves.log_loss))
    early = (total[first + third] - total[first]) / third
    middle = (total[end - third] - total[end - 2 * third]) / third
    late = (total[end] - total[end - third]) / third
    rises = (late - early > np.log(RISE)) & (
        curves.final[enough] > curves.log_loss[first]
    )
    turns = ~rises & (late - middle > np.log(RISE))
    if rises.all() and len(enough) > 1 and not is_repeated(runs).any():
        yield Finding(
            f"the loss rises with tokens in every run, as in "
            f"{_turning(runs, curves, enough[0])}: is it a score, or are rows in "
            "reverse?",
            True,
        )
    elif rises.any():
        told = listed(_turning(runs, curves, run) for run in enough[rises])
        yield Finding(
            f"the loss rises with tokens over all of run {told}: it failed, or its "
            "rows are in reverse: leave it out (--without)"
        )
    if turns.any():
        told = listed(_turning(runs, curves, run) for run in enough[turns])
        yield Finding(
            f"the loss rises again in the last third of run {told}: diverged, or text "
            "repeated too often? Leave out what failed (--without)"
        )


def _turning(runs, curves, run):
    """A run with the row of its lowest loss."""
    at = slice(curves.first[run], curves.last[run] + 1)
    lowest = curves.row[at][curves.log_loss[at].argmin()]
    return f"{curves.names[run]} (lowest in {row_named(runs, lowest)})"
