"""What error is worth having: the best one gets, and the one that ranks two recipes."""

from itertools import combinations, product

import numpy as np
import pandas as pd

from hitchhiker.evaluation.evaluating import evaluate
from hitchhiker.runs.data import load_runs

from .cache import cached
from .corpus import further_kinds, pair_groups
from .grids import GRID_PROTOCOLS, share_grid, size_grid, windows
from .ladder_seeds import seed_spread
from .rules import Claim, in_percent, verdict_of_parts, verdict_of_value
from .studies import ESTIMATORS, KEYS, over_studies

WHAT_BOTH_SAW = ["cell", "share"]  # what two forecasts made alike have seen
# The two estimators by their names in the grids.
GRID_ESTIMATORS = dict(zip(("paper", "fit"), ESTIMATORS, strict=True))
SEEDS = "two seeds of our ladder"  # stands for an estimator in the evidence on F and R
CLAIMED_BAND = "10 to 20 %"
LEAST_DIFFERENCES = (0.0, 0.02)  # between two recipes, as a share of the loss
ARE_BANDS = {
    "below 2 %": (0.0, 0.02),
    "2 to 5 %": (0.02, 0.05),
    "5 to 10 %": (0.05, 0.1),
    "10 to 20 %": (0.1, 0.2),
    "20 to 50 %": (0.2, 0.5),
    "any": (0.0, np.inf),
}
ALIKE, APART = "two forecasts made alike", "two forecasts made differently"
NO_LAW = "no law: best loss of small runs"
PRICES = {  # upper edge of FLOPs over those of the target
    "below 1 %": 0.01,
    "1 to 3 %": 0.03,
    "3 to 10 %": 0.1,
    "10 to 30 %": 0.3,
    "30 to 100 %": 1.0,
    "above 100 %": np.inf,
}


def floor_evidence():
    """ARE with every smaller size seen to its end, a row a family and estimator.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, method, scale_up, are``.
    """
    grid = size_grid()
    most = grid.groupby(KEYS)["n_sizes"].transform("max")
    full = grid[(grid["n_sizes"] == most) & grid["method"].isin(GRID_ESTIMATORS)]
    return full[[*KEYS, "method", "scale_up", "are"]].replace(
        {"method": GRID_ESTIMATORS}
    )


def price_evidence():
    """ARE of our fit by the share of the target's FLOPs that the small runs cost.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, flops_share, price`` (a band of `PRICES`) ``,
        are``, a row a cell of the grids of sizes and shares.
    """
    table = pd.concat([size_grid(), share_grid()])
    table = table[(table["method"] == "fit") & (table["n_sizes"] > 1)].copy()
    edges = [0.0, *PRICES.values()]
    table["price"] = pd.cut(table["flops_share"], edges, labels=list(PRICES)).astype(
        str
    )
    return table[[*KEYS, "flops_share", "price", "are"]].reset_index(drop=True)


def _comparable():
    """Results of the grids, and more, in groups whose targets can be compared.

    Two recipes are compared on one text at one size: epochs within a corpus, early or
    retrained Pythia deduplicated or not, three corpora on eight texts, two
    architectures.
    """
    grids = pd.concat([size_grid(), share_grid().query("share < 1")])
    grids = grids[pair_groups(grids["family"]).notna()]
    grids = grids[grids["loss_kind"] != "train"]
    texts = load_runs("overtrain")
    texts = texts[texts["loss_kind"].isin(further_kinds())]
    mad = load_runs("mad")
    mad = mad.assign(model=mad["num_params"].map("{:.1e}".format))
    in_both = mad.groupby("model")["family"].nunique() == 2
    mad = mad[mad["model"].map(in_both)]
    more = []
    for _, runs in pd.concat([texts, mad]).groupby(KEYS, sort=False):
        scores = evaluate(
            runs,
            (*GRID_ESTIMATORS, "best_seen"),
            sizes=windows(runs),
            protocol=GRID_PROTOCOLS,
        )
        more.append(scores)
    table = pd.concat([grids, *more], ignore_index=True)
    return table.assign(group=pair_groups(table["family"]))


@cached
def chance_evidence():
    """How often two forecasts rank two recipes as they were measured, by their ARE.

    Both forecasts have an ARE within the band.  Made alike: same estimator, sizes and
    share of training; made differently: any two of them.  The order is that of the
    losses at the end of the target.

    Returns
    -------
    DataFrame
        ``how, source, band`` (of `ARE_BANDS`) ``, least`` (smallest measured difference
        counted) ``, right`` (share) ``, comparisons, pairs``.
    """
    table = _comparable()
    columns = ["family", "method", *WHAT_BOTH_SAW, "are", "forecast", "target_loss"]
    parts = []
    groups = ["source", "loss_kind", "group"]
    for (source, _, _), cells in table.groupby(groups, sort=False):
        for names in combinations(sorted(cells["family"].unique()), 2):
            one, two = (cells.loc[cells["family"] == n, columns] for n in names)
            laws = [t[t["method"].isin(GRID_ESTIMATORS)] for t in (one, two)]
            none = [t[t["method"] == "best_seen"] for t in (one, two)]
            for how, (a, b), key in (
                (ALIKE, laws, ["method", *WHAT_BOTH_SAW]),
                (APART, laws, None),
                (NO_LAW, none, WHAT_BOTH_SAW),
            ):
                both = a.merge(b, how="inner" if key else "cross", on=key)
                parts.append(both.assign(how=how, source=source, pair=" ".join(names)))
    return _by_band(pd.concat(parts))


def _by_band(both):
    """Count right orders by how the forecasts were made, study and band of ARE."""
    errors = ["are_x", "are_y"]
    both = both.dropna(subset=errors)  # a choice without rows has no forecast
    difference = both["target_loss_x"] - both["target_loss_y"]
    both = both.assign(
        right=(both["forecast_x"] - both["forecast_y"]) * difference > 0,
        difference=difference.abs()
        / both[["target_loss_x", "target_loss_y"]].min(axis=1),
        smaller=both[errors].min(axis=1),
        larger=both[errors].max(axis=1),
    )
    parts = []
    for least, (band, (low, high)) in product(LEAST_DIFFERENCES, ARE_BANDS.items()):
        inside = (both["smaller"] >= low) & (both["larger"] < high)
        chosen = both[inside & (both["difference"] >= least)]
        counts = chosen.groupby(["how", "source"], sort=False).agg(
            right=("right", "mean"),
            comparisons=("right", "size"),
            pairs=("pair", "nunique"),
        )
        parts.append(counts.reset_index().assign(band=band, least=least))
    return pd.concat(parts, ignore_index=True)


def picks(chances, how=ALIKE, band=CLAIMED_BAND, least=0.0):
    """Rows of `chance_evidence` of one kind, a row a study."""
    return chances[
        (chances["how"] == how)
        & (chances["band"] == band)
        & (chances["least"] == least)
    ]


def right_picks(chances, how=ALIKE, band=CLAIMED_BAND, least=0.0):
    """Share of right orders over studies, and its range when one of them is left out.

    Examples
    --------
    >>> kind = {"how": ALIKE, "band": CLAIMED_BAND, "least": 0.0}
    >>> right_picks(pd.DataFrame([{"source": "a", "right": 0.5, **kind},
    ...                           {"source": "b", "right": 1.0, **kind}]))
    (0.75, 0.5, 1.0)
    """
    rows = picks(chances, how, band, least)
    without = [over_studies(rows[rows["source"] != s], "right") for s in rows["source"]]
    return over_studies(rows, "right"), min(without), max(without)


def errors_and_seeds():
    """`floor_evidence`, and the differences of seeds in its place under `SEEDS`."""
    apart = seed_spread()["apart"].rename("are").to_frame()
    seeds = apart.assign(source="ladder", method=SEEDS)
    return pd.concat([floor_evidence(), seeds], ignore_index=True)


def _judge_floor(table, limits):
    """Judge both F and R; the grid's "paper" makes its own choice of rows."""
    errors = table[table["method"] != SEEDS].groupby("method", sort=False)
    medians = {name: over_studies(rows, "are") for name, rows in errors}
    apart = table.loc[table["method"] == SEEDS, "are"].max()
    low, high = limits["inside"]
    words = [
        f"{name}: median ARE {in_percent(F, '.1f')}" for name, F in medians.items()
    ]
    words.append(f"{SEEDS} differ by up to {in_percent(apart, '.1f')}")
    met = [low <= value <= high for value in (*medians.values(), apart)]
    return "; ".join(words), verdict_of_parts(*met)


def _floor_families(table, limits):
    low, high = limits["inside"]
    rows = table[table["method"] != SEEDS].rename(columns={"are": "value"})
    return rows.assign(low=low, high=high)


def judge_useful(chances, limits, how=ALIKE):
    """Value and verdict of ``useful`` for two forecasts made alike, as a chooser would.

    The rule does not say how the two are made; made differently is given beside it.
    """
    alike, low, high = right_picks(chances)
    apart = right_picks(chances, APART)[0]
    right = right_picks(chances, how)[0]
    words = (
        f"right in {in_percent(alike, '.0f')} of comparisons made alike "
        f"({100 * low:.0f} to {in_percent(high, '.0f')} without any one study), "
        f"{in_percent(apart, '.0f')} made differently"
    )
    return words, verdict_of_value(right, limits["holds"], limits["fails"])


def _useful_studies(chances, limits):
    rows = picks(chances)[["source", "right"]].rename(columns={"right": "value"})
    return rows.assign(low=limits["holds"])


CLAIMS = (
    Claim(
        id="floor",
        name="The best error is about 4 %",
        asks="error, from {inside[0]:points} to {inside[1]:percent}",
        rule="""F is the median ARE when every smaller size is seen to its end, every
        source weighing the same, once for the paper's estimator and once for ours. R is
        the largest relative difference between two finished runs of one size and length
        that differ in nothing but the seed. Holds if both F and R lie between
        {inside:points} %; does not hold if none does; else holds in part""",
        limits={"inside": (0.02, 0.06)},
        evidence=errors_and_seeds,
        judge=_judge_floor,
        families=_floor_families,
    ),
    Claim(
        id="useful",
        name="20 % off still picks right",
        asks="right picks by study, {holds:fraction} or more",
        rule="""Pairs are two families of one study that share the target's size and
        differ in recipe. P is the share of pairs that two forecasts rank as measured,
        over forecasts whose ARE is {band[0]:points} to {band[1]:percent}. Holds if P is
        at least {holds:fraction}; does not hold if P is at most {fails}; else holds in
        part""",
        limits={"band": ARE_BANDS[CLAIMED_BAND], "holds": 3 / 4, "fails": 0.6},
        evidence=chance_evidence,
        judge=judge_useful,
        families=_useful_studies,
    ),
)
