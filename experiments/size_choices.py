"""Choices of sizes, scored, and errors in bands: what two chapters on sizes share."""

from functools import partial

import numpy as np
import pandas as pd

from hitchhiker.evaluation.evaluating import evaluate
from hitchhiker.runs.selection import hold_out, sizes, with_sizes

from .grids import eligible_families, evenly_spaced
from .studies import ESTIMATORS, KEYS, study_weights, weighted_quantiles

NEEDED_SIZES, SAFE_SIZES = 3, 5  # that a law needs, and that the paper calls safe
ERROR_BANDS = {  # upper edges by column of the results and name of the band
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
    "n_sizes": {str(k): k for k in range(1, SAFE_SIZES + 1)},
}
SCORE_COLUMNS = (
    "method n_sizes share scale_up flops flops_share status forecast signed_error are"
).split()


def scored(plan, methods=ESTIMATORS, min_checkpoints=1, **options):
    """Score the choices that a plan makes among the smaller sizes of every family.

    Parameters
    ----------
    plan : callable
        From the parameters of the smaller sizes, smallest first, to pairs of facts, a
        dict, and ranks of the sizes chosen, counted from 0.
    methods, **options
        As for `hitchhiker.evaluate`.
    min_checkpoints : int
        As for `experiments.grids.eligible_families`.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind``, `SCORE_COLUMNS` and the facts of each choice.
    """
    parts = []
    for runs in eligible_families(min_checkpoints):
        params = sizes(hold_out(runs)[0]).to_numpy()
        planned = {f"choice {i}": choice for i, choice in enumerate(plan(params))}
        if planned:
            chosen = {c: partial(_ranked, ranks=r) for c, (_, r) in planned.items()}
            facts = {cell: facts for cell, (facts, _) in planned.items()}
            facts = pd.DataFrame.from_dict(facts, orient="index")
            scores = evaluate(runs, methods, sizes=chosen, **options)
            scores = scores[[*KEYS, *SCORE_COLUMNS, "cell"]].join(facts, on="cell")
            parts.append(scores.drop(columns="cell"))
    return pd.concat(parts, ignore_index=True)


def _ranked(train, ranks):
    return with_sizes(train, sizes(train).index[list(ranks)])


def in_a_row(params, counts, some=False):
    """Plan: consecutive sizes that end with one largest, for every such or for some."""
    ends = evenly_spaced(len(params)) if some else range(1, len(params) + 1)
    for end in (e for e in ends if e >= max(counts)):
        for k in counts:
            yield {"end": end}, range(end - k, end)


def pooled_errors(results, column):
    """Spread of ARE over all families in bands of a column, every source the same.

    Parameters
    ----------
    results : DataFrame
        Rows of `hitchhiker.evaluate`.
    column : str
        Of `ERROR_BANDS`.

    Returns
    -------
    DataFrame
        ``band, method, n_sources, n_families, low, middle, high``: of the families'
        median ARE the 10, 50 and 90 % points.
    """
    edges = ERROR_BANDS[column]
    band = pd.cut(results[column], [0, *edges.values()], labels=list(edges))
    groups = results.assign(band=band).groupby([*KEYS, "method", "band"], observed=True)
    middle = groups["are"].median().reset_index()
    rows = []
    for names, families in middle.groupby(["band", "method"], observed=True):
        weights = study_weights(families)
        points = weighted_quantiles(families["are"], weights, [0.1, 0.5, 0.9])
        n_sources = families["source"].nunique()
        rows.append((*names, n_sources, len(families), *points))
    columns = "band method n_sources n_families low middle high".split()
    return pd.DataFrame(rows, columns=columns)
