"""Claim about how much the five parameters differ between families."""

import itertools

import numpy as np
import pandas as pd

from hitchhiker.evaluation.scoring import absolute_relative_error as are
from hitchhiker.fits.fitting import fit, fit_many
from hitchhiker.fits.uncertainty import bootstrap
from hitchhiker.laws import Laws
from hitchhiker.runs.checks import run_names
from hitchhiker.runs.selection import early_cut, hold_out

from .cache import cached
from .corpus import next_token_kinds
from .grids import eligible_families
from .rules import Claim, in_percent
from .studies import KEYS

COMPARED_AT = {"num_params": 1e9, "tokens_seen": 1e11}
SLOPES = ("size_slope", "token_slope")
INTERVAL_LEVEL = 0.8
BOOTSTRAP_RESAMPLES = 200


@cached
def bootstrap_evidence():
    """Law of every family, and the laws of its runs drawn again with replacement.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, arch, epochs, runs`` (how many) ``, log_size,
        log_tokens`` (means over the checkpoints used, natural logarithms) ``, draw`` (0
        for the fit to all runs as they are) and the columns of ``Fits.table``.
    """
    parts = []
    for runs in eligible_families(min_checkpoints=1):
        runs = early_cut(runs)
        laws = pd.concat(
            [fit_many(runs).table, bootstrap(runs, n=BOOTSTRAP_RESAMPLES).table]
        )
        facts = dict(runs.iloc[0][[*KEYS, "arch", "epochs"]])
        facts["runs"] = run_names(runs).nunique()
        facts["draw"] = range(len(laws))
        facts["log_size"] = np.log(runs["num_params"]).mean()
        facts["log_tokens"] = np.log(runs["tokens_seen"]).mean()
        parts.append(laws.assign(**facts))
    return pd.concat(parts, ignore_index=True)


def at_reference(
    laws, num_params=COMPARED_AT["num_params"], tokens_seen=COMPARED_AT["tokens_seen"]
):
    """What laws (a row each) say at one place, where A and alpha no longer trade.

    Returns
    -------
    DataFrame
        The table with ``loss`` and shares of it, ``size_share`` and ``token_share``,
        and by how many per cent the loss falls when size or tokens grow by one per
        cent, ``size_slope`` and ``token_slope``.

    Examples
    --------
    >>> law = {"E": [1.0], "A": [1e3], "alpha": [0.5], "B": [1.0], "beta": [0.0]}
    >>> table = at_reference(pd.DataFrame(law), 1e6, 1e9)
    >>> table[["loss", "size_slope"]].round(3).values.tolist()
    [[3.0, 0.167]]
    """
    size, tokens = Laws.from_table(laws).terms(num_params, tokens_seen)
    loss = laws["E"] + size + tokens
    return laws.assign(
        loss=loss,
        size_share=size / loss,
        token_share=tokens / loss,
        size_slope=laws["alpha"] * size / loss,
        token_slope=laws["beta"] * tokens / loss,
    )


def logs(laws):
    """The table with ``ln A, ln B, ln E``; a zero counts as the smallest number."""
    tiny = np.finfo(float).tiny
    return laws.assign(**{f"ln {k}": np.log(laws[k].clip(lower=tiny)) for k in "ABE"})


def intervals(laws, column, level=INTERVAL_LEVEL):
    """Bootstrap interval of a column, a row a family.

    Returns
    -------
    DataFrame
        ``low, high, middle`` (the fit to all runs) by ``source, family, loss_kind``,
        with ``arch, runs``.
    """
    drawn = laws[laws["draw"] > 0].groupby(KEYS, sort=False)[column]
    whole = laws[laws["draw"] == 0].set_index(KEYS)
    tail = (1 - level) / 2
    return pd.DataFrame(
        {
            "low": drawn.quantile(tail),
            "high": drawn.quantile(1 - tail),
            "middle": whole[column],
            "arch": whole["arch"],
            "runs": whole["runs"],
        }
    ).loc[whole.index]


def pairs(table):
    """Pairs of families of different sources, and whether intervals lie ``apart``."""
    rows = [
        (one.Index[0], other.Index[0], one.low > other.high or other.low > one.high)
        for one, other in itertools.combinations(table.itertuples(), 2)
        if one.Index[0] != other.Index[0]
    ]
    return pd.DataFrame(rows, columns=["source", "other", "apart"])


def share_apart(table, each_pair=False):
    """D: share of pairs apart, every two sources weighing the same, or every pair."""
    compared = pairs(table)
    if each_pair:
        return float(compared["apart"].mean())
    by_sources = compared.groupby(["source", "other"])["apart"].mean()
    return float(by_sources.mean())


def relative_width(laws, column, level=INTERVAL_LEVEL):
    """How the width of a family's interval compares with the range of the families.

    Returns
    -------
    float
        Median width over the middle 80 % of the estimates: above one, the bootstrap of
        one family is wider than the differences between families.
    """
    table = intervals(laws, column, level)
    tail = (1 - level) / 2
    between = table["middle"].quantile(1 - tail) - table["middle"].quantile(tail)
    return float((table["high"] - table["low"]).median() / between)


@cached
def lent_evidence():
    """ARE of whole laws lent to other families, next-token losses in nats only.

    Families whose full fit is sound lend, unless their text was repeated.

    Returns
    -------
    DataFrame
        A row a borrower and lender: ``source, family, loss_kind`` and, as
        ``lender_...``, of the lender; ARE of the borrower's target by its ``own`` fit,
        by ``best_seen``, by the lender's law ``as_is`` and ``levelled``, times the one
        number that the borrower's smaller sizes ask for.
    """
    kinds = set(next_token_kinds())
    tables = [t for t in eligible_families(1) if t["loss_kind"].iloc[0] in kinds]
    fits = [(runs.iloc[0], fit(runs)) for runs in tables]
    lenders = [
        (facts, law)
        for facts, law in fits
        if law.status == "ok" and not facts["epochs"] >= 2
    ]
    rows = [row for runs in tables for row in _lent(runs, lenders)]
    out = pd.DataFrame(rows)
    lender = out[[f"lender_{key}" for key in KEYS]].to_numpy()
    return out[(out[KEYS] != lender).any(axis=1)]


def _lent(runs, lenders):
    """Errors of each lender's law for one borrower, beside those of its own fit."""
    train, target = hold_out(runs)
    train = early_cut(train)
    place = target["num_params"], target["tokens_seen"]
    best = np.full(len(target), train["loss"].min())
    row = dict(runs.iloc[0][KEYS])
    row["own"] = are(target["loss"], fit(train).predict(*place))
    row["best_seen"] = are(target["loss"], best)
    for lender, law in lenders:
        loss = law.predict(train["num_params"], train["tokens_seen"])
        level = np.median(train["loss"] / loss)
        lent = law.predict(*place)
        row |= dict(lender[KEYS].add_prefix("lender_"))
        row["as_is"] = are(target["loss"], lent)
        row["levelled"] = are(target["loss"], level * lent)
        yield dict(row)


def judge(shares, limits):
    """Verdict of the rule for D of both slopes."""
    if min(shares) > limits["holds"]:
        return "holds"
    return "does not hold" if max(shares) < limits["fails"] else "holds in part"


def slope_intervals():
    """`intervals` of both slopes at the place of the rule, one above the other."""
    laws = at_reference(bootstrap_evidence())
    parts = [
        intervals(laws, slope).reset_index().assign(slope=slope) for slope in SLOPES
    ]
    return pd.concat(parts, ignore_index=True)


def _judge(table, limits):
    """Judge with every two sources alike; each pair alike stands in the value."""
    words, shares = [], []
    for slope, name in zip(SLOPES, ("size", "tokens"), strict=True):
        ends = table[table["slope"] == slope].set_index(KEYS)
        shares.append(share_apart(ends))
        each = share_apart(ends, each_pair=True)
        words.append(
            f"{name}: D = {in_percent(shares[-1], '.0f')} "
            f"({in_percent(each, '.0f')} with every pair alike)"
        )
    return "; ".join(words), judge(shares, limits)


def _apart_from_others(table, limits):
    """Share of other studies' families that lie apart, the lower of the two slopes."""
    rows = []
    for _, ends in table.groupby("slope"):
        for row in ends.itertuples():
            others = ends[ends["source"] != row.source]
            apart = (others["low"] > row.high) | (others["high"] < row.low)
            value = apart.groupby(others["source"]).mean().mean()
            rows.append((row.source, row.family, row.loss_kind, value))
    values = pd.DataFrame(rows, columns=[*KEYS, "value"])
    least = values.groupby(KEYS, sort=False).min().reset_index()
    return least.assign(low=limits["holds"])


CLAIMS = (
    Claim(
        id="differ",
        name="Laws differ",
        asks="families that lie apart, over {holds:fraction}",
        rule="""At {num_params:power} parameters and {tokens_seen:power} tokens a law
        has a slope of log loss against log parameters and one against log tokens. D is
        the share of pairs of families from different sources whose {level:percent}
        intervals (bootstrap over runs) do not overlap. Holds if D is above
        {holds:fraction} for both slopes; does not hold if below {fails:fraction} for
        both; else holds in part""",
        limits={**COMPARED_AT, "level": INTERVAL_LEVEL, "holds": 1 / 2, "fails": 1 / 4},
        evidence=slope_intervals,
        judge=_judge,
        families=_apart_from_others,
    ),
)
