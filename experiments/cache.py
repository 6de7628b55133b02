"""Large experiments that several chapters read: each computed once a build.

A result is kept as a CSV file under a name made from the code and the tables that it
depends on, so that a second chapter, or the check of the stored notebooks, does not
compute it again and a changed package or table does.
"""

import ast
import hashlib
import inspect
import os
import tempfile
from functools import lru_cache, wraps
from pathlib import Path

import pandas as pd

from hitchhiker.runs.data import tables_folder

ROOT = Path(__file__).resolve().parents[1]
EXPERIMENTS = []  # (module, name) of every function whose result is kept
# Rooms of the package from which no experiment computes.
WITHOUT_NUMBERS = {ROOT / "hitchhiker" / room for room in ("cli", "logs", "plots")}


def cache_folder():
    """Where results are kept: HITCHHIKER_CACHE, else a folder for temporary files."""
    named = os.environ.get("HITCHHIKER_CACHE")
    if named:
        return Path(named)
    return Path(tempfile.gettempdir()) / "hitchhiker-evidence"


def imported(tree, path):
    """Files of this repository that the syntax tree of a file imports anywhere."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            folder = path.parents[node.level - 1] if node.level else ROOT
            base = folder.joinpath(*(node.module or "").split("."))
            places = [base, *(base / alias.name for alias in node.names)]
        elif isinstance(node, ast.Import):
            places = [ROOT.joinpath(*alias.name.split(".")) for alias in node.names]
        else:
            continue
        for place in places:
            yield from filter(
                Path.exists, (place.with_suffix(".py"), place / "__init__.py")
            )


@lru_cache(maxsize=512)
def read_code(path, _modified):
    """Bytes of a file of code, what it imports from here, and texts that it holds."""
    content = path.read_bytes()
    tree = ast.parse(content)
    nodes = (n.value for n in ast.walk(tree) if isinstance(n, ast.Constant))
    return content, set(imported(tree, path)), {v for v in nodes if isinstance(v, str)}


def depends_on(path):
    """What a file of code depends on: code, itself the first, and names of tables.

    Returns
    -------
    code : dict of Path to bytes
        The closure of its imports in this repository.
    names : set of str
        Texts in that code; a table of ``data/`` that one of them names is read by it.
    """
    code, names, waiting = {}, set(), [path]
    while waiting:
        here = waiting.pop()
        if here not in code and not WITHOUT_NUMBERS & set(here.parents):
            code[here], below, texts = read_code(here, here.stat().st_mtime_ns)
            names |= texts
            waiting += below
    return code, names


def fingerprint(function, without=()):
    """A short hash of all that the result of a function depends on.

    That is the module of the function with all that it imports from this repository,
    the tables of runs and losses, and every other table that this code names by its
    place in ``data/``, with or without its ending.

    Parameters
    ----------
    function : callable
    without : collection of str
        Files of ``data/`` that do not count, as they are what the function makes.
    """
    data = tables_folder()
    code, names = depends_on(Path(inspect.getfile(inspect.unwrap(function))).resolve())
    tables = {data / "runs.csv", *data.glob("losses/*.csv")}
    for path in data.rglob("*.*"):
        place = path.relative_to(data)
        if {place.as_posix(), place.with_suffix("").as_posix()} & names:
            tables.add(path)
    tables -= {data / name for name in without}
    digest = hashlib.sha256()
    for path in sorted(code):
        digest.update(path.relative_to(ROOT).as_posix().encode() + code[path])
    for path in sorted(tables):
        digest.update(path.relative_to(data).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def cached(function):
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

    EXPERIMENTS.append((function.__module__, function.__name__))
    return kept
