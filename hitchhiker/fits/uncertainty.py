"""How sure a fit is: resampled runs, intervals, and what else would move a forecast."""

import numpy as np
import pandas as pd

from ..laws import PARAMETERS
from ..runs import selection
from ..runs.checks import check_runs, run_names
from .fitting import OBJECTIVES, Fits, fit, fit_many

CHUNK = 1000  # resamples fitted in one go


def bootstrap(
    runs,
    n=1000,
    *,
    objective="huber-log",
    fixed=None,
    seed=0,
    progress=False,
    n_jobs=None,
):
    """Fit the law to resampled runs, again and again.

    Whole runs are drawn with replacement, never single checkpoints: those of one run
    share its luck, and resampling them gives intervals that are far too narrow.  With
    fewer than about eight runs few distinct resamples exist; the spread is then coarse,
    and resamples that lose a size say so in their status.  Counts are kept as small
    integers and resamples fitted a thousand at a time: ten thousand of five thousand
    rows stay below 1 GB of memory.

    Parameters
    ----------
    runs : DataFrame
        As for `hitchhiker.fit`.
    n : int
        Resamples.
    objective, fixed
        As for `hitchhiker.fit`.
    seed : int
        Of the resampling.
    progress : bool
        Show a progress bar (needs tqdm).
    n_jobs : int, optional
        Fit chunks of a thousand in parallel through joblib; a backend of Dask or Ray
        goes behind it with ``joblib.parallel_config(backend="dask")``.

    Returns
    -------
    Fits
        One law a resample.

    References
    ----------
    Davison and Hinkley 1997, section 3.8 (resampling of groups).

    Examples
    --------
    >>> from hitchhiker import load_runs
    >>> laws = bootstrap(load_runs("chinchilla"), n=50).table
    >>> bool(0.3 < laws["alpha"].median() < 0.4)
    True
    """
    codes = pd.factorize(run_names(check_runs(runs)))[0]
    count = codes.max() + 1
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(count, np.full(count, 1 / count), size=n).astype(
        np.uint16
    )
    chunks = (weights[i : i + CHUNK, codes] for i in range(0, n, CHUNK))
    if progress:
        from tqdm import tqdm

        chunks = tqdm(chunks, total=-(-n // CHUNK), unit_scale=CHUNK, unit="fit")
    if n_jobs is None:
        parts = [_fit_chunk(runs, chunk, objective, fixed) for chunk in chunks]
    else:
        from joblib import Parallel, delayed

        parts = Parallel(n_jobs)(
            delayed(_fit_chunk)(runs, c, objective, fixed) for c in chunks
        )
    table = pd.concat([p.table for p in parts], ignore_index=True)
    diagnoses = tuple(d for p in parts for d in p.diagnoses)
    return Fits(table, objective, parts[0].fixed, diagnoses, min(CHUNK, parts[0].chunk))


def _fit_chunk(runs, weights, objective, fixed):
    return fit_many(runs, objective=objective, fixed=fixed, weights=weights)


def interval(fits, num_params, tokens_seen, levels=(0.8, 0.9)):
    """Forecasts of many fits as a median and intervals between quantiles.

    Parameters
    ----------
    fits : Fits
        As from `bootstrap`.
    num_params, tokens_seen : float or array, shape (n,)
        Targets: parameters, tokens.
    levels : tuple of float
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        ``num_params, tokens_seen, loss`` (median) ``, low_80, high_80, ...``, a row a
        target.  The spread is that of the fits: it says how much the runs disagree, not
        whether the law is right.
    """
    laws = fits.table[list(PARAMETERS)].dropna().to_numpy()
    E, A, alpha, B, beta = (laws[:, k, None] for k in range(5))
    size, tokens = (
        np.atleast_1d(np.asarray(v, dtype=float)) for v in (num_params, tokens_seen)
    )
    with np.errstate(over="ignore", invalid="ignore"):
        loss = (
            E
            + np.exp(np.log(A) - alpha * np.log(size))
            + np.exp(np.log(B) - beta * np.log(tokens))
        )
    out = {
        "num_params": size,
        "tokens_seen": tokens,
        "loss": np.nanmedian(loss, axis=0),
    }
    return pd.DataFrame(out | _quantiles(loss, levels))


def allocation_interval(fits, flops, levels=(0.8, 0.9)):
    """Compute-optimal parameters and tokens of many fits, as medians and intervals.

    Returns
    -------
    DataFrame
        A row each for ``num_params`` and ``tokens_seen``: ``quantity, median, low_80,
        high_80, ...`` at ``flops`` FLOPs.  Fits without an optimum are left out and
        counted in ``without``.
    """
    table = fits.table
    usable = table[(table[list(PARAMETERS[1:])] > 0).all(axis=1)]
    A, alpha, B, beta = usable[["A", "alpha", "B", "beta"]].to_numpy().T
    scale = (np.log(alpha * A) - np.log(beta * B)) / (alpha + beta)
    log_size = scale + beta / (alpha + beta) * np.log(flops / 6.0)
    sizes = np.exp(np.stack([log_size, np.log(flops / 6.0) - log_size], axis=1))
    out = {
        "quantity": ["num_params", "tokens_seen"],
        "median": np.median(sizes, axis=0),
    }
    return pd.DataFrame(out | _quantiles(sizes, levels)).assign(
        without=len(table) - len(usable)
    )


def _quantiles(values, levels):
    """Columns low_80, high_80 and so on of the columns of an array (n_fits, n)."""
    out = {}
    for level in levels:
        low, high = np.nanquantile(values, [(1 - level) / 2, (1 + level) / 2], axis=0)
        out |= {f"low_{100 * level:.0f}": low, f"high_{100 * level:.0f}": high}
    return out


def sensitivity(runs, num_params, tokens_seen, *, objective="huber-log", fixed=None):
    """How far a forecast moves with the objective, the early cut, and without each size.

    Parameters
    ----------
    runs : DataFrame
        As for `hitchhiker.fit`; the early cut is applied here.
    num_params, tokens_seen : float
        The target.

    Returns
    -------
    DataFrame
        ``change, forecast, moved`` (relative to the first row) ``, status``.
    """
    cut = selection.early_cut(runs)
    options = {"objective": objective, "fixed": fixed}
    cases = {"as it is": (cut, options)}
    for other in OBJECTIVES:
        if other != objective:
            cases[f"objective {other}"] = (cut, options | {"objective": other})
    cases["no early cut"] = (runs, options)
    own = runs["tokens_seen"].groupby(run_names(runs)).transform("max")
    cases["first 30 % of each run left out"] = (
        runs[runs["tokens_seen"] >= 0.3 * own],
        options,
    )
    if len(selection.sizes(cut)) > 1:
        for name in selection.sizes(cut).index:
            cases[
                f"without size {name if isinstance(name, str) else format(name, '.4g')}"
            ] = (
                cut[selection.size_names(cut) != name],
                options,
            )
    fits = {change: fit(rows, **opts) for change, (rows, opts) in cases.items()}
    loss = np.array([f.predict(num_params, tokens_seen) for f in fits.values()])
    return pd.DataFrame(
        {
            "change": list(fits),
            "forecast": loss,
            "moved": loss / loss[0] - 1,
            "status": [f.status for f in fits.values()],
        }
    )
