"""What error to expect of a forecast, by what it cost and by how far it reached.

``python -m experiments.forecast_errors`` writes the table of expected errors,
``data/forecast_errors.csv``, see `error_table`.
"""

import numpy as np
import pandas as pd

from hitchhiker.runs.data import tables_folder

from .forecast_grids import (
    FINISHED_SHAPE,
    PART_AND_SMALLER,
    SCALE_UP_EDGES,
    TARGET_PART,
    target_part_grid,
    unfinished_grid,
    window_grid,
)
from .studies import KEYS, study_weights, weighted_quantiles

ERROR_TABLE = "forecast_errors.csv"
ONE_RUN, TWO_OR_THREE = "one run", "two or three sizes"
FOUR_OR_MORE, STOPPED_EARLY = "four sizes or more", "two sizes or more, stopped early"
WAYS_TO_SPEND = (
    ONE_RUN,
    TWO_OR_THREE,
    FOUR_OR_MORE,
    STOPPED_EARLY,
    TARGET_PART,
    PART_AND_SMALLER,
    FINISHED_SHAPE,
)
FLOPS_SHARE_EDGES = (1e-4, 0.001, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
SIZE_COUNTS = (1, 2, 3, 4, 5, 6, 8)  # each up to the next
LEAST_STUDIES = 4  # without which a number is not called the best
QUANTILES = (0.1, 0.5, 0.9)  # of the errors that the table holds


def paid_cells():
    """Every cell with what was paid and what it brought, a row a cell.

    Cells without any row left after the early cut paid nothing and are no part of it.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, way`` (of `WAYS_TO_SPEND`) ``, method, n_sizes,
        scale_up, flops_share, are``.
    """
    finished = window_grid().query("method == 'forecast'")
    edges, ways = [0, 1, 3, np.inf], [ONE_RUN, TWO_OR_THREE, FOUR_OR_MORE]
    way = pd.cut(finished["n_sizes"], edges, labels=ways).astype(str)
    early = unfinished_grid().query("share < 1 and n_sizes > 1")
    parts = [finished.assign(way=way), early.assign(way=STOPPED_EARLY)]
    table = pd.concat([*parts, target_part_grid()], ignore_index=True)
    table = table[table["n_rows"] > 0]
    return table[[*KEYS, "way", "method", "n_sizes", "scale_up", "flops_share", "are"]]


def error_spread(cells):
    """Median of the ARE, its range that holds 80 %, and how much evidence there is.

    Every study weighs the same, in it every family, in that every cell.

    Returns
    -------
    dict
        ``n_studies, n_families, low, middle, high``.

    Examples
    --------
    >>> cells = pd.DataFrame({"source": ["a", "a", "b"], "family": ["c", "d", "e"],
    ...                       "loss_kind": "k", "are": [0.1, 0.2, 0.3]})
    >>> {name: round(value, 3) for name, value in error_spread(cells).items()}
    {'n_studies': 2, 'n_families': 3, 'low': 0.1, 'middle': 0.25, 'high': 0.3}
    """
    families = cells.drop_duplicates(KEYS)["source"]
    points = weighted_quantiles(
        cells["are"], study_weights(cells), QUANTILES, midpoint=True
    )
    counts = {"n_studies": families.nunique(), "n_families": len(families)}
    return counts | dict(zip(("low", "middle", "high"), points.tolist(), strict=True))


def error_table(cells=None):
    """What error to expect of a way to spend compute, as ``data/forecast_errors.csv``.

    Two kinds of rows. By cost: a way and a band of FLOPs. By distance: a number of
    finished sizes and a band of scale-up. Columns of the other kind are empty.

    Parameters
    ----------
    cells : DataFrame, optional
        As from `paid_cells`.

    Returns
    -------
    DataFrame
        ``way`` (of `WAYS_TO_SPEND`) ``, method`` (of the forecast: "forecast" or the
        shape of a run) ``, flops_share_low, flops_share_high`` (FLOPs spent over those
        of the target) ``, n_sizes`` (of `SIZE_COUNTS`; a row holds all counts below the
        next) ``, scale_up_low, scale_up_high`` (parameters of the target over the
        largest size seen) ``, n_studies, n_families, low, middle, high`` (ARE: the 10 %
        point, the median and the 90 % point, every study weighing the same). Bands hold
        their upper edge; the last scale-up has none.
    """
    cells = paid_cells() if cells is None else cells
    by_cost = _by_band(cells, ["way", "method"], "flops_share", FLOPS_SHARE_EDGES)
    whole = cells[cells["way"].isin([ONE_RUN, TWO_OR_THREE, FOUR_OR_MORE])]
    edges = [*SIZE_COUNTS, np.inf]
    count = pd.cut(whole["n_sizes"], edges, right=False, labels=SIZE_COUNTS)
    whole = whole.assign(n_sizes=count.astype(int))
    groups = ["way", "method", "n_sizes"]
    by_distance = _by_band(whole, groups, "scale_up", SCALE_UP_EDGES)
    table = pd.concat([by_cost, by_distance], ignore_index=True)
    counts = ["n_sizes", "n_studies", "n_families"]
    table = table.astype(dict.fromkeys(counts, "Int64"))
    return table[
        "way method flops_share_low flops_share_high n_sizes scale_up_low "
        "scale_up_high n_studies n_families low middle high".split()
    ]


def _by_band(cells, groups, column, edges):
    """`error_spread` of the cells by groups and by bands of a column."""
    band = pd.cut(cells[column], edges, labels=False)
    rows = []
    for (*names, number), inside in cells.groupby([*groups, band], sort=False):
        low, high = edges[int(number)], edges[int(number) + 1]
        row = dict(zip(groups, names, strict=True))
        row |= {f"{column}_low": low, f"{column}_high": high}
        rows.append(row | error_spread(inside))
    table = pd.DataFrame(rows).replace(np.inf, np.nan)
    table["way"] = pd.Categorical(table["way"], WAYS_TO_SPEND)
    table = table.sort_values([*groups, f"{column}_low"], ignore_index=True)
    return table.astype({"way": str})


def envelope(table):
    """The way of least median error in each band of cost, of those well enough known.

    Parameters
    ----------
    table : DataFrame
        As from `error_table`; rows of fewer than `LEAST_STUDIES` studies are left out.
    """
    known = table[table["flops_share_low"].notna()]
    known = known[known["n_studies"] >= LEAST_STUDIES]
    best = known.groupby("flops_share_low")["middle"].idxmin()
    return known.loc[best].reset_index(drop=True)


def against(cells, way, other, low, high):
    """How a way's error compares with another's, in the same families at the same cost.

    Returns
    -------
    ratio : float
        Of their median ARE, the mean over studies of the logarithm; below one: better.
    n_studies : int
    """
    inside = cells[(cells["flops_share"] > low) & (cells["flops_share"] <= high)]
    wide = inside.groupby([*KEYS, "way"])["are"].median().unstack()
    ratio = np.log(wide[way] / wide[other]).dropna().groupby("source").median()
    return float(np.exp(ratio.mean())), len(ratio)


if __name__ == "__main__":
    error_table().round(4).to_csv(tables_folder() / ERROR_TABLE, index=False)
    print(f"wrote {tables_folder() / ERROR_TABLE}")
