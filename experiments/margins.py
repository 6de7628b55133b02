"""Every claim family by family: how far each one meets, or misses, what the rule asks.

A dot is one family and loss kind with the number that the rule of the claim takes from
it, and the limit that the rule, or its nearest sentence about one family, sets.
"""

import numpy as np
import pandas as pd

from hitchhiker.runs.data import load_runs

from . import (
    baselines,
    borrow,
    budget,
    checkpoints,
    data,
    detect,
    down,
    freedom,
    how_big,
    how_many,
    law_count,
    new_law,
    partial,
    size_choices,
)
from .studies import ESTIMATORS, KEYS

LESS = 1 - 1e-9  # of ratios that must be below one
# Short name of the claim, what a dot is, least and most value that agree with the
# claim.
ROWS = {
    "dataset": (
        "The corpus is large",
        "runs and families against the paper's",
        np.nan,
        np.nan,
    ),
    "laws": (
        "Over a thousand laws",
        "different laws on record",
        law_count.PAPERS,
        np.nan,
    ),
    "floor": ("The best error is about 4 %", "error, from 2 to 6 %", 0.02, 0.06),
    "useful": (
        "20 % off still picks right",
        "right picks by study, 3/4 or more",
        0.75,
        np.nan,
    ),
    "differ": ("Laws differ", "families that lie apart, over 1/2", 0.5, np.nan),
    "borrow": ("Borrow A and alpha", "error, 10 % or less", np.nan, 0.1),
    "partial": ("30 % of the target is enough", "error, 5 % or less", np.nan, 0.05),
    "baselines": ("Baselines err a lot", "median error, 10 % or more", 0.1, np.nan),
    "checkpoints": (
        "Checkpoints beat ends",
        "error with all over ends alone",
        np.nan,
        LESS,
    ),
    "early": (
        "The first 10B tokens hurt",
        "error without over with them",
        np.nan,
        LESS,
    ),
    "size": (
        "Near sizes help weakly",
        "error from the four smallest, 10 % or less",
        np.nan,
        0.1,
    ),
    "count": (
        "More models help",
        "median error of five sizes over three",
        np.nan,
        LESS,
    ),
    "detect": (
        "The bad size is not found",
        "rank of the flagged, 0.4 or more",
        0.4,
        np.nan,
    ),
    "freedom": (
        "Three degrees of freedom",
        "variance left, 1 % and 5 %",
        np.nan,
        np.nan,
    ),
    "down": ("Downwards works", "error of the smallest, 10 % or less", np.nan, 0.1),
}


def margin(value, low, high):
    """How many times better a value is than the limit asks; below one it misses it.

    Examples
    --------
    >>> table = pd.DataFrame({"value": [0.2, 0.2], "low": [0.1, None], "high": [None, 0.1]})
    >>> margin(table["value"], table["low"], table["high"]).tolist()
    [2.0, 0.5]
    """
    with np.errstate(divide="ignore"):
        sides = np.stack([value / low, high / np.asarray(value, dtype=float)]).astype(
            float
        )
    missed = np.isnan(np.asarray(value, dtype=float))
    return pd.Series(np.where(missed, 0.0, np.fmin(*sides)), index=value.index)


def _borrow():
    """From the second largest size; Pile-T5 must fail, OPT come near what the paper reports."""
    runs = (
        borrow.one_run_evidence()
        .query("method == 'borrowed'")
        .sort_values("num_params")
    )
    last = runs.groupby(KEYS, sort=False).tail(1).rename(columns={"are": "value"})
    t5, opt = last["source"] == "t5_pile", last["source"] == "opt"
    off = np.abs(
        borrow.judge(borrow.one_run_evidence())[0] - list(borrow.REPORTED.values())
    )
    last.loc[t5, ["low", "high"]] = 0.1, np.inf
    last.loc[opt, ["value", "high"]] = off.max(), 0.05
    return last


def _differ():
    """Share of other studies' families whose interval lies apart, the lower of two slopes."""
    laws = new_law.at_reference(new_law.bootstrap_evidence())
    parts = []
    for slope in new_law.SLOPES:
        table = new_law.intervals(laws, slope).reset_index()
        for row in table.itertuples():
            others = table[table["source"] != row.source]
            apart = (others["low"] > row.high) | (others["high"] < row.low)
            value = apart.groupby(others["source"]).mean().mean()
            parts.append((row.source, row.family, row.loss_kind, value))
    return pd.DataFrame(parts, columns=[*KEYS, "value"]).groupby(KEYS, sort=False).min()


def _ratio(table, above, below):
    return table.assign(value=table[above] / table[below])


def _count():
    wide = how_many.count_evidence().pivot(
        index=[*KEYS, "method", "end"], columns="n_sizes"
    )["are"]
    ratio = (wide[size_choices.SAFE_SIZES] / wide[size_choices.LEAST_SIZES]).dropna()
    return ratio.groupby([*KEYS, "method"], sort=False).median().rename("value")


def _detect():
    first = detect.outcomes(
        detect.drop_evidence().query("step == 1 and method == 'our fit'")
    )
    return first.rename(columns={"rank": "value"})


def _freedom():
    values = freedom.whole_laws()[freedom.COLUMNS].to_numpy()
    left = [
        1 - freedom.explained(values, standardise)[2] for standardise in (False, True)
    ]
    return pd.DataFrame({"value": left, "high": [0.01, 0.05]})


def _dataset():
    runs = load_runs()
    counts = [runs["run"].nunique(), runs["family"].nunique()]
    return pd.DataFrame(
        {"value": counts, "low": [data.PAPER_MODELS, data.PAPER_FAMILIES]}
    )


def _useful():
    table = budget.chance_evidence().rename(columns={"right": "value"})
    return table.query("how == @budget.ALIKE and band == '10 to 20 %' and least == 0")


def _baselines():
    cells = baselines.cells("shares").groupby(KEYS, sort=False)
    return cells[baselines.BETTER].median().rename("value")


def _partial():
    return partial.partial_evidence().query(
        "method == @partial.PART and share == @partial.CLAIMED"
    )


def _down():
    table = down.share_evidence()
    return table[
        table["method"].isin(ESTIMATORS) & (table["share"] == down.RULE["share"])
    ]


VALUES = {
    "dataset": _dataset,
    "laws": lambda: law_count.laws_counted()[["different"]].sum().to_frame("value"),
    "floor": budget.floor_evidence,
    "useful": _useful,
    "differ": _differ,
    "borrow": _borrow,
    "partial": _partial,
    "baselines": _baselines,
    "checkpoints": lambda: _ratio(checkpoints.trail_evidence(), "all", "last"),
    "early": lambda: _ratio(checkpoints.early_evidence(), "10B", "none"),
    "size": how_big.smallest_evidence,
    "count": _count,
    "detect": _detect,
    "freedom": _freedom,
    "down": _down,
}
BOTH = (
    "floor",
    "checkpoints",
    "early",
    "size",
    "count",
    "down",
)  # rules with two estimators


def dots():
    """The number of every claim, family by family.

    Returns
    -------
    DataFrame
        ``id`` (of the claim) ``, source, family, loss_kind, method`` (where the rule
        asks for two estimators) ``, value, low, high`` (limits) ``, margin`` (see
        `margin`) ``, meets``. Claims without a number a family have no source.
    """
    columns = [*KEYS, "method", "value", "low", "high"]
    parts = []
    for claim, (_, _, low, high) in ROWS.items():
        table = pd.DataFrame(VALUES[claim]()).reset_index()
        if "value" not in table:
            table = table.rename(columns={"are": "value"})
        table = table.reindex(columns=columns).fillna({"low": low, "high": high})
        table["method"] = table["method"] if claim in BOTH else ""
        parts.append(
            table.assign(id=claim, margin=margin(table["value"], *_limits(table)))
        )
    table = pd.concat(parts, ignore_index=True)[["id", *columns, "margin"]]
    return table.assign(meets=table["margin"] >= 1)


def _limits(table):
    return table["low"].astype(float), table["high"].astype(float)


def by_study(table):
    """Share of a study's dots that meet a claim, a row a study, a column a claim."""
    own = table.dropna(subset="source")
    return own.pivot_table(index="source", columns="id", values="meets", aggfunc="mean")
