"""Which of two recipes will have the lower loss at the target, from a ladder of each."""

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from ..runs import selection
from ..runs.checks import DataError, check_runs
from ..runs.data import shipped
from .forecasting import PRIOR, Forecast, forecast

NEAR_PARAMS, NEAR_TOKENS = 1.1, 1.2  # ratios within which two runs are a pair
TAIL = 5  # degrees of freedom of differences
SURE = 0.9  # chance from which a choice counts as made


@dataclass(frozen=True)
class Comparison:
    """Which of two recipes to train, and how sure that is.

    Attributes
    ----------
    chance : float
        That the first has the lower loss at the target.
    difference : float
        Expected relative difference of losses, first over second less one.
    low_80, high_80 : float
        Its interval.
    smallest : float
        The relative difference at the largest pair that this design can tell with a
        chance of 90 %; infinite where that pair is too far from the target to tell any.
    pairs : DataFrame
        Pairs of runs of equal size and tokens: ``num_params, tokens_seen, difference``.
    advice : str
        What to train next, or to stop.
    forecasts : tuple of Forecast
        Of the first and of the second.
    """

    chance: float
    difference: float
    low_80: float
    high_80: float
    smallest: float
    pairs: pd.DataFrame
    advice: str
    forecasts: tuple[Forecast, Forecast]

    def summary(self):
        """The comparison in a few lines of text."""
        better = "first" if self.chance >= 0.5 else "second"
        design = f"differences from {100 * self.smallest:.1f} % on"
        if not np.isfinite(self.smallest):
            design = "no difference, however large, so far from the target"
        return "\n".join(
            [
                f"the {better} recipe is better with a chance of "
                f"{100 * max(self.chance, 1 - self.chance):.0f} %",
                f"difference at the target {100 * self.difference:+.2f} % (80 %: "
                f"{100 * self.low_80:+.2f} to {100 * self.high_80:+.2f} %)",
                f"this design can tell {design}",
                f"> {self.advice}",
            ]
        )


def paired(first, second):
    """Final losses of runs of two recipes that have nearly the same size and tokens.

    Returns
    -------
    DataFrame
        ``num_params, tokens_seen`` (of the first) ``, difference`` (log of the ratio of
        losses), the smallest first; empty if nothing matches.
    """
    ends = [
        selection.last_checkpoints(t)[["num_params", "tokens_seen", "loss"]]
        for t in (first, second)
    ]
    both = ends[0].merge(ends[1], how="cross", suffixes=("", "_other"))
    gap = {
        c: np.abs(np.log(both[c] / both[f"{c}_other"]))
        for c in ("num_params", "tokens_seen")
    }
    near = (gap["num_params"] < np.log(NEAR_PARAMS)) & (
        gap["tokens_seen"] < np.log(NEAR_TOKENS)
    )
    both = both.assign(
        difference=np.log(both["loss"] / both["loss_other"]),
        gap=gap["num_params"] + gap["tokens_seen"],
    )[near]
    both = both.sort_values("gap").drop_duplicates(["num_params", "tokens_seen"])
    both = both.sort_values(["num_params", "tokens_seen"])
    return both[["num_params", "tokens_seen", "difference"]].reset_index(drop=True)


def pair_errors(without=None):
    """How far differences between two recipes move on the way to the target.

    Learned from real pairs of families by `experiments.learn_prior`: ``same, growth,
    stretch`` for `pair_spread`; ``apart``, the error of a difference of two forecasts
    over what their intervals give.
    """
    stored = json.loads(shipped(PRIOR))["pairs"]
    return stored.get(f"without {without}", stored["all"])


def pair_spread(same, growth, stretch, difference, beyond):
    """Standard deviation of a log difference carried to a target a factor exp(beyond) larger.

    A part of its own, a part for each factor e in size, and a part for each factor e of
    the difference itself, for differences between texts grow or shrink with scale.
    """
    return np.sqrt(
        same**2 + (growth * beyond) ** 2 + (stretch * difference * beyond) ** 2
    )


def smallest_told(same, growth, stretch, beyond):
    """The relative difference from which a pair makes a choice sure, for it widens its own spread.

    Examples
    --------
    >>> [round(smallest_told(0.007, 0.0, 0.2, float(np.log(k))), 3) for k in (4, 20, 100)]
    [0.011, 0.022, inf]
    """
    sure = stats.t.ppf(SURE, TAIL)
    room = 1 - (sure * stretch * beyond) ** 2
    if room <= 0:
        return np.inf
    return float(np.expm1(sure * np.hypot(same, growth * beyond) / np.sqrt(room)))


def compare(first, second, num_params, tokens_seen):
    """Compare two recipes at a target from a ladder of runs of each.

    Runs of equal size and tokens are compared one to one, and the difference of the
    largest pair is carried to the target; without a pair two forecasts are compared.

    Parameters
    ----------
    first, second : DataFrame
        Tables of runs, as for `hitchhiker.forecast`; one unit of loss, one text.
    num_params, tokens_seen : float
        The target.

    Returns
    -------
    Comparison

    Examples
    --------
    >>> from hitchhiker import load_runs
    >>> runs = [load_runs(family=f"overtrain-{c}", loss_kind="validation-c4-val")
    ...         for c in ("c4", "redpajama")]
    >>> small = [t[t["num_params"] < 1e9] for t in runs]
    >>> bool(compare(*small, 6.9e9, 1.4e11).chance > 0.9)
    True
    """
    kinds = [
        set(check_runs(t).get("loss_kind", pd.Series(dtype=object)).dropna())
        for t in (first, second)
    ]
    if kinds[0] and kinds[1] and kinds[0] != kinds[1]:
        raise DataError(
            f"the recipes are measured as {kinds[0].pop()} and {kinds[1].pop()}: "
            "compare losses on one text"
        )
    made = tuple(forecast(t, num_params, tokens_seen) for t in (first, second))
    sources = {
        s for t in (first, second) if "source" in t for s in t["source"].unique()
    }
    known = pair_errors(sources.pop() if len(sources) == 1 else None)
    pairs = paired(first, second)
    if len(pairs):
        last = pairs.iloc[-1]
        difference = float(last["difference"])
        beyond = max(np.log(num_params / last["num_params"]), 0.0)
        known = known["same"], known["growth"], known["stretch"]
        spread = float(pair_spread(*known, abs(difference), beyond))
        smallest = smallest_told(*known, beyond)
    else:
        middle = [np.log(f.table["loss"][0]) for f in made]
        widths = [
            np.log(f.table["high_80"][0]) - m for f, m in zip(made, middle, strict=True)
        ]
        difference = float(middle[0] - middle[1])
        spread = known["apart"] * np.hypot(*widths) / 1.2816
        smallest = float(np.expm1(stats.t.ppf(SURE, TAIL) * spread))
    chance = float(stats.t.cdf(-difference / spread, TAIL))
    reach = stats.t.ppf(0.9, TAIL) * spread
    return Comparison(
        chance,
        *(float(np.expm1(difference + s * reach)) for s in (0, -1, 1)),
        smallest,
        pairs,
        _next(chance, difference, spread, pairs, num_params),
        made,
    )


def _next(chance, difference, spread, pairs, num_params):
    if max(chance, 1 - chance) >= SURE:
        return "the choice is made: no further run is needed for it"
    if not len(pairs):
        return "train both recipes at one size and the same tokens: pairs tell most"
    largest = pairs["num_params"].iloc[-1]
    if abs(difference) < 0.5 * spread and num_params / largest < 4:
        return "the recipes are about equal at the target: choose by something else"
    size = min(4 * largest, np.sqrt(float(largest) * num_params))
    return f"train both at {size:.2g} parameters: the nearer the pair, the surer the choice"
