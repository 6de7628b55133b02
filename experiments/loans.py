"""What families have to lend to a single run, and what their loans are worth."""

from functools import partial

import numpy as np
import pandas as pd

from hitchhiker.evaluation.evaluating import evaluate
from hitchhiker.evaluation.methods import LawMethod
from hitchhiker.evaluation.scoring import absolute_relative_error
from hitchhiker.fits.fitting import fit
from hitchhiker.laws import PARAMETERS, ScalingLaw
from hitchhiker.runs import selection

from .borrow import ONE_SIZE_METHODS, families_with_unit, from_one_size
from .cache import cached
from .corpus import NATS_PER_TOKEN
from .grids import smaller_counts
from .studies import KEYS

FAMILY_FACTS = [*KEYS, "arch", "unit"]
LENDING_SCALE_UP = 10.0  # at which lenders are compared


@cached
def lenders():
    """What each family of three sizes has to lend: its full fit.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, arch, unit, E, A, alpha, B, beta, status, lends``:
        whether the fit shows a size term, on data that were not seen twice.
    """
    rows = []
    for runs in families_with_unit(min_sizes=3):
        fitted = fit(runs)
        settled = fitted.status in ("ok", "at_bound") and 0.01 < fitted.law.alpha < 2
        repeated = runs["epochs"].iloc[0] >= 2
        row = {**runs.iloc[0][FAMILY_FACTS], **fitted.law.as_dict()}
        row["status"] = fitted.status
        row["lends"] = settled and fitted.law.A > 0 and not repeated
        rows.append(row)
    return pd.DataFrame(rows)


def size_drop(A, alpha, num_params, larger):
    """What the size term falls by from one size to a larger one, in the unit of A.

    Examples
    --------
    >>> round(float(size_drop(A=100.0, alpha=0.5, num_params=1e4, larger=1e6)), 6)
    0.9
    """
    return A * (num_params**-alpha - larger**-alpha)


def curve_of_one_size(runs):
    """Law of one size alone, E + B / D^beta, in which A and alpha say nothing."""
    return fit(runs, fixed={"A": 0.0, "alpha": 1.0}).law


@cached
def lending_evidence():
    """ARE of each family with what each lender lends, from a tenth of its target.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, arch, unit`` of the borrower and, as
        ``lender_...``, of the lender; ``scale_up``; ARE of ``best_seen``, of
        ``absolute`` (A and alpha as they are) and of ``relative`` (A times the ratio of
        the two losses at the borrower's last checkpoint: the size term has the lender's
        share of the loss).
    """
    able = lenders().query("lends")
    parts = [_loans(runs, able) for runs in families_with_unit(min_sizes=2)]
    return pd.concat(parts, ignore_index=True)


def _loans(runs, able):
    """Errors of one borrower with each lender."""
    train, target = selection.hold_out(runs)
    larger, tokens = target[["num_params", "tokens_seen"]].to_numpy(float).T
    params = selection.sizes(train)
    size = np.log(params * LENDING_SCALE_UP / larger[0]).abs().idxmin()
    one = selection.early_cut(train[selection.size_names(train) == size])
    curve, n = curve_of_one_size(one), one["num_params"].median()
    end, error = one["tokens_seen"].max(), partial(absolute_relative_error, target.loss)
    alone, best = curve.predict(n, tokens), np.full(len(target), one["loss"].min())
    rows = []
    for _, lender in able.iterrows():
        law = ScalingLaw(**lender[list(PARAMETERS)])
        less = size_drop(law.A, law.alpha, n, larger)
        ratio = curve.predict(n, end) / law.predict(n, end)
        row = dict(runs.iloc[0][FAMILY_FACTS])
        row |= dict(lender[FAMILY_FACTS].add_prefix("lender_"))
        row |= {"scale_up": larger[0] / n, "best_seen": error(best)}
        row |= {"absolute": error(alone - less)}
        rows.append(row | {"relative": error(alone - ratio * less)})
    return pd.DataFrame(rows)


def lending_groups(lending):
    """Median ARE by architecture and, for decoders, unit; lenders of other sources.

    Returns
    -------
    DataFrame
        ``lends, borrows, absolute, relative, best_seen``; every pair of sources counts
        once.
    """
    pairs = lending[lending["source"] != lending["lender_source"]]
    group = {}
    for side, prefix in (("lends", "lender_"), ("borrows", "")):
        arch, unit = pairs[f"{prefix}arch"], pairs[f"{prefix}unit"]
        group[side] = arch.where(arch != "decoder", "decoder, " + unit)
    keys, values = ["lends", "borrows"], ["absolute", "relative", "best_seen"]
    by_pair = pairs.assign(**group).groupby([*keys, "lender_source", "source"])
    return by_pair[values].median().groupby(keys).median().reset_index()


def median_lent(train_runs, num_params, tokens_seen, lenders):
    """Forecast: the curve of one size less the median drop of the lenders."""
    n = train_runs["num_params"].median()
    exponents = lenders[["A", "alpha"]].to_numpy()
    drops = [size_drop(A, alpha, n, num_params) for A, alpha in exponents]
    alone = curve_of_one_size(train_runs).predict(n, tokens_seen)
    return alone - np.median(drops, axis=0)


@cached
def alternatives_evidence():
    """Borrowing against plain alternatives on the same targets and largest sizes seen.

    Returns
    -------
    DataFrame
        Rows of `hitchhiker.evaluate` with ``arch, unit``. Methods: from one size
        "best_seen", "borrowed" (the paper's A and alpha), "lent" (its curve less the
        median drop of the lenders of other sources); from that size and the next
        smaller "others' exponents" (alpha and beta at the median of those lenders) and
        "own fit".
    """
    every = lenders()
    able = every[every["lends"] & (every["unit"] == NATS_PER_TOKEN)]
    parts = []
    for runs in families_with_unit(min_sizes=3):
        facts = runs.iloc[0][["arch", "unit"]]
        others = able[able["source"] != runs["source"].iloc[0]]
        exponents = others.groupby("source")[["alpha", "beta"]].median().median()
        single = dict(zip(ONE_SIZE_METHODS, ONE_SIZE_METHODS, strict=True))
        single["lent"] = partial(median_lent, lenders=others)
        borrowed = LawMethod(fixed=dict(exponents))
        double = {"others' exponents": borrowed, "own fit": "fit"}
        ends = [end for end in smaller_counts(runs) if end > 1]
        train, _ = selection.hold_out(runs)
        pairs = selection.windows(train, counts=[2], ends=ends)
        scores = from_one_size(runs, single, ends), evaluate(runs, double, sizes=pairs)
        parts += [table.assign(**facts) for table in scores]
    return pd.concat(parts, ignore_index=True)
