"""The large experiments that several chapters read: each computed once a build.

A result is kept as a CSV file under a name made from the code and the tables that
it depends on, so that a second chapter, or the check of the stored notebooks, does
not compute it again and a changed package or table does.
"""

import hashlib
import inspect
import os
import tempfile
from functools import partial, wraps
from pathlib import Path

import pandas as pd

from . import selection
from .data import load_runs, tables_folder
from .evaluation import evaluate
from .methods import PLAIN

CODE = (
    "checks data compute laws selection grid descent solver fitting methods evaluation evidence"
).split()
SHARES = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
MOST_SIZES = 8  # of a family with more, every so many are used as the largest seen
# The same models measured on further text: left out of the grids, one kind speaks for all.
FURTHER_KINDS = ("lambada-last-word-5-shot", "validation-c4-val", "validation-de-en",
                 "validation-paloma-c4-en", "validation-paloma-code", "validation-paloma-ptb",
                 "validation-paloma-redpajama", "validation-paloma-refinedweb")  # fmt: skip


def cache_folder():
    """Where results are kept: HITCHHIKER_CACHE, else a folder for temporary files."""
    named = os.environ.get("HITCHHIKER_CACHE")
    return Path(named) if named else Path(tempfile.gettempdir()) / "hitchhiker-evidence"


def fingerprint(function):
    """A short hash of a function's module, of the code below it and of the tables of losses.

    A module may name more files of the package that it depends on, in ``ALSO``.
    """
    here, data = Path(__file__).resolve().parent, tables_folder()
    own = inspect.getmodule(inspect.unwrap(function))
    code = [here / f"{name}.py" for name in CODE] + [Path(own.__file__)]
    code += [here / name for name in getattr(own, "ALSO", ())]
    digest = hashlib.sha256()
    for path in [*code, data / "runs.csv", *sorted(data.glob("losses/*.csv"))]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def once(function):
    """Compute a table once and read it from the cache folder afterwards."""

    @wraps(function)
    def kept():
        path = cache_folder() / f"{function.__name__}-{fingerprint(function)}.csv"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(f".{os.getpid()}")
            function().to_csv(part, index=False)
            part.replace(path)
        return pd.read_csv(path, keep_default_na=True)

    return kept


def steps(count, most=MOST_SIZES):
    """Some of 1 .. count, the last among them, at most ``most``.

    Examples
    --------
    >>> steps(4), steps(20, 4)
    ([1, 2, 3, 4], [5, 10, 15, 20])
    """
    return sorted({round(count * i / min(count, most)) for i in range(1, min(count, most) + 1)})


def each_family(min_checkpoints):
    """Tables of the families that the experiments use, three sizes or more."""
    runs = selection.eligible(load_runs(), min_checkpoints=min_checkpoints)
    runs = runs[~runs["loss_kind"].isin(FURTHER_KINDS)]
    return [t for _, t in runs.groupby(["source", "family", "loss_kind"], sort=False)]


@once
def size_grid():
    """Every window of consecutive sizes, fully trained, scored with every method.

    Returns
    -------
    DataFrame
        Rows of `hitchhiker.evaluate` over number of sizes and largest size.
    """
    parts = []
    for runs in each_family(min_checkpoints=1):
        count = selection.size_names(runs).nunique() - 1
        windows = [(k, end) for end in steps(count) for k in steps(count) if k <= end]
        choices = [partial(selection.window, k=k, end=end) for k, end in windows]
        parts.append(evaluate(runs, PLAIN, sizes=choices))
    return pd.concat(parts, ignore_index=True)


@once
def share_grid():
    """The k smallest sizes at several shares of their training, scored with every method."""
    parts = []
    for runs in each_family(min_checkpoints=5):
        count = selection.size_names(runs).nunique() - 1
        sizes = [k for k in steps(count) if k > 1]
        parts.append(evaluate(runs, PLAIN, sizes=sizes, share=list(SHARES)))
    return pd.concat(parts, ignore_index=True)
