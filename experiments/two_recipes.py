"""Whether stated chances of comparisons are right, and a worked choice of a recipe."""

from itertools import combinations

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from hitchhiker.forecasts.comparing import (
    DIFFERENCE_DF,
    compare,
    pair_errors,
    pair_sd,
    paired,
)
from hitchhiker.forecasts.prior import load_prior
from hitchhiker.laws import training_flops
from hitchhiker.runs import selection

from .cache import cached
from .learn_pairs import pair_rows
from .learn_prior import families

CHANCE_EDGES = (0.499, 0.6, 0.8, 0.95, 1.0)  # of bands of stated chances


@cached
def pair_evidence():
    """What `hitchhiker.compare` says from pairs of runs of real recipes, and the truth.

    Every pair below the target is taken as though it were the largest, with errors of
    pairs learned from the other studies.

    Returns
    -------
    DataFrame
        ``source, first, second`` (families) ``, loss_kind, extrapolation`` (log of the
        scale-up) ``, difference, truth`` (log ratios of losses, at the pair and at the
        target) ``, chance`` (stated, that the better of the pair is the better at the
        target) ``, right`` (whether it is) ``, inside_80, apart`` (error of the
        difference of two forecasts, each from all its recipe's smaller runs), a row a
        pair.
    """
    parts = []
    for (one, first), (other, second) in combinations(families().items(), 2):
        if one[0] != other[0]:
            continue
        prior = {f"without {one[0]}": load_prior(one[0])}
        rows = pair_rows({one: first, other: second}, prior)
        if len(rows):
            smaller = [selection.hold_out(table)[0] for table in (first, second)]
            names = {"first": one[1], "second": other[1], "loss_kind": one[2]}
            rows = rows.assign(difference=paired(*smaller)["difference"], **names)
            parts.append(rows.assign(truth=rows["difference"] + rows["error"]))
    return judged(pd.concat(parts, ignore_index=True))


def judged(pairs):
    """Pairs with what was stated of each, and whether it came out so."""
    known = pd.DataFrame([pair_errors(name) for name in pairs["source"]])
    size = pairs["difference"].abs()
    learned = (known[name] for name in ("floor", "per_size", "per_difference"))
    spread = pair_sd(*learned, size, pairs["extrapolation"])
    error = (pairs["truth"] - pairs["difference"]).abs()
    table = pairs.assign(
        chance=stdtr(DIFFERENCE_DF, size / spread),
        right=np.sign(pairs["difference"]) == np.sign(pairs["truth"]),
        inside_80=error <= stdtrit(DIFFERENCE_DF, 0.9) * spread,
    )
    return table[
        "source first second loss_kind extrapolation difference truth chance right "
        "inside_80 apart".split()
    ]


def reliability(pairs):
    """Chance stated against how often the choice was right, a row a band and study.

    Parameters
    ----------
    pairs : DataFrame
        As from `pair_evidence`.

    Returns
    -------
    DataFrame
        ``band`` (of `CHANCE_EDGES`, from 0) ``, source, n`` (pairs) ``, stated, right``
        (means).
    """
    band = pd.cut(pairs["chance"], CHANCE_EDGES, labels=False)
    table = pairs.groupby([band.rename("band"), "source"]).agg(
        n=("right", "size"), stated=("chance", "mean"), right=("right", "mean")
    )
    return table.reset_index()


def pairs_or_forecasts(pairs):
    """Error of the difference at the target by the largest pair and by two forecasts.

    Parameters
    ----------
    pairs : DataFrame
        As from `pair_evidence`.

    Returns
    -------
    DataFrame
        ``difference`` (actual) ``, pair, apart`` (medians of absolute log ratios) ``,
        n`` (couples of families), a row a study.
    """
    couple = ["source", "first", "second", "loss_kind"]
    largest = pairs.sort_values("extrapolation", kind="stable").drop_duplicates(couple)
    errors = pd.DataFrame(
        {
            "source": largest["source"],
            "difference": largest["truth"].abs(),
            "pair": (largest["truth"] - largest["difference"]).abs(),
            "apart": largest["apart"].abs(),
        }
    )
    studies = errors.groupby("source")
    return studies.median().assign(n=studies.size())


def stages(first, second, target):
    """What a comparison says as sizes are added, the smallest first.

    Returns
    -------
    DataFrame
        ``largest`` (parameters) ``, share`` (FLOPs of both ladders over those of one
        target) ``, chance`` (that the first is better) ``, difference, low_80, high_80,
        smallest, advice``.
    """
    rows = []
    for size in sorted(first["num_params"].unique()):
        trained = [runs[runs["num_params"] <= size * 1.1] for runs in (first, second)]
        flops = sum(map(selection.cost, trained))
        compared = compare(*trained, *target)
        row = {"largest": size, "share": flops / training_flops(*target)}
        row |= {"chance": compared.probability, "difference": compared.difference}
        row |= {"low_80": compared.low_80, "high_80": compared.high_80}
        row |= {
            "smallest": compared.minimum_detectable_difference,
            "advice": compared.advice,
        }
        rows.append(row)
    return pd.DataFrame(rows)
