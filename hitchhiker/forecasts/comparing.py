"""Which of two recipes will have the lower loss, from a ladder of runs of each."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from ..laws import Z_80
from ..runs import selection
from ..runs.arguments import number, table
from ..runs.checks import DataError, check_table, doubts, refuse, run_names
from ..runs.plausibility import findings_between
from ..runs.words import on_screen
from .forecasting import Forecast, checked_targets, forecast_from
from .prior import prior_for, shipped_prior

NEAR_PARAMS = 1.1  # ratio of sizes within which two runs are a pair
NEAR_TOKENS = 1.2  # ratio of tokens, the same
DIFFERENCE_DF = 5  # degrees of freedom of differences
SURE = 0.9  # probability from which a choice counts as made


@dataclass(frozen=True)
class Comparison:
    """Which of two recipes to train, and how sure that is.

    Attributes
    ----------
    probability : float
        That the first has the lower loss at the target.
    difference : float
        Expected relative difference of losses, first over second less one.
    low_80, high_80 : float
        Its interval.
    minimum_detectable_difference : float
        The least relative difference at the largest pair that makes a choice sure with
        this design; infinite where that pair is too far from the target to tell any.
    pairs : DataFrame
        Pairs of runs of equal size and tokens: ``num_params, tokens_seen, difference``.
    advice : str
        What to train next, or to stop.
    forecasts : tuple of Forecast
        Of the first and of the second.
    """

    probability: float
    difference: float
    low_80: float
    high_80: float
    minimum_detectable_difference: float
    pairs: pd.DataFrame
    advice: str
    forecasts: tuple[Forecast, Forecast]

    def summary(self):
        """The comparison in a few lines of text."""
        better = "first" if self.probability >= 0.5 else "second"
        sure = max(self.probability, 1 - self.probability)
        design = f"differences from {100 * self.minimum_detectable_difference:.1f} % on"
        if not np.isfinite(self.minimum_detectable_difference):
            design = "no difference, however large, so far from the target"
        return "\n".join(
            [
                f"the {better} recipe is better with a chance of {100 * sure:.0f} %",
                "loss of the first over the second at the target, less one: "
                f"{100 * self.difference:+.2f} % (80 %: {100 * self.low_80:+.2f} to "
                f"{100 * self.high_80:+.2f} %; below zero the first is better)",
                f"this design can tell {design}",
                f"next: {self.advice}",
            ]
        )

    def __repr__(self):
        return on_screen("Comparison", self.summary())


def paired(first, second):
    """Final losses of runs of two recipes that have nearly the same size and tokens.

    Returns
    -------
    DataFrame
        ``num_params, tokens_seen`` (of the first) ``, difference`` (log of the ratio of
        losses), the smallest first; empty if nothing matches.
    """
    counts = ["num_params", "tokens_seen"]
    ends = [
        selection.last_checkpoints(table)[[*counts, "loss"]]
        for table in (first, second)
    ]
    both = ends[0].merge(ends[1], how="cross", suffixes=("", "_other"))
    apart = [np.abs(np.log(both[c] / both[f"{c}_other"])) for c in counts]
    near = (apart[0] < np.log(NEAR_PARAMS)) & (apart[1] < np.log(NEAR_TOKENS))
    difference = np.log(both["loss"] / both["loss_other"])
    both = both.assign(difference=difference, apart=apart[0] + apart[1])[near]
    both = both.sort_values("apart").drop_duplicates(counts).sort_values(counts)
    return both[[*counts, "difference"]].reset_index(drop=True)


def pair_errors(without=None):
    """How far differences between two recipes move on the way to the target.

    Learned from real pairs of families by `experiments.learn_pairs`: ``floor, per_size,
    per_difference`` for `pair_sd`; ``apart``, the error of a difference of two
    forecasts over what their intervals give.
    """
    pairs = shipped_prior()["pairs"]
    return pairs.get(f"without {without}", pairs["all"])


def pair_sd(floor, per_size, per_difference, difference, extrapolation):
    """Standard deviation of a log difference carried from a pair to a larger target.

    Parameters
    ----------
    floor : float
        At the size of the pair.
    per_size, per_difference : float
        For each factor e in size, and of the difference itself for each such factor:
        differences between texts grow or shrink with scale.
    difference : float or array
        Absolute log ratio of losses at the pair.
    extrapolation : float or array
        Log of the target's size over the pair's.
    """
    return np.sqrt(
        floor**2
        + (per_size * extrapolation) ** 2
        + (per_difference * difference * extrapolation) ** 2
    )


def minimum_detectable_difference(floor, per_size, per_difference, extrapolation):
    """The relative difference from which a pair makes a choice sure.

    A difference widens its own standard deviation, see `pair_sd`, so that far from the
    target none may do.

    Examples
    --------
    >>> [round(minimum_detectable_difference(0.007, 0.0, 0.2, float(np.log(k))), 3)
    ...  for k in (4, 20, 100)]
    [0.011, 0.022, inf]
    """
    sure = stdtrit(DIFFERENCE_DF, SURE)
    room = 1 - (sure * per_difference * extrapolation) ** 2
    if room <= 0:
        return np.inf
    least = sure * np.hypot(floor, per_size * extrapolation) / np.sqrt(room)
    return float(np.expm1(least))


def compare(first, second, num_params, tokens_seen, *, without=(), force=False):
    """Compare two recipes at a target from a ladder of runs of each.

    Runs of equal size and tokens are compared one to one, and the difference of the
    largest pair is carried to the target; without a pair two forecasts are compared.

    Parameters
    ----------
    first, second : DataFrame
        Tables of runs, as for `hitchhiker.forecast`; one unit of loss, one text.
    num_params, tokens_seen : float
        The target.
    without : str or iterable of str
        Names of runs to leave out of the table that has them.
    force : bool
        Whether to compare what can hardly be meant: tables in two units.

    Returns
    -------
    Comparison

    Raises
    ------
    DataError
        If a table or the target cannot be used, or the losses are of two kinds.

    Examples
    --------
    >>> from hitchhiker import load_runs
    >>> runs = [load_runs(family=f"overtrain-{c}", loss_kind="validation-c4-val")
    ...         for c in ("c4", "redpajama")]
    >>> small = [t[t["num_params"] < 1e9] for t in runs]
    >>> bool(compare(*small, 6.9e9, 1.4e11).probability > 0.9)
    True
    """
    tables = table("first", first), table("second", second)
    num_params = number("num_params", num_params, above=0)
    tokens_seen = number("tokens_seen", tokens_seen, above=0)
    tables = first, second = _without(*tables, without)
    told = [doubts(one, force) for one in tables]
    _check_one_text(first, second)
    between = findings_between(first, second)
    refuse(between, force)
    told = [(*own, *(finding.text for finding in between)) for own in told]
    target = checked_targets(num_params, tokens_seen)
    forecasts = tuple(map(_forecast, tables, (target, target), told))
    errors = pair_errors(_study(tables))
    pairs = paired(first, second)
    if len(pairs):
        difference, sd, least = _from_pair(pairs.iloc[-1], num_params, errors)
    else:
        difference, sd, least = _from_forecasts(forecasts, errors)
    probability = float(stdtr(DIFFERENCE_DF, -difference / sd))
    half_width = stdtrit(DIFFERENCE_DF, 0.9) * sd
    return Comparison(
        probability,
        *(float(np.expm1(difference + s * half_width)) for s in (0, -1, 1)),
        least,
        pairs,
        _next(probability, difference, sd, pairs, num_params),
        forecasts,
    )


def _check_one_text(first, second):
    """Raise an error if two tables hold losses of different kinds."""
    none = pd.Series(dtype=object)
    kinds = [set(table.get("loss_kind", none).dropna()) for table in (first, second)]
    if kinds[0] and kinds[1] and kinds[0] != kinds[1]:
        raise DataError(
            f"the recipes are measured as {kinds[0].pop()} and {kinds[1].pop()}: "
            "compare losses on one text"
        )


def _without(first, second, names):
    """Two tables without some runs, each of which must be in one of them."""
    names = [names] if isinstance(names, str) else list(names)
    if not names:
        return first, second
    tables = [check_table(table) for table in (first, second)]
    known = [set(run_names(table).astype(str)) for table in tables]
    selection.without_runs(pd.concat(tables), names)  # says which name is unknown
    return tuple(
        selection.without_runs(table, [n for n in names if str(n) in of_table])
        for table, of_table in zip(tables, known, strict=True)
    )


def _forecast(table, target, told):
    used = selection.early_cut(table)
    n_early = len(table) - len(used)
    prior = prior_for(table)
    return forecast_from(used, *target, (0.8, 0.9), prior, n_early, told, True)


def _study(tables):
    """The one study that the tables are from, None if they name several or none."""
    sources = {s for table in tables if "source" in table for s in table["source"]}
    return sources.pop() if len(sources) == 1 else None


def _from_pair(pair, num_params, errors):
    """Log difference at the target, its standard deviation, the least detectable."""
    difference = float(pair["difference"])
    extrapolation = max(np.log(num_params / pair["num_params"]), 0.0)
    known = errors["floor"], errors["per_size"], errors["per_difference"]
    sd = float(pair_sd(*known, abs(difference), extrapolation))
    return difference, sd, minimum_detectable_difference(*known, extrapolation)


def _from_forecasts(forecasts, errors):
    """The same from two forecasts, where no pair of runs matches."""
    middles = [np.log(f.table["loss"][0]) for f in forecasts]
    highs = [np.log(f.table["high_80"][0]) for f in forecasts]
    difference = float(middles[0] - middles[1])
    half_width = np.hypot(highs[0] - middles[0], highs[1] - middles[1])
    sd = errors["apart"] * half_width / Z_80
    return difference, sd, float(np.expm1(stdtrit(DIFFERENCE_DF, SURE) * sd))


def _next(probability, difference, sd, pairs, num_params):
    """What to train next, in a sentence."""
    if max(probability, 1 - probability) >= SURE:
        return "the choice is made: no further run is needed for it"
    if not len(pairs):
        return "train both recipes at one size and the same tokens: pairs tell most"
    largest = pairs["num_params"].iloc[-1]
    if abs(difference) < 0.5 * sd and num_params / largest < 4:
        return "the recipes are about equal at the target: choose by something else"
    size = min(4 * largest, np.sqrt(float(largest) * num_params))
    return (
        f"train both at {size:.2g} parameters: the nearer the pair, the surer the "
        "choice"
    )
