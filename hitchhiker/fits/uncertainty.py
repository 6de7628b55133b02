"""How sure a fit is: resampled runs, intervals, and what else would move a forecast."""

from dataclasses import replace
from importlib import import_module
from types import NoneType

import numpy as np
import pandas as pd

from ..runs import arguments, selection
from ..runs.arguments import flag, instance, number, targets, whole_number
from ..runs.checks import DataError, check_runs, doubts, run_names
from ..runs.thinning import spread
from .batch import solve_tables
from .fitting import OBJECTIVES, check_fixed, check_objective, drop_early
from .results import Fits
from .stack import slices

RESAMPLES_TOGETHER = 1000  # resamples that are fitted in one go
MOST_LEFT_OUT = 30  # sizes that are left out one by one
FIRST_PART = 0.3  # share of each run's tokens that `sensitivity` leaves out in one row


def bootstrap(
    runs,
    n=1000,
    *,
    objective="huber-log",
    fixed=None,
    early="guide",
    seed=0,
    n_jobs=1,
    progress=False,
    force=False,
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
    objective, fixed, early
        As for `hitchhiker.fit`; the result's ``n_early`` says how many checkpoints
        were left out.
    seed : int
        Of the resampling.
    n_jobs : int
        Processes that fit a thousand resamples at a time each, -1 for all processors;
        more than one needs joblib.  The numbers do not depend on it.
    progress : bool
        Show a progress bar, which needs tqdm.
    force : bool
        As for `hitchhiker.fit`.

    Returns
    -------
    Fits
        One law a resample; its ``warnings`` say what is doubtful in the table.

    Raises
    ------
    ImportError
        If joblib or tqdm is needed and not installed.
    DataError
        If an argument or the table cannot be used.

    References
    ----------
    Davison and Hinkley 1997, section 3.8 (resampling of groups).

    Examples
    --------
    >>> from hitchhiker import load_runs
    >>> laws = bootstrap(load_runs("chinchilla"), n=50).laws
    >>> bool(0.3 < np.median(laws.alpha) < 0.4)
    True
    """
    check_objective(objective)
    fixed = check_fixed(fixed)
    n = whole_number("n", n, least=1)
    if not isinstance(seed, (np.random.Generator, np.random.SeedSequence, NoneType)):
        whole_number("seed", seed, least=0)
    if whole_number("n_jobs", n_jobs, least=-1) == 0:
        raise DataError("n_jobs must be 1 or more, or -1 for all processors, got 0")
    flag("progress", progress)
    told = doubts(runs, force)
    rows = drop_early(runs, early)
    codes = pd.factorize(run_names(rows))[0]
    count = codes.max() + 1
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(count, np.full(count, 1 / count), size=n)
    draws = draws.astype(np.uint16)
    chunks = [draws[at] for at in slices(n, RESAMPLES_TOGETHER)]
    tasks = ((rows, chunk[:, codes], objective, fixed) for chunk in chunks)
    parts = _in_processes(tasks, n_jobs) if n_jobs != 1 else map(_fit_resamples, tasks)
    if progress:
        bar = _optional("tqdm", "progress=True").tqdm
        parts = bar(parts, total=len(chunks), unit_scale=RESAMPLES_TOGETHER, unit="fit")
    n_early = len(runs) - len(rows)
    return replace(Fits.join(list(parts)), n_early=n_early, warnings=told)


def _fit_resamples(task):
    rows, weights, objective, fixed = task
    return solve_tables([rows], weights, objective, fixed)


def _in_processes(tasks, n_jobs):
    """Fits of each task in order, as processes finish them."""
    joblib = _optional("joblib", f"n_jobs={n_jobs}")
    workers = joblib.Parallel(n_jobs=n_jobs, return_as="generator")
    return workers(joblib.delayed(_fit_resamples)(task) for task in tasks)


def _optional(name, option):
    """A module that only one option needs, or an error that says what to install."""
    try:
        return import_module(name)
    except ImportError:
        raise ImportError(
            f"{option} needs {name}: python -m pip install {name}"
        ) from None


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

    Examples
    --------
    >>> from hitchhiker import load_runs
    >>> fits = bootstrap(load_runs("chinchilla"), n=50)
    >>> interval(fits, 70e9, 1.4e12)[["loss", "low_80", "high_80"]].round(2)
       loss  low_80  high_80
    0  2.01    1.99     2.03
    """
    instance("fits", fits, Fits, "as from hitchhiker.bootstrap")
    levels = arguments.levels(levels)
    size, tokens = targets(num_params, tokens_seen)
    losses = fits.laws.predict(size, tokens)
    points = {"num_params": size, "tokens_seen": tokens}
    middle = {"loss": np.nanmedian(losses, axis=0)}
    return pd.DataFrame(points | middle | _quantiles(losses, levels))


def allocation_interval(fits, flops, levels=(0.8, 0.9)):
    """Compute-optimal parameters and tokens of many fits, as medians and intervals.

    Parameters
    ----------
    fits : Fits
        As from `bootstrap`.
    flops : float
        FLOPs of training.
    levels : tuple of float
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        A row each for ``num_params`` and ``tokens_seen``: ``quantity, median, low_80,
        high_80, ...``.  Fits without an optimum are left out and counted in
        ``without``.
    """
    instance("fits", fits, Fits, "as from hitchhiker.bootstrap")
    levels = arguments.levels(levels)
    optima = np.stack(fits.laws.compute_optimal(flops), axis=1)
    out = {"quantity": ["num_params", "tokens_seen"]}
    out |= {"median": np.nanmedian(optima, axis=0)} | _quantiles(optima, levels)
    return pd.DataFrame(out).assign(without=int(np.isnan(optima[:, 0]).sum()))


def _quantiles(values, levels):
    """Columns low_80, high_80 and so on of the columns of an array (n_fits, n)."""
    out = {}
    for level in levels:
        tail = (1 - level) / 2
        low, high = np.nanquantile(values, [tail, 1 - tail], axis=0)
        out |= {f"low_{100 * level:.0f}": low, f"high_{100 * level:.0f}": high}
    return out


def sensitivity(
    runs,
    num_params,
    tokens_seen,
    *,
    objective="huber-log",
    fixed=None,
    early="guide",
    force=False,
):
    """How far a forecast moves with objective, early cut, and each size left out.

    Of more than 30 sizes 30 are left out in turn, evenly by rank.

    Parameters
    ----------
    runs : DataFrame
        As for `hitchhiker.fit`.
    num_params, tokens_seen : float
        The target.
    objective, fixed, early, force
        As for `hitchhiker.fit`, whose forecast is the first row.

    Returns
    -------
    DataFrame
        ``change, forecast, moved`` (relative to the first row) ``, status, n_rows``
        (checkpoints used).
    """
    check_objective(objective)
    fixed = check_fixed(fixed)
    num_params = number("num_params", num_params, above=0)
    tokens_seen = number("tokens_seen", tokens_seen, above=0)
    rows = drop_early(check_runs(runs, force=force), early)
    cases = {"as it is": (rows, objective)}
    for other in OBJECTIVES:
        if other != objective:
            cases[f"objective {other}"] = (rows, other)
    for change, some in _other_rows(runs, rows, early):
        cases[change] = (some, objective)
    fits = []
    for some, name in cases.values():
        fits += solve_tables([some], np.ones((1, len(some))), name, fixed)
    losses = np.array([f.predict(num_params, tokens_seen) for f in fits])
    return pd.DataFrame(
        {
            "change": list(cases),
            "forecast": losses,
            "moved": losses / losses[0] - 1,
            "status": [f.status for f in fits],
            "n_rows": [f.n_rows for f in fits],
        }
    )


def _other_rows(runs, rows, early):
    """Yield each change of the rows by name: another early cut, then a size fewer."""
    if early is None:
        yield "with the early cut", selection.early_cut(runs)
    else:
        yield "no early cut", runs
    tokens = runs["tokens_seen"]
    length = tokens.groupby(run_names(runs), observed=True).transform("max")
    late = runs[tokens >= FIRST_PART * length]
    yield f"first {100 * FIRST_PART:.0f} % of each run left out", late
    sizes = selection.sizes(rows)
    if len(sizes) > 1:
        for name in spread(sizes, MOST_LEFT_OUT).index:
            words = name if isinstance(name, str) else format(name, ".4g")
            yield f"without size {words}", rows[selection.size_names(rows) != name]
