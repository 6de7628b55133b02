"""How large the fitted models should be, and how far apart."""

from functools import partial

import numpy as np
import pandas as pd

from .cache import cached
from .grids import TRAINING_SHARES, evenly_spaced, size_grid
from .rules import Claim, in_percent, verdict_of_parts
from .size_choices import NEEDED_SIZES, in_a_row, scored
from .studies import KEYS, over_studies

SPREADS = ("in a row", "evenly spread", "smallest and one large")
SPREAD_COUNTS = (3, 4)  # numbers of sizes that are spread
NAMED = ("gpt3", "chinchilla", "opt")  # forecast from four sizes in the paper
LEAST_WINDOWS = 3  # for a rank correlation: of two it is plus or minus one


@cached
def smallest_evidence():
    """ARE from the four smallest sizes of every family with more, both estimators."""
    return scored(lambda params: [({"end": 4}, range(4))] if len(params) >= 4 else [])


@cached
def distance_evidence():
    """ARE from three sizes in a row, by their largest and by the training seen."""
    plan = partial(in_a_row, counts=(NEEDED_SIZES,), some=True)
    shares = list(TRAINING_SHARES)
    return scored(plan, ["fit"], min_checkpoints=5, share=shares)


def spread_ranks(params, k, end):
    """Three ways to place ``k`` sizes of which the largest is the ``end``-th smallest.

    Returns
    -------
    dict of str to list of int
        Ranks of the sizes, counted from 0, by the names in `SPREADS`.

    Examples
    --------
    >>> spread_ranks([1, 2, 4, 8, 16], 3, 5)["evenly spread"]
    [0, 2, 4]
    """
    logs, free, even = np.log(np.asarray(params, float)), list(range(end)), []
    for place in np.linspace(logs[end - 1], logs[0], k):
        even.append(min(free, key=lambda i: abs(logs[i] - place)))
        free.remove(even[-1])
    placed = [list(range(end - k, end)), sorted(even), [*range(k - 1), end - 1]]
    return dict(zip(SPREADS, placed, strict=True))


def _spread_plan(params):
    for k in SPREAD_COUNTS:
        for end in (e for e in evenly_spaced(len(params)) if e >= 2 * k - 1):
            for name, ranks in spread_ranks(params, k, end).items():
                span = params[end - 1] / params[ranks[0]]
                yield {"end": end, "spread": name, "span": span}, ranks


@cached
def spread_evidence():
    """ARE from three or four sizes with one largest, the others in a row or spread."""
    return scored(_spread_plan)


def distance_order(cells):
    """Rank correlation of ARE with scale-up and steps that worsen, by number of sizes.

    Numbers of sizes with fewer than `LEAST_WINDOWS` windows have no correlation.

    Parameters
    ----------
    cells : DataFrame
        Rows of `hitchhiker.evaluate` with one method.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, n_sizes, rank, steps`` (from one window to the next
        nearer one) ``, rises`` (steps on which the error grows).
    """
    rows = []
    for key, windows in cells.groupby([*KEYS, "n_sizes"], sort=False):
        are = windows.sort_values("scale_up", ascending=False)["are"].to_numpy()
        distance = pd.Series(range(len(are), 0, -1))
        rank = pd.Series(are).corr(distance, method="spearman")
        rank = rank if len(are) >= LEAST_WINDOWS else np.nan
        rows.append((*key, rank, len(are) - 1, int((np.diff(are) > 0).sum())))
    return pd.DataFrame(rows, columns=[*KEYS, "n_sizes", "rank", "steps", "rises"])


def nearness(cells):
    """Median rank correlation over families, and share of steps that worsen, by source.

    Parameters
    ----------
    cells : DataFrame
        As for `distance_order`.
    """
    table = distance_order(cells)
    families = table.groupby(KEYS, sort=False)["rank"].mean().dropna().reset_index()
    worse = table.groupby("source")[["rises", "steps"]].sum().query("steps > 0")
    return over_studies(families, "rank"), float(
        (worse["rises"] / worse["steps"]).mean()
    )


def size_verdict(cells, smallest, limits):
    """Value and verdict of ``size`` from cells of our fit and ARE of the four smallest.

    Read as: windows of every count in the grid, a correlation from three windows on,
    its mean over counts, then the median over families; a step is one to the next
    larger window of as many sizes; a family passes if either estimator does, for each
    loss kind.
    """
    rank, worse = nearness(cells)
    named = list(limits["families"])
    four = smallest[smallest["family"].isin(named)]
    four = four.groupby(KEYS)["are"].min().groupby("family").max().reindex(named)
    words = ", ".join(f"{name} {in_percent(are, '.1f')}" for name, are in four.items())
    value = (
        f"rank correlation {rank:.2f}; worse in {in_percent(worse, '.0f')} of steps; "
        f"four smallest: {words}"
    )
    low, high = limits["rank"]
    return value, verdict_of_parts(
        low <= rank <= high,
        worse >= limits["worse"],
        bool((four < limits["are"]).all()),
    )


def windows_and_smallest():
    """Cells of our fit in windows of sizes, and of the four smallest: ``plan``."""
    grid = size_grid()
    parts = {"windows": grid[grid["method"] == "fit"], "smallest": smallest_evidence()}
    return pd.concat([part.assign(plan=plan) for plan, part in parts.items()])


def _judge_size(table, limits):
    parts = (table[table["plan"] == plan] for plan in ("windows", "smallest"))
    return size_verdict(*parts, limits)


def _four_smallest(table, limits):
    rows = table.loc[table["plan"] == "smallest", [*KEYS, "method", "are"]]
    return rows.rename(columns={"are": "value"}).assign(high=limits["are"])


CLAIMS = (
    Claim(
        id="size",
        name="Near sizes help weakly",
        asks="error from the four smallest, {are:percent} or less",
        rule="""Three parts. One: among windows of equally many sizes the rank
        correlation of ARE with scale-up lies between {rank} (median over families,
        every source weighing the same, our fit). Two: in at least {worse:word} of steps
        to the next larger window the ARE rises. Three: the four smallest sizes give an
        ARE below {are:percent} for {families}, with either estimator. Holds if all
        three are met; does not hold if none is; else holds in part""",
        limits={"rank": (0, 0.6), "worse": 1 / 5, "are": 0.1, "families": NAMED},
        evidence=windows_and_smallest,
        judge=_judge_size,
        families=_four_smallest,
    ),
)
