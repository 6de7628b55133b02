"""How many models to fit, and what one of them can spoil."""

from functools import partial

import numpy as np
import pandas as pd

from hitchhiker.evaluation.methods import LawMethod

from .cache import cached
from .grids import MAX_ENDS, share_grid, size_grid
from .size_choices import LEAST_SIZES, SAFE_SIZES, in_a_row, scored
from .studies import ESTIMATORS, KEYS, share_over_studies

EQUAL_COST = (0.8, 1.25)  # ratio of FLOPs that count as equal
VARIANTS = {
    "as in the verdict, fewer ends": {},
    "squares on the log loss": {"methods": {"our fit": LawMethod(objective="ls-log")}},
    "no early cut": {"early": None},
    "first 10B tokens cut": {"early": 10e9},
    "target: last tenth": {"tail": 0.1},
}


@cached
def count_evidence():
    """ARE from three and from five sizes that end with one largest, both estimators."""
    return scored(partial(in_a_row, counts=(LEAST_SIZES, SAFE_SIZES)))


@cached
def variants_evidence():
    """The same with our fit and some largest sizes, analysed in several ways."""
    plan = partial(in_a_row, counts=(LEAST_SIZES, SAFE_SIZES), some=True)
    default = {"methods": {"our fit": ESTIMATORS["our fit"]}}
    parts = [
        scored(plan, **default | options).assign(variant=variant)
        for variant, options in VARIANTS.items()
    ]
    return pd.concat(parts, ignore_index=True)


def count_shares(cells):
    """How often five sizes are better than three, and within a tenth, by estimator.

    Parameters
    ----------
    cells : DataFrame
        As from `count_evidence`.

    Returns
    -------
    DataFrame
        ``S, Q`` of the rule of the claim ``count``: shares of largest sizes, every
        source weighing the same.
    """
    rows = {}
    for method, scores in cells.groupby("method", sort=False):
        wide = scores.pivot(index=[*KEYS, "end"], columns="n_sizes", values="are")
        wide = wide.reset_index().dropna(subset=[LEAST_SIZES, SAFE_SIZES])
        better = share_over_studies(wide, wide[SAFE_SIZES] < wide[LEAST_SIZES])
        rows[method] = better, share_over_studies(wide, wide[SAFE_SIZES] <= 0.1)
    return pd.DataFrame(rows, index=["S", "Q"]).T


def same_largest():
    """Cells of one to five sizes with the same largest, from ladders of up to eight."""
    grid = size_grid()
    families = grid.groupby([*KEYS, "method"])
    most = families["n_sizes"].transform("max")
    end = families["scale_up"].rank(method="dense", ascending=False)
    long_enough = most.between(SAFE_SIZES, MAX_ENDS) & (end >= SAFE_SIZES)
    return grid[long_enough & (grid["n_sizes"] <= SAFE_SIZES)]


def _left_out_plan(params):
    every = range(len(params))
    if len(params) > LEAST_SIZES:
        yield {"dropped": "none", "rank": np.nan}, every
        for i in every:
            facts = {"dropped": f"{params[i]:.4g}", "rank": i / every[-1]}
            yield facts, [j for j in every if j != i]


@cached
def left_out_evidence():
    """The forecast from all smaller sizes, and without each of them."""
    return scored(_left_out_plan)


def moves():
    """How far the forecast moves when one size is left out, a row a size left out."""
    cells = left_out_evidence()
    keys = [*KEYS, "method"]
    whole = cells[cells["dropped"] == "none"].set_index(keys)
    whole = whole[["forecast", "signed_error", "are", "n_sizes"]]
    out = cells[cells["dropped"] != "none"].join(whole.add_suffix("_all"), on=keys)
    return out.assign(moved=(out["forecast"] / out["forecast_all"] - 1).abs())


def equal_flops():
    """Pairs of cells of one family that cost the same, a row a pair.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, comparison``, the cells as ``n_sizes_first,
        n_sizes_second`` and so on for ``share, scale_up, are``, and ``cost`` (FLOPs of
        the first over those of the second).
    """
    grid, shares = size_grid(), share_grid()
    fits = grid[(grid["method"] == "fit") & (grid["n_sizes"] >= LEAST_SIZES)]
    early = shares[(shares["method"] == "fit") & (shares["n_sizes"] >= LEAST_SIZES)]
    one = grid[(grid["n_sizes"] == 1) & (grid["method"] == "borrowed")]
    several = _pairs(fits, one, (0.5, EQUAL_COST[1])).sort_values("cost")
    several = several.drop_duplicates([*KEYS, "scale_up_second"], keep="last")
    more, longer = _pairs(fits, fits, EQUAL_COST), _pairs(early, early, EQUAL_COST)
    more = more[more["n_sizes_first"] > more["n_sizes_second"]]
    longer = longer[longer["share_first"] > longer["share_second"]]
    named = {
        "several small or one large": several,
        "more small or fewer large": more,
        "longer or larger": longer,
    }
    parts = [table.assign(comparison=name) for name, table in named.items()]
    facts = [
        f"{name}_{which}"
        for name in ("n_sizes", "share", "scale_up", "are")
        for which in ("first", "second")
    ]
    return pd.concat(parts, ignore_index=True)[[*KEYS, "comparison", *facts, "cost"]]


def _pairs(first, second, ratio):
    """Pairs at nearly the same FLOPs, the first with the smaller largest size."""
    out = first.merge(second, on=KEYS, suffixes=("_first", "_second"))
    out["cost"] = out["flops_first"] / out["flops_second"]
    smaller = out["scale_up_first"] > out["scale_up_second"]
    return out[out["cost"].between(*ratio) & smaller]
