"""How well `hitchhiker.forecast` does, every study judged by a prior that has not seen it.

``python -m experiments.forecast_errors`` writes the table of expected errors,
``data/forecast_errors.csv``, see `error_table`.
"""

from functools import partial

import numpy as np
import pandas as pd

from hitchhiker.evaluation.evaluating import evaluate
from hitchhiker.evaluation.methods import LawMethod
from hitchhiker.fits.fitting import fit
from hitchhiker.forecasts.prior import PRIOR_DF
from hitchhiker.runs import selection
from hitchhiker.runs.data import tables_folder

from . import partial as own_part
from .cache import cached
from .grids import SHARES, eligible_families, size_grid, steps
from .rules import KEYS

ERRORS = "forecast_errors.csv"
ONE, FEW, MANY = "one run", "two or three sizes", "four sizes or more"
EARLY = "two sizes or more, stopped early"
PART, BOTH = "part of the target", "all smaller sizes and a part of the target"
SHAPE = "part of the target, finished as the next smaller run"
WAYS = (ONE, FEW, MANY, EARLY, PART, BOTH, SHAPE)
SPENT = (
    1e-4,
    0.001,
    0.01,
    0.03,
    0.1,
    0.3,
    1.0,
    3.0,
    10.0,
)  # edges: shares of target's FLOPs
SCALES = (1.0, 2.0, 5.0, 15.0, 50.0, np.inf)  # edges of bands of scale-up
COUNTS = (1, 2, 3, 4, 5, 6, 8)  # numbers of sizes, each up to the next
ENOUGH = 4  # studies without which a number is not called the best
CAP = 0.5  # of an ARE, so that a few explosions decide nothing
TYPICAL = "exponents of other families"
METHODS = {
    "forecast": "forecast",
    "fit": "our fit",
    TYPICAL: TYPICAL,
    "paper": "the paper's method",
    "borrowed": "A and alpha borrowed",
    "best_seen": "best loss seen",
    "most_trained": "most trained",
}


@cached
def exponents():
    """Exponents of the families whose robust fit determines them, a row a family."""
    rows = []
    for runs in eligible_families(min_checkpoints=1):
        found = fit(selection.early_cut(runs))
        if found.status == "ok":
            rows.append((*runs[KEYS].iloc[0], found.law.alpha, found.law.beta))
    return pd.DataFrame(rows, columns=[*KEYS, "alpha", "beta"])


def typical(source):
    """The strong rival: a robust fit with the median exponents of all other studies."""
    table = exponents()
    middle = (
        table[table["source"] != source]
        .groupby("source")[["alpha", "beta"]]
        .median()
        .median()
    )
    return LawMethod(
        fixed={"alpha": float(middle["alpha"]), "beta": float(middle["beta"])}
    )


@cached
def window_grid():
    """Every window of sizes, scored with the forecast and with all its rivals."""
    parts = [size_grid()]
    for runs in eligible_families(min_checkpoints=1):
        count = selection.size_names(runs).nunique() - 1
        windows = [(k, end) for end in steps(count) for k in steps(count) if k <= end]
        choices = [partial(selection.window, k=k, end=end) for k, end in windows]
        methods = {"forecast": "forecast", TYPICAL: typical(runs["source"].iloc[0])}
        parts.append(evaluate(runs, methods, sizes=choices))
    table = pd.concat(parts, ignore_index=True)
    table["cell"] = table.groupby([*KEYS, "method"]).cumcount()
    return table


@cached
def partial_grid():
    """The k smallest sizes at several shares of their training, scored with the forecast."""
    parts = []
    for runs in eligible_families(min_checkpoints=5):
        count = selection.size_names(runs).nunique() - 1
        parts.append(evaluate(runs, "forecast", sizes=steps(count), share=list(SHARES)))
    return pd.concat(parts, ignore_index=True)


@cached
def part_grid():
    """The target's own first part, alone and with all smaller sizes, scored with the forecast.

    Rows are those of `experiments.partial.partial_evidence` with the forecast in
    place of its estimators, and its forecasts by the shape of the next smaller run.
    """
    parts = []
    for runs in eligible_families(min_checkpoints=5):
        table = own_part.with_part(runs)
        names = selection.sizes(table).index[:-2]
        for way, small in ((PART, ()), (BOTH, names)):
            choices = [
                partial(own_part.seen, part=q, small=1, sizes=small)
                for q in own_part.SHARES
            ]
            scores = evaluate(table, "forecast", sizes=choices, early=0.0)
            parts.append(scores.assign(way=way, share=own_part.SHARES))
    told = own_part.partial_evidence()
    told = told[told["method"] == own_part.SHAPE].assign(way=SHAPE)
    return pd.concat([*parts, told], ignore_index=True)


def spent():
    """Every cell with what was paid and what it brought, a row a cell.

    Cells without any row left after the early cut paid nothing and are no part of it.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, way`` (of `WAYS`) ``, method, n_sizes, scale_up,
        flops_share, are``.
    """
    whole = window_grid().query("method == 'forecast'")
    whole = whole.assign(
        way=pd.cut(whole["n_sizes"], [0, 1, 3, np.inf], labels=[ONE, FEW, MANY]).astype(
            str
        )
    )
    early = partial_grid().query("share < 1 and n_sizes > 1").assign(way=EARLY)
    table = pd.concat([whole, early, part_grid()], ignore_index=True)
    table = table[table["n_rows"] > 0]
    return table[[*KEYS, "way", "method", "n_sizes", "scale_up", "flops_share", "are"]]


def spread(cells):
    """Median of the ARE, its range that holds 80 %, and how much evidence there is.

    Every study weighs the same, in it every family, in that every cell.

    Examples
    --------
    >>> made = pd.DataFrame({"source": ["a", "a", "b"], "family": ["c", "d", "e"],
    ...                      "loss_kind": "k", "are": [0.1, 0.2, 0.3]})
    >>> spread(made).round(3).tolist()
    [2.0, 3.0, 0.1, 0.25, 0.3]
    """
    families = cells.groupby(KEYS)["are"].transform("size")
    own = cells.drop_duplicates(KEYS)["source"].value_counts()
    weights = 1 / families / cells["source"].map(own)
    at, known = (
        np.array([0.1, 0.5, 0.9]),
        {"weights": weights, "method": "inverted_cdf"},
    )
    below = np.quantile(cells["are"], at, **known)
    above = -np.quantile(-cells["are"], 1 - at, **known)
    return np.array([len(own), own.sum(), *(below + above) / 2])


def error_table(cells=None):
    """What error to expect from a way to spend compute: what ``data/forecast_errors.csv`` holds.

    Two kinds of rows. By cost: a way and a band of FLOPs. By distance: a number of
    finished sizes and a band of scale-up. Columns of the other kind are empty.

    Parameters
    ----------
    cells : DataFrame, optional
        As from `spent`.

    Returns
    -------
    DataFrame
        ``way`` (of `WAYS`) ``, method`` (of the forecast: "forecast" or the shape of a
        run) ``, flops_share_low, flops_share_high`` (FLOPs spent over those of the
        target) ``, n_sizes`` (of `COUNTS`; a row holds all counts below the next) ``,
        scale_up_low, scale_up_high`` (parameters of the target over the largest size
        seen) ``, n_studies, n_families, low, middle, high`` (ARE: the 10 % point, the
        median and the 90 % point, every study weighing the same). Bands hold their
        upper edge; the last scale-up has none.
    """
    cells = spent() if cells is None else cells
    by_cost = _by(cells, ["way", "method"], "flops_share", SPENT)
    whole = cells[cells["way"].isin([ONE, FEW, MANY])]
    count = pd.cut(
        whole["n_sizes"], [*COUNTS, np.inf], right=False, labels=COUNTS
    ).astype(int)
    by_distance = _by(
        whole.assign(n_sizes=count), ["way", "method", "n_sizes"], "scale_up", SCALES
    )
    table = pd.concat([by_cost, by_distance], ignore_index=True)
    whole_numbers = dict.fromkeys(["n_sizes", "n_studies", "n_families"], "Int64")
    return table[
        "way method flops_share_low flops_share_high n_sizes scale_up_low scale_up_high "
        "n_studies n_families low middle high".split()
    ].astype(whole_numbers)


def _by(cells, groups, column, edges):
    """`spread` of the cells by groups and by bands of a column."""
    band = pd.cut(cells[column], edges, labels=False)
    rows = []
    for (*names, number), own in cells.groupby([*groups, band], sort=False):
        number = int(number)
        ends = {f"{column}_low": edges[number], f"{column}_high": edges[number + 1]}
        found = zip(
            ["n_studies", "n_families", "low", "middle", "high"],
            spread(own),
            strict=True,
        )
        rows.append(dict(zip(groups, names, strict=True)) | ends | dict(found))
    table = pd.DataFrame(rows).replace(np.inf, np.nan)
    table["way"] = pd.Categorical(table["way"], WAYS)
    table = table.sort_values([*groups, f"{column}_low"], ignore_index=True)
    return table.astype({"way": str})


def envelope(table):
    """The way of least median error in each band of cost, of those that enough studies tell of.

    Parameters
    ----------
    table : DataFrame
        As from `error_table`.
    """
    known = table[table["flops_share_low"].notna() & (table["n_studies"] >= ENOUGH)]
    return known.loc[known.groupby("flops_share_low")["middle"].idxmin()].reset_index(
        drop=True
    )


def against(cells, way, other, low, high):
    """How the error of a way compares with another's in the same families at the same cost.

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


def drawn_laws(prior, n=4000, seed=0):
    """Laws (n, 5) drawn from a prior, as in `hitchhiker.forecasts.prior`, all with E = 1."""
    rng = np.random.default_rng(seed)
    tails = np.sqrt(rng.chisquare(PRIOR_DF, (n, 1)) / PRIOR_DF)
    drawn = rng.standard_normal((n, 4)) @ np.linalg.cholesky(prior.covariance).T / tails
    return np.insert(drawn + prior.mean, 0, 0.0, axis=1)


def capped(table):
    """The table with ARE capped; a cell without any row is scored as the best loss seen."""
    best = table[table["method"] == "best_seen"].set_index([*KEYS, "cell"])["are"]
    usual = table.set_index([*KEYS, "cell"]).index.map(best)
    return table.assign(
        are=table["are"].fillna(pd.Series(usual, table.index)).clip(upper=CAP)
    )


def standing(table):
    """Each method's mean over families of their mean ARE, median and 90 % point of the cells.

    Returns
    -------
    DataFrame
        ``mean, median, high, failed`` (share of cells scored as the best loss seen), a
        row a method.
    """
    table = capped(table)
    mean = table.groupby([*KEYS, "method"])["are"].mean().groupby("method").mean()
    cells = table.groupby("method")
    return pd.DataFrame(
        {
            "mean": mean,
            "median": cells["are"].median(),
            "high": cells["are"].quantile(0.9),
            "failed": cells["failed"].mean(),
        }
    ).reindex([m for m in METHODS if m in mean])


def coverage(table):
    """Share of final losses inside the intervals and their width, a row a study.

    Width is high over low less one, the median; ``usual`` is the width that the errors
    of other studies at that scale-up would give (the range that holds 80 % of them).
    """
    table = table[table["method"] == "forecast"].copy()
    table["error"] = np.log(table["target_loss"] / table["forecast"])
    band = pd.cut(table["scale_up"], SCALES, labels=False)
    usual = {}
    for source in table["source"].unique():
        others = table[table["source"] != source].assign(band=band)
        ends = others.groupby("band")["error"].quantile([0.1, 0.9]).unstack()
        usual[source] = np.exp(ends[0.9] - ends[0.1]) - 1
    table["usual"] = [usual[s][b] for s, b in zip(table["source"], band, strict=True)]
    for level in (80, 90):
        low, high = table[f"low_{level}"], table[f"high_{level}"]
        table[f"inside_{level}"] = table["target_loss"].between(low, high)
        table[f"width_{level}"] = high / low - 1
    per_family = table.groupby(KEYS).agg(
        {
            "inside_80": "mean",
            "inside_90": "mean",
            "width_80": "median",
            "width_90": "median",
            "usual": "median",
        }
    )
    return per_family.groupby("source").mean()


if __name__ == "__main__":
    error_table().round(4).to_csv(tables_folder() / ERRORS, index=False)
    print(f"wrote {tables_folder() / ERRORS}")
