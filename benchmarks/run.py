"""Time estimation beside other tools: `python benchmarks/run.py [folder with peers]`.

`python benchmarks/run.py --memory` prints the peak memory of one large bootstrap
instead.

Processor time on one thread, every tool in one run, interleaved, best of several
rounds.
"""

import os

os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")

import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import chain

import numpy as np
import pandas as pd
import scipy
from peers import (
    POINTS,
    D,
    L,
    N,
    with_chinchilla,
    with_curve_fit,
    with_multi_start,
    with_simple_scaling_laws,
)

from experiments.grids import score_shares
from hitchhiker import bootstrap, fit, fit_many, load_runs
from hitchhiker.fits.fitting import OBJECTIVES
from hitchhiker.laws import PARAMETERS
from hitchhiker.runs.data import tables_folder

sys.path += sys.argv[1:]  # after ours: a folder of peers must not shadow numpy
ROUNDS = 5  # every tool is timed in each, the least time counts
RESAMPLES = 1000  # laws of a batch
ONE_FIT = "one fit of the Chinchilla points"
BATCH_TASK = "bootstraps of the Chinchilla points"
WEIGHTS = np.random.default_rng(0).multinomial(
    len(L), np.full(len(L), 1 / len(L)), RESAMPLES
)


def objective_of(laws, weights, objective):
    """The objective of laws (k, 5) under weights (k, n), as `fit` defines it."""
    E, A, alpha, B, beta = np.asarray(laws, dtype=float).T[..., None]
    loss = E + A / N**alpha + B / D**beta
    size = np.abs(L - loss if objective == "ls" else np.log(L / loss))
    far = size > (1e-3 if objective == "huber-log" else np.inf)
    return (weights * np.where(far, 1e-3 * (size - 5e-4), size**2 / 2)).sum(axis=1)


@dataclass(frozen=True)
class Entry:
    """What is timed: a function that gives so many laws, and under which names."""

    task: str
    tool: str
    note: str
    objective: str
    laws: int
    function: Callable


def clock(function):
    """Processor time of a call, and what it gives."""
    start = time.process_time()
    result = function()
    return time.process_time() - start, result


def resampled(i):
    """Rows of one resample."""
    return np.repeat(np.arange(len(L)), WEIGHTS[i])


def batched(objective):
    """Laws (1000, 5) of all resamples at once."""
    table = fit_many(POINTS, weights=WEIGHTS, objective=objective).table
    return table[list(PARAMETERS)].to_numpy()


def one_by_one(function, laws):
    """Laws (laws, 5) of the first resamples, fitted one after the other."""
    return [function(resampled(i)) for i in range(laws)]


def own_entries(objective):
    """One fit and one batch of ours."""
    tool = f"hitchhiker {objective}"
    single = partial(fit, POINTS, objective=objective)
    batch = partial(batched, objective)
    yield Entry(ONE_FIT, tool, "", objective, 1, single)
    yield Entry(BATCH_TASK, tool, "1,000 at once", objective, RESAMPLES, batch)


def entry(tool, note, objective, laws, function):
    """A batch of another tool."""
    return Entry(
        BATCH_TASK, tool, note, objective, laws, partial(one_by_one, function, laws)
    )


def entries():
    """Yield everything that is timed, ours first."""
    for objective in OBJECTIVES:
        yield from own_entries(objective)
    note = "squares of the log loss, one start"
    yield entry("curve_fit", note, "ls-log", 20, with_curve_fit)
    note = "squares of the log loss, 20 starts"
    yield entry("least_squares", note, "ls-log", 3, with_multi_start)
    note = "squares of the loss, its starts"
    yield entry("simple-scaling-laws", note, "ls", 20, with_simple_scaling_laws)
    note = "Huber of the log loss, 32 starts"
    yield entry("chinchilla", note, "huber-log", 1, with_chinchilla)


def reached(results):
    """Share of a tool's laws whose objective is within a millionth of the best.

    The best of any tool, that is. Not of "huber-scaled", whose threshold depends on
    the law.

    Parameters
    ----------
    results : dict of (task, tool) to (objective, laws)
    """
    shares = {}
    for objective in {name for name, _ in results.values()} - {"huber-scaled"}:
        values = {
            key: objective_of(laws, WEIGHTS[: len(laws)], objective)
            for key, (name, laws) in results.items()
            if name == objective and len(laws)
        }
        best = np.full(RESAMPLES, np.inf)
        for value in values.values():
            best[: len(value)] = np.minimum(best[: len(value)], value)
        for key, value in values.items():
            shares[key] = np.mean(value <= best[: len(value)] * (1 + 1e-6))
    return shares


def memory():
    """Resamples, rows, seconds and peak megabytes of one large bootstrap alone."""
    runs = load_runs(family="mad-llama")
    seconds, fits = clock(lambda: bootstrap(runs, 10_000, early=None))
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    return len(fits), len(runs), seconds, peak


def timed_batches():
    """Least milliseconds a law, note and laws of every tool; rounds interleave them."""
    best, notes, results, absent = {}, {}, {}, set()
    for timed in chain.from_iterable(entries() for _ in range(ROUNDS)):
        if timed.tool in absent:
            continue
        try:
            seconds, laws = clock(timed.function)
        except ImportError:
            print(f"{timed.tool} is not installed: skipped")
            absent.add(timed.tool)
            continue
        key = (timed.task, timed.tool)
        best[key] = min(best.get(key, np.inf), 1e3 * seconds / timed.laws)
        notes[key] = timed.note
        if timed.task == BATCH_TASK:
            results[key] = timed.objective, laws
    return best, notes, results


def timed_grid(best, notes):
    """Add the main experiment: our fit first, then SciPy's, whose ratio is one."""
    for method, tool, rounds in (
        ("fit", "hitchhiker huber-log", ROUNDS),
        ("paper", "curve_fit", 2),
    ):
        seconds, cells = min(
            clock(lambda m=method: len(score_shares([m]))) for _ in range(rounds)
        )
        key = (f"{cells} cells of the main experiment", tool)
        best[key] = 1e3 * seconds / cells
        notes[key] = f"{seconds:.1f} s with all else"


def timed_memory():
    """The row of the large bootstrap, measured in a process of its own."""
    command = [sys.executable, __file__, "--memory"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True)
    count, rows, seconds, peak = map(float, printed.stdout.split())
    return {
        "task": f"{count:,.0f} bootstraps of {rows:,.0f} rows",
        "tool": "hitchhiker huber-log",
        "ms_per_law": 1e3 * seconds / count,
        "note": "28 runs of mad-llama",
        "peak_mb": round(peak),
    }


def main():
    """Time everything, write the table and print it."""
    warnings.simplefilter("ignore")
    best, notes, results = timed_batches()
    timed_grid(best, notes)
    table = pd.DataFrame(
        [(*key, time_per_law, notes[key]) for key, time_per_law in best.items()],
        columns=["task", "tool", "ms_per_law", "note"],
    )
    grid = table["task"].str.contains("cells")
    base = np.where(grid, table["ms_per_law"].iloc[-1], best[BATCH_TASK, "curve_fit"])
    table.insert(3, "ratio_to_curve_fit", base / table["ms_per_law"])
    shares = reached(results)
    table.insert(4, "reached", [shares.get(key, np.nan) for key in best])
    table = pd.concat([table, pd.DataFrame([timed_memory()])], ignore_index=True)
    table = table.round({"ms_per_law": 3, "ratio_to_curve_fit": 1, "reached": 3})
    versions = f"numpy {np.__version__}, scipy {scipy.__version__}"
    path = tables_folder() / "benchmark.csv"
    table.assign(versions=versions).to_csv(path, index=False)
    print(table.to_string(index=False), versions, sep="\n")


if __name__ == "__main__":
    print(*memory()) if sys.argv[1:] == ["--memory"] else main()
