"""How well `hitchhiker.forecast` does, judged by a prior that has not seen the study.

Grids of forecasts that several chapters read, and the scores of the forecast in them
beside those of its rivals.
"""

import numpy as np
import pandas as pd

from hitchhiker.evaluation.evaluating import evaluate
from hitchhiker.evaluation.methods import LawMethod
from hitchhiker.fits.fitting import fit
from hitchhiker.runs import selection

from .cache import cached
from .grids import (
    TRAINING_SHARES,
    eligible_families,
    size_grid,
    smaller_counts,
    windows,
)
from .partial import (
    SMALLER_SHAPE,
    part_choices,
    partial_evidence,
    scored_by_share,
    with_part,
)
from .studies import KEYS

TARGET_PART = "part of the target"
PART_AND_SMALLER = "all smaller sizes and a part of the target"
FINISHED_SHAPE = "part of the target, finished as the next smaller run"
SCALE_UP_EDGES = (1.0, 2.0, 5.0, 15.0, 50.0, np.inf)
ARE_CAP = 0.5  # so that a few explosions decide nothing
OTHERS_EXPONENTS = "exponents of other families"
RIVALS = {  # methods in words
    "forecast": "forecast",
    "fit": "our fit",
    OTHERS_EXPONENTS: OTHERS_EXPONENTS,
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
        fitted = fit(runs)
        if fitted.status == "ok":
            rows.append((*runs[KEYS].iloc[0], fitted.law.alpha, fitted.law.beta))
    return pd.DataFrame(rows, columns=[*KEYS, "alpha", "beta"])


def others_exponents(source):
    """The strong rival: a robust fit with the median exponents of all other studies."""
    table = exponents()
    studies = table[table["source"] != source].groupby("source")[["alpha", "beta"]]
    return LawMethod(fixed=studies.median().median().to_dict())


@cached
def window_grid():
    """Every window of sizes, scored with the forecast and with all its rivals."""
    parts = [size_grid()]
    for runs in eligible_families(min_checkpoints=1):
        rival = others_exponents(runs["source"].iloc[0])
        methods = {"forecast": "forecast", OTHERS_EXPONENTS: rival}
        parts.append(evaluate(runs, methods, sizes=windows(runs)))
    return pd.concat(parts, ignore_index=True)


@cached
def unfinished_grid():
    """The k smallest sizes at several shares of their training, with the forecast."""
    parts = []
    for runs in eligible_families(min_checkpoints=5):
        counts, shares = smaller_counts(runs), list(TRAINING_SHARES)
        parts.append(evaluate(runs, "forecast", sizes=counts, share=shares))
    return pd.concat(parts, ignore_index=True)


@cached
def target_part_grid():
    """The target's own first part, alone and with all smaller sizes, with the forecast.

    Rows are those of `experiments.partial.partial_evidence` with the forecast in
    place of its estimators, and its forecasts by the shape of the next smaller run.
    """
    parts = []
    for runs in eligible_families(min_checkpoints=5):
        table = with_part(runs)
        names = selection.sizes(table).index[:-2]
        for way, smaller in ((TARGET_PART, ()), (PART_AND_SMALLER, names)):
            scores = scored_by_share(table, "forecast", part_choices(smaller))
            parts.append(scores.assign(way=way))
    shapes = partial_evidence()
    shapes = shapes[shapes["method"] == SMALLER_SHAPE].assign(way=FINISHED_SHAPE)
    return pd.concat([*parts, shapes], ignore_index=True)


def capped(table):
    """The table with ARE capped; a cell without rows counts as the best loss seen."""
    best = table[table["method"] == "best_seen"].set_index([*KEYS, "cell"])["are"]
    usual = table.set_index([*KEYS, "cell"]).index.map(best)
    are = table["are"].fillna(pd.Series(usual, table.index))
    return table.assign(are=are.clip(upper=ARE_CAP))


def standing(table):
    """Each method's mean over families of their mean ARE, and points of its cells.

    Returns
    -------
    DataFrame
        ``mean, median, high`` (median and 90 % point of the cells) ``, failed`` (share
        of cells scored as the best loss seen), a row a method.
    """
    table = capped(table)
    mean = table.groupby([*KEYS, "method"])["are"].mean().groupby("method").mean()
    cells = table.groupby("method")
    columns = {
        "mean": mean,
        "median": cells["are"].median(),
        "high": cells["are"].quantile(0.9),
        "failed": cells["failed"].mean(),
    }
    return pd.DataFrame(columns).reindex([m for m in RIVALS if m in mean])


def coverage_by_study(table):
    """Share of final losses inside the intervals and their width, a row a study.

    Width is high over low less one, the median; ``usual`` is the width that the errors
    of other studies at that scale-up would give (the range that holds 80 % of them).
    """
    table = table[table["method"] == "forecast"].copy()
    table["error"] = np.log(table["target_loss"] / table["forecast"])
    table["band"] = pd.cut(table["scale_up"], SCALE_UP_EDGES, labels=False)
    for source, rows in table.groupby("source").groups.items():
        others = table[table["source"] != source].groupby("band")["error"]
        ends = others.quantile([0.1, 0.9]).unstack()
        width = np.exp(ends[0.9] - ends[0.1]) - 1
        table.loc[rows, "usual"] = table.loc[rows, "band"].map(width)
    for level in (80, 90):
        low, high = table[f"low_{level}"], table[f"high_{level}"]
        table[f"inside_{level}"] = table["target_loss"].between(low, high)
        table[f"width_{level}"] = high / low - 1
    shares = dict.fromkeys(["inside_80", "inside_90"], "mean")
    widths = dict.fromkeys(["width_80", "width_90", "usual"], "median")
    per_family = table.groupby(KEYS).agg(shares | widths)
    return per_family.groupby("source").mean()
