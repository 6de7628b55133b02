"""How many models to fit, and what one of them can spoil."""

from functools import partial

import numpy as np
import pandas as pd

from hitchhiker.evaluation.methods import LawMethod

from .cache import cached
from .grids import MAX_ENDS, share_grid, size_grid
from .rules import STRICTLY_BELOW_ONE, Claim, in_percent, verdict_of_parts
from .size_choices import NEEDED_SIZES, SAFE_SIZES, in_a_row, scored
from .studies import ESTIMATORS, KEYS, share_over_studies

SAFE_ARE = 0.1  # what five sizes should reach
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
    return scored(partial(in_a_row, counts=(NEEDED_SIZES, SAFE_SIZES)))


@cached
def variants_evidence():
    """The same with our fit and some largest sizes, analysed in several ways."""
    plan = partial(in_a_row, counts=(NEEDED_SIZES, SAFE_SIZES), some=True)
    default = {"methods": {"our fit": ESTIMATORS["our fit"]}}
    parts = [
        scored(plan, **default | options).assign(variant=variant)
        for variant, options in VARIANTS.items()
    ]
    return pd.concat(parts, ignore_index=True)


def count_shares(cells, most=SAFE_ARE):
    """How often five sizes are better than three, and within an error, by estimator.

    Parameters
    ----------
    cells : DataFrame
        As from `count_evidence`.
    most : float
        The ARE that five sizes should have at most.

    Returns
    -------
    DataFrame
        ``S, Q`` of the rule of the claim ``count``: shares of largest sizes, every
        source weighing the same.
    """
    rows = {}
    for method, scores in cells.groupby("method", sort=False):
        wide = _three_and_five(scores)
        better = share_over_studies(wide, wide[SAFE_SIZES] < wide[NEEDED_SIZES])
        rows[method] = better, share_over_studies(wide, wide[SAFE_SIZES] <= most)
    return pd.DataFrame(rows, index=["S", "Q"]).T


def _three_and_five(cells):
    """ARE where both three and five sizes end with the same largest."""
    index = [*KEYS, "method", "end"]
    wide = cells.pivot(index=index, columns="n_sizes", values="are").reset_index()
    return wide.dropna(subset=[NEEDED_SIZES, SAFE_SIZES])


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
    if len(params) > NEEDED_SIZES:
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
    fits = grid[(grid["method"] == "fit") & (grid["n_sizes"] >= NEEDED_SIZES)]
    early = shares[(shares["method"] == "fit") & (shares["n_sizes"] >= NEEDED_SIZES)]
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


def count_verdict(cells, limits):
    """Value and verdict of ``count``: largest sizes with both three and five below."""
    shares = count_shares(cells, limits["are"])
    words = [
        f"{name}: five better than three in {in_percent(s, '.0f')} of cells, at most "
        f"{in_percent(limits['are'])} off in {in_percent(q, '.0f')}"
        for name, (s, q) in shares.iterrows()
    ]
    return "; ".join(words), verdict_of_parts(
        *(shares["S"] >= limits["better"]), *(shares["Q"] >= limits["good"])
    )


def _five_over_three(cells, limits):
    wide = _three_and_five(cells)
    wide = wide.assign(value=wide[SAFE_SIZES] / wide[NEEDED_SIZES])
    middle = wide.groupby([*KEYS, "method"], sort=False)["value"].median()
    return middle.reset_index().assign(high=limits["ratio"])


CLAIMS = (
    Claim(
        id="count",
        name="More models help",
        asks="median error of five sizes over three",
        rule="""For each estimator: S is the share of families and largest sizes whose
        ARE is lower with {safe:word} sizes than with {few:word} that end with the same
        largest; Q is the share of cells of {safe:word} sizes with an ARE of at most
        {are:percent}; every source weighing the same. Holds if S is at least
        {better:fraction} and Q at least {good:fraction} for both estimators; does not
        hold if none of the four is met; else holds in part""",
        limits={
            "few": NEEDED_SIZES,
            "safe": SAFE_SIZES,
            "are": SAFE_ARE,
            "better": 2 / 3,
            "good": 3 / 4,
            "ratio": STRICTLY_BELOW_ONE,
        },
        evidence=count_evidence,
        judge=count_verdict,
        families=_five_over_three,
    ),
)
