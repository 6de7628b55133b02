"""Claims about how large and how many the fitted models should be."""

from functools import partial

import numpy as np
import pandas as pd

from hitchhiker.evaluation.evaluating import evaluate
from hitchhiker.evaluation.methods import LawMethod
from hitchhiker.runs.selection import hold_out, sizes, with_sizes

from .cache import cached
from .grids import MOST_SIZES, SHARES, eligible_families, share_grid, size_grid, steps
from .rules import ESTIMATORS, KEYS, by_source, share, verdict_of_parts

FEW, SAFE = 3, 5  # sizes that a law needs at least, and those the paper calls safe
FOUR = (
    "gpt3",
    "chinchilla",
    "opt",
)  # families the paper forecasts from the four smallest
SPREADS = ("in a row", "evenly spread", "smallest and one large")
BANDS = {
    "scale_up": {
        "up to 3x": 3,
        "3 to 10x": 10,
        "10 to 30x": 30,
        "30 to 100x": 100,
        "above": np.inf,
    },
    "flops_share": {
        "up to 3 %": 0.03,
        "3 to 10 %": 0.1,
        "10 to 30 %": 0.3,
        "30 to 100 %": 1,
        "above": np.inf,
    },
    "n_sizes": {str(k): k for k in range(1, SAFE + 1)},
}
NEAR = (0.8, 1.25)  # FLOPs that count as equal
VARIANTS = {
    "as in the verdict, fewer ends": {},
    "squares on the log loss": {"methods": {"our fit": LawMethod(objective="ls-log")}},
    "no early cut": {"early": 0.0},
    "first 10B tokens cut": {"early": 10e9},
    "target: last tenth": {"tail": 0.1},
}
KEPT = [
    *KEYS,
    "method",
    "n_sizes",
    "share",
    "scale_up",
    "flops",
    "flops_share",
    "status",
    "forecast",
    "signed_error",
    "are",
]


def _at(train, positions):
    return with_sizes(train, sizes(train).index[list(positions)])


def _experiment(plan, methods=ESTIMATORS, min_checkpoints=1, shares=(1.0,), **options):
    """Score every choice of sizes that ``plan(params)`` yields as labels and positions."""
    parts = []
    for runs in eligible_families(min_checkpoints):
        if cells := list(plan(sizes(hold_out(runs)[0]).to_numpy())):
            labels, positions = zip(*cells, strict=True)
            choices = [partial(_at, positions=p) for p in positions]
            table = evaluate(
                runs, methods, sizes=choices, share=list(shares), **options
            )[KEPT]
            rows = np.tile(np.repeat(np.arange(len(cells)), len(shares)), len(methods))
            labels = pd.DataFrame(labels).iloc[rows].reset_index(drop=True)
            parts.append(pd.concat([table, labels], axis=1))
    return pd.concat(parts, ignore_index=True)


def _windows(params, counts, some=False):
    """Consecutive sizes that end with the same largest, for every such size or for some."""
    ends = steps(len(params)) if some else range(1, len(params) + 1)
    for end in (e for e in ends if e >= max(counts)):
        for k in counts:
            yield {"end": end}, range(end - k, end)


@cached
def smallest_evidence():
    """ARE from the four smallest sizes of every family that has more, both estimators."""
    return _experiment(
        lambda params: [({"end": 4}, range(4))] if len(params) >= 4 else []
    )


@cached
def reach_evidence():
    """ARE from three sizes in a row, by their largest and by the share of training seen."""
    plan = partial(_windows, counts=(FEW,), some=True)
    return _experiment(plan, ["fit"], min_checkpoints=5, shares=SHARES)


@cached
def count_evidence():
    """ARE from three and from five sizes that end with the same largest, both estimators."""
    return _experiment(partial(_windows, counts=(FEW, SAFE)))


@cached
def variants_evidence():
    """The same with our fit, some largest sizes of long ladders, under several choices."""
    plan = partial(_windows, counts=(FEW, SAFE), some=True)
    ours = {"methods": {"our fit": ESTIMATORS["our fit"]}}
    parts = [
        _experiment(plan, **{**ours, **o}).assign(variant=v)
        for v, o in VARIANTS.items()
    ]
    return pd.concat(parts, ignore_index=True)


def same_largest():
    """Cells of one to five sizes that end with the same largest, from ladders up to eight."""
    grid = size_grid()
    keys = [*KEYS, "method"]
    most = grid.groupby(keys)["n_sizes"].transform("max")
    end = grid.groupby(keys)["scale_up"].rank(method="dense", ascending=False)
    return grid[
        most.between(SAFE, MOST_SIZES) & (end >= SAFE) & (grid["n_sizes"] <= SAFE)
    ]


def spread_positions(params, k, end):
    """Three ways to place ``k`` sizes of which the largest is the ``end``-th smallest.

    Examples
    --------
    >>> spread_positions([1, 2, 4, 8, 16], 3, 5)["evenly spread"]
    [0, 2, 4]
    """
    logs, free, even = np.log(np.asarray(params, float)), list(range(end)), []
    for aim in np.linspace(logs[end - 1], logs[0], k):
        even.append(min(free, key=lambda i: abs(logs[i] - aim)))
        free.remove(even[-1])
    placed = [list(range(end - k, end)), sorted(even), [*range(k - 1), end - 1]]
    return dict(zip(SPREADS, placed, strict=True))


def _spread_plan(params):
    for k in (3, 4):
        for end in (e for e in steps(len(params)) if e >= 2 * k - 1):
            for name, where in spread_positions(params, k, end).items():
                span = params[end - 1] / params[where[0]]
                yield {"end": end, "spread": name, "span": span}, where


@cached
def spread_evidence():
    """ARE from three or four sizes with one largest, the others in a row or spread."""
    return _experiment(_spread_plan)


def _drop_plan(params):
    every = range(len(params))
    if len(params) > FEW:
        yield {"dropped": "none", "rank": np.nan}, every
        for i in every:
            left = [j for j in every if j != i]
            yield {"dropped": f"{params[i]:.4g}", "rank": i / every[-1]}, left


@cached
def drop_evidence():
    """The forecast from all smaller sizes, and without each of them."""
    return _experiment(_drop_plan)


def moves():
    """How far the forecast moves when one size is left out, a row a size left out."""
    cells = drop_evidence()
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
    ours = grid[(grid["method"] == "fit") & (grid["n_sizes"] >= FEW)]
    half = shares[(shares["method"] == "fit") & (shares["n_sizes"] >= FEW)]
    one = grid[(grid["n_sizes"] == 1) & (grid["method"] == "borrowed")]
    several = _pairs(ours, one, (0.5, NEAR[1])).sort_values("cost")
    several = several.drop_duplicates([*KEYS, "scale_up_second"], keep="last")
    more, longer = _pairs(ours, ours, NEAR), _pairs(half, half, NEAR)
    more = more[more["n_sizes_first"] > more["n_sizes_second"]]
    longer = longer[longer["share_first"] > longer["share_second"]]
    named = {
        "several small or one large": several,
        "more small or fewer large": more,
        "longer or larger": longer,
    }
    parts = [t.assign(comparison=name) for name, t in named.items()]
    facts = [
        f"{name}_{which}"
        for name in ("n_sizes", "share", "scale_up", "are")
        for which in ("first", "second")
    ]
    return pd.concat(parts, ignore_index=True)[[*KEYS, "comparison", *facts, "cost"]]


def _pairs(first, second, near):
    """Pairs of which the first has the smaller largest size, at nearly the same FLOPs."""
    out = first.merge(second, on=KEYS, suffixes=("_first", "_second"))
    out["cost"] = out["flops_first"] / out["flops_second"]
    return out[
        out["cost"].between(*near) & (out["scale_up_first"] > out["scale_up_second"])
    ]


def pooled(results, column):
    """Spread of ARE over all families in bands of a column, every source weighing the same.

    Returns
    -------
    DataFrame
        ``band, method, n_sources, n_families, low, middle, high``: of the families'
        median ARE the 10, 50 and 90 % points.
    """
    bands = BANDS[column]
    band = pd.cut(results[column], [0, *bands.values()], labels=list(bands))
    keys = [*KEYS, "method"]
    middle = (
        results.assign(band=band)
        .groupby([*keys, "band"], observed=True)["are"]
        .median()
    )
    rows = []
    for (name, method), own in middle.reset_index().groupby(
        ["band", "method"], observed=True
    ):
        weights = 1 / own.groupby("source")["are"].transform("size")
        points = np.quantile(
            own["are"], [0.1, 0.5, 0.9], weights=weights, method="inverted_cdf"
        )
        rows.append((name, method, own["source"].nunique(), len(own), *points))
    return pd.DataFrame(
        rows, columns="band method n_sources n_families low middle high".split()
    )


def ladders(cells):
    """Rank correlation of ARE with scale-up and steps that worsen, a row a count of sizes.

    Counts of fewer than three windows have no correlation: two points give plus or
    minus one.
    """
    rows = []
    for key, own in cells.groupby([*KEYS, "n_sizes"], sort=False):
        are = own.sort_values("scale_up", ascending=False)["are"].to_numpy()
        order = pd.Series(are).corr(
            pd.Series(range(len(are), 0, -1)), method="spearman"
        )
        rows.append(
            (
                *key,
                order if len(are) >= 3 else np.nan,
                len(are) - 1,
                int((np.diff(are) > 0).sum()),
            )
        )
    return pd.DataFrame(rows, columns=[*KEYS, "n_sizes", "rank", "steps", "rises"])


def nearness(cells):
    """Median rank correlation over families, and share of steps that worsen, by source."""
    table = ladders(cells)
    families = table.groupby(KEYS, sort=False)["rank"].mean().dropna().reset_index()
    worse = table.groupby("source")[["rises", "steps"]].sum().query("steps > 0")
    return by_source(families, "rank"), float((worse["rises"] / worse["steps"]).mean())


def size_verdict(cells, smallest):
    """Value and verdict of ``size`` from cells of our fit and ARE of the four smallest.

    Read as: windows of every count in the grid, a correlation from three windows on,
    its mean over counts, then the median over families; a step is one to the next
    larger window of as many sizes; a family passes if either estimator does, for each
    loss kind.
    """
    rank, worse = nearness(cells)
    four = smallest[smallest["family"].isin(FOUR)]
    four = four.groupby(KEYS)["are"].min().groupby("family").max().reindex(FOUR)
    words = ", ".join(f"{name} {100 * are:.1f} %" for name, are in four.items())
    text = f"rank correlation {rank:.2f}; worse in {100 * worse:.0f} % of steps; four smallest: "
    parts = 0 <= rank <= 0.6, worse >= 0.2, bool((four < 0.1).all())
    return text + words, verdict_of_parts(*parts)


def count_shares(cells):
    """S and Q of the rule of ``count``, a row an estimator."""
    rows = {}
    for name, own in cells.groupby("method", sort=False):
        wide = own.pivot(
            index=[*KEYS, "end"], columns="n_sizes", values="are"
        ).reset_index()
        wide = wide.dropna(subset=[FEW, SAFE])
        rows[name] = share(wide, wide[SAFE] < wide[FEW]), share(wide, wide[SAFE] <= 0.1)
    return pd.DataFrame(rows, index=["S", "Q"]).T


def count_verdict(cells):
    """Value and verdict of ``count``: largest sizes that have both three and five below them."""
    found = count_shares(cells)
    words = [
        f"{name}: five better than three in {100 * s:.0f} % of cells, at most 10 % off in "
        f"{100 * q:.0f} %"
        for name, (s, q) in found.iterrows()
    ]
    parts = [*(found["S"] >= 2 / 3), *(found["Q"] >= 3 / 4)]
    return "; ".join(words), verdict_of_parts(*parts)


def _size():
    grid = size_grid()
    return size_verdict(grid[grid["method"] == "fit"], smallest_evidence())


def _count():
    return count_verdict(count_evidence())


TESTS = {"size": _size, "count": _count}
