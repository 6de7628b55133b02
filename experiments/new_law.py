"""Claim about how much the five parameters differ between families."""

import itertools

import numpy as np
import pandas as pd

from hitchhiker.evaluation.evaluating import absolute_relative_error as are
from hitchhiker.fits.fitting import fit, fit_many
from hitchhiker.fits.uncertainty import bootstrap
from hitchhiker.laws import Laws
from hitchhiker.runs.checks import run_names
from hitchhiker.runs.selection import early_cut, hold_out

from .cache import cached
from .grids import eligible_families
from .rules import KEYS

REFERENCE = {"num_params": 1e9, "tokens_seen": 1e11}
SLOPES = ("size_slope", "token_slope")
LEVEL = 0.8
DRAWS = 200
NATS = (
    "train",
    "validation",
    "validation-openlm",
)  # next-token losses in nats per token


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
        laws = pd.concat([fit_many(runs).table, bootstrap(runs, n=DRAWS).table])
        facts = runs.iloc[0][[*KEYS, "arch", "epochs"]]
        parts.append(
            laws.assign(
                **facts,
                runs=run_names(runs).nunique(),
                draw=range(len(laws)),
                log_size=np.log(runs["num_params"]).mean(),
                log_tokens=np.log(runs["tokens_seen"]).mean(),
            )
        )
    return pd.concat(parts, ignore_index=True)


def at_reference(
    laws, num_params=REFERENCE["num_params"], tokens_seen=REFERENCE["tokens_seen"]
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
    >>> law = pd.DataFrame({"E": [1.0], "A": [1e3], "alpha": [0.5], "B": [1.0], "beta": [0.0]})
    >>> at_reference(law, 1e6, 1e9)[["loss", "size_slope"]].round(3).values.tolist()
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
    """The table with ``ln A, ln B, ln E``; a zero counts as the smallest number there is."""
    tiny = np.finfo(float).tiny
    return laws.assign(**{f"ln {k}": np.log(laws[k].clip(lower=tiny)) for k in "ABE"})


def intervals(laws, column, level=LEVEL):
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
    """Pairs of families from different sources and whether their intervals lie ``apart``."""
    rows = [
        (one.Index[0], other.Index[0], one.low > other.high or other.low > one.high)
        for one, other in itertools.combinations(table.itertuples(), 2)
        if one.Index[0] != other.Index[0]
    ]
    return pd.DataFrame(rows, columns=["source", "other", "apart"])


def share_apart(table, each_pair=False):
    """D: share of pairs apart, every two sources weighing the same, or every pair."""
    found = pairs(table)
    if each_pair:
        return float(found["apart"].mean())
    return float(found.groupby(["source", "other"])["apart"].mean().mean())


def spread(laws, column, level=LEVEL):
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
    tables = [t for t in eligible_families(1) if t["loss_kind"].iloc[0] in NATS]
    found = [(runs.iloc[0], fit(early_cut(runs))) for runs in tables]
    lenders = [
        pair for pair in found if pair[1].status == "ok" and not pair[0]["epochs"] >= 2
    ]
    rows = []
    for runs in tables:
        train, aim = hold_out(runs)
        train, facts = early_cut(train), runs.iloc[0][KEYS]
        own = fit(train).predict(aim["num_params"], aim["tokens_seen"])
        best = np.full(len(aim), train["loss"].min())
        plain = {"own": are(aim["loss"], own), "best_seen": are(aim["loss"], best)}
        for lender, law in lenders:
            lent = law.predict(aim["num_params"], aim["tokens_seen"])
            seen = law.predict(train["num_params"], train["tokens_seen"])
            level = np.median(train["loss"] / seen)
            rows.append(
                {
                    **facts,
                    **lender[KEYS].add_prefix("lender_"),
                    **plain,
                    "as_is": are(aim["loss"], lent),
                    "levelled": are(aim["loss"], level * lent),
                }
            )
    out = pd.DataFrame(rows)
    return out[(out[KEYS] != out[[f"lender_{k}" for k in KEYS]].to_numpy()).any(axis=1)]


def judge(shares):
    """Verdict of the rule for D of both slopes."""
    if min(shares) > 1 / 2:
        return "holds"
    return "does not hold" if max(shares) < 1 / 4 else "holds in part"


def _differ():
    """Rule with every two sources weighing the same; each pair alike stands in the value."""
    laws = at_reference(bootstrap_evidence())
    words, shares = [], []
    for slope, name in zip(SLOPES, ("size", "tokens"), strict=True):
        table = intervals(laws, slope)
        shares.append(share_apart(table))
        each = share_apart(table, each_pair=True)
        words.append(
            f"{name}: D = {100 * shares[-1]:.0f} % ({100 * each:.0f} % with every pair alike)"
        )
    return "; ".join(words), judge(shares)


TESTS = {"differ": _differ}
