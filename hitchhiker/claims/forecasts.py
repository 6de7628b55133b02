"""How well `hitchhiker.forecast` does, every study judged by a belief that has not seen it."""

from functools import partial

import numpy as np
import pandas as pd

from .. import selection
from ..evaluation import evaluate
from ..evidence import SHARES, each_family, once, size_grid, steps
from ..fitting import fit
from ..methods import LawMethod
from .rules import KEYS

ALSO = ("posterior.py", "forecasting.py", "pooling.py", "../data/belief.json")
CAP = 0.5  # of an ARE, so that a few explosions decide nothing
TYPICAL = "exponents of other families"
METHODS = {"forecast": "forecast", "fit": "our fit", TYPICAL: TYPICAL,
           "paper": "the paper's method",
           "borrowed": "A and alpha borrowed", "best_seen": "best loss seen",
           "most_trained": "most trained"}  # fmt: skip


@once
def exponents():
    """Exponents of the families whose robust fit determines them, a row a family."""
    rows = []
    for runs in each_family(min_checkpoints=1):
        found = fit(selection.early_cut(runs))
        if found.status == "ok":
            rows.append((*runs[KEYS].iloc[0], found.law.alpha, found.law.beta))
    return pd.DataFrame(rows, columns=[*KEYS, "alpha", "beta"])


def typical(source):
    """The strong rival: a robust fit with the median exponents of all other studies."""
    table = exponents()
    middle = (
        table[table["source"] != source].groupby("source")[["alpha", "beta"]].median().median()
    )
    return LawMethod(fixed={"alpha": float(middle["alpha"]), "beta": float(middle["beta"])})


@once
def window_grid():
    """Every window of sizes, scored with the forecast and with all its rivals."""
    parts = [size_grid()]
    for runs in each_family(min_checkpoints=1):
        count = selection.size_names(runs).nunique() - 1
        windows = [(k, end) for end in steps(count) for k in steps(count) if k <= end]
        choices = [partial(selection.window, k=k, end=end) for k, end in windows]
        methods = {"forecast": "forecast", TYPICAL: typical(runs["source"].iloc[0])}
        parts.append(evaluate(runs, methods, sizes=choices))
    table = pd.concat(parts, ignore_index=True)
    table["cell"] = table.groupby([*KEYS, "method"]).cumcount()
    return table


@once
def partial_grid():
    """The k smallest sizes at several shares of their training, scored with the forecast."""
    parts = []
    for runs in each_family(min_checkpoints=5):
        count = selection.size_names(runs).nunique() - 1
        parts.append(evaluate(runs, "forecast", sizes=steps(count), share=list(SHARES)))
    return pd.concat(parts, ignore_index=True)


def capped(table):
    """The table with ARE capped; a cell without any row is scored as the best loss seen."""
    best = table[table["method"] == "best_seen"].set_index([*KEYS, "cell"])["are"]
    usual = table.set_index([*KEYS, "cell"]).index.map(best)
    return table.assign(are=table["are"].fillna(pd.Series(usual, table.index)).clip(upper=CAP))


def standing(table):
    """Each method's mean over families of their mean ARE, median and 90 % point of the cells.

    Returns
    -------
    DataFrame
        ``mean, median, high, failed`` (share of cells scored as the best loss seen), a row
        a method.
    """
    table = capped(table)
    mean = table.groupby([*KEYS, "method"])["are"].mean().groupby("method").mean()
    cells = table.groupby("method")
    return pd.DataFrame({
        "mean": mean, "median": cells["are"].median(), "high": cells["are"].quantile(0.9),
        "failed": cells["failed"].mean(),
    }).reindex([m for m in METHODS if m in mean])  # fmt: skip


def coverage(table):
    """Share of final losses inside the intervals and their width, a row a study.

    Width is high over low less one, the median; ``usual`` is the width that the errors of
    other studies at that scale-up would give (the range that holds 80 % of them).
    """
    table = table[table["method"] == "forecast"].copy()
    table["error"] = np.log(table["target_loss"] / table["forecast"])
    band = pd.cut(np.log(table["scale_up"]), [0, *np.log([2, 5, 15, 50]), np.inf], labels=False)
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
    per_family = table.groupby(KEYS).agg({
        "inside_80": "mean", "inside_90": "mean", "width_80": "median", "width_90": "median",
        "usual": "median",
    })  # fmt: skip
    return per_family.groupby("source").mean()
