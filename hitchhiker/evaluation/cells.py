"""Cells of an evaluation: which rows of a family a method sees, and what they cost."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..laws import training_flops
from ..runs import selection
from ..runs.arguments import items, numbers, table, whole_number
from ..runs.checks import DataError, run_names
from ..runs.words import arrived

PROTOCOLS = ("guide", "paper")
READ_BY_SELECTIONS = ["run", "model", "num_params", "tokens_seen", "loss"]


@dataclass(frozen=True)
class Cell:
    """One attempt before it is made: the rows it sees, and columns of its result."""

    seen: np.ndarray  # (n_train_rows,) bool
    facts: dict


@dataclass(frozen=True)
class Family:
    """One family split for forecasting; arrays have an entry a training row."""

    names: dict
    train: pd.DataFrame
    target: pd.DataFrame
    end: dict  # facts about the target's last checkpoint
    target_flops: float  # FLOPs to get there
    tokens: np.ndarray
    flops: np.ndarray
    run: np.ndarray  # codes from 0
    size: np.ndarray  # codes from 0, the size farthest from the target first
    params: np.ndarray  # parameters by size code


def split_family(names, runs, tail, target):
    """Split a checked table of one family into training rows and the target."""
    train, held = selection.hold_out(runs, tail, target)
    train = train.reset_index(drop=True)
    params = selection.sizes(train)
    if target == "smallest":
        params = params.iloc[::-1]
    tokens = train["tokens_seen"].to_numpy(float)
    counted = training_flops(train["num_params"], tokens)
    end = held.loc[held["tokens_seen"].idxmax()]
    return Family(
        names=names,
        train=train,
        target=held,
        end={
            "target_params": end["num_params"],
            "target_tokens": end["tokens_seen"],
            "target_loss": end["loss"],
        },
        target_flops=end.get(
            "flops", training_flops(end["num_params"], end["tokens_seen"])
        ),
        tokens=tokens,
        flops=np.asarray(train["flops"] if "flops" in train else counted, float),
        run=pd.factorize(run_names(train))[0],
        size=pd.Index(params.index).get_indexer(selection.size_names(train)),
        params=params.to_numpy(),
    )


def labelled(sizes, target):
    """List of (label, choice) of the argument ``sizes`` of `hitchhiker.evaluate`."""
    for choice in choices_of(sizes):
        if choice is not None and not callable(choice):
            whole_number("sizes", choice, least=0)
    if isinstance(sizes, dict):
        return list(sizes.items())
    choices = enumerate(choices_of(sizes), 1)
    return [(_label(choice, i, target), choice) for i, choice in choices]


def choices_of(sizes):
    """The choices in the argument ``sizes``, at least one."""
    if isinstance(sizes, dict):
        return items("sizes", sizes.values())
    listed = isinstance(sizes, (list, tuple, range, np.ndarray))
    return items("sizes", sizes) if listed else [sizes]


def checked_shares(share):
    """The argument ``share`` as an array (n,) of shares, or an error."""
    shares = np.atleast_1d(numbers("share", share))
    inside = (0 < shares) & (shares <= 1)
    if shares.ndim > 1 or not shares.size or not inside.all():
        raise DataError(f"share must be above 0 and at most 1, got {arrived(share)}")
    return shares


def _label(choice, number, target):
    if choice is None:
        return "all"
    if not callable(choice):
        return f"{choice} {'smallest' if target == 'largest' else 'largest'}"
    name = getattr(choice, "__name__", "<lambda>")
    return f"choice {number}" if name == "<lambda>" else name


def cells_of(family, choices, shares, protocol, early):
    """Every choice of sizes at every share, as a protocol shows it to a method.

    Parameters
    ----------
    family : Family
    choices : list of (str, choice)
        See `labelled`.
    shares : array of float
    protocol : "guide" or "paper"
    early : "guide", float or None
        See `hitchhiker.evaluate`.

    Returns
    -------
    list of Cell
    """
    if protocol == "paper" and early == "guide":
        early = selection.EARLY_TOKENS
    some = family.train[family.train.columns.intersection(READ_BY_SELECTIONS)]
    late = _mask(family, selection.early_cut(some, early))
    ends = _largest_by_run(family, family.tokens, slice(None))[family.run]
    cells = []
    for label, choice in choices:
        chosen = _chosen(family, choice)
        of = ends if protocol == "guide" else family.tokens[chosen].max(initial=0.0)
        for share in shares:
            seen = chosen & late & (family.tokens <= share * of)
            named = {"cell": label, "share": float(share), "protocol": protocol}
            cells.append(Cell(seen, named | _facts(family, chosen, seen)))
    return cells


def _chosen(family, choice):
    """Which training rows are of the sizes chosen."""
    if choice is None:
        return np.ones(len(family.size), dtype=bool)
    if callable(choice):
        return _mask(family, choice(family.train))
    return family.size < choice


def _mask(family, rows):
    """Which training rows are among ``rows``, which a user's function may choose."""
    table("what a choice of sizes returns", rows, ["loss"])
    known = rows.index.isin(family.train.index).all()
    if not known or (rows["loss"] != family.train["loss"][rows.index]).any():
        raise DataError(
            "sizes must return some rows of the table it gets, with their index"
        )
    mask = np.zeros(len(family.train), dtype=bool)
    mask[rows.index.to_numpy()] = True
    return mask


def _largest_by_run(family, values, rows):
    """Largest value of each run among some rows; 0 for a run without one."""
    by_run = np.zeros(family.run.max() + 1)
    np.maximum.at(by_run, family.run[rows], values[rows])
    return by_run


def _facts(family, chosen, seen):
    """Columns of the result that are known before the forecast."""
    by_run = _largest_by_run(family, family.flops, seen)
    flops, n_runs = by_run.sum(), np.count_nonzero(by_run)
    codes = np.unique(family.size[chosen])
    scale_up = np.nan
    if len(codes):
        ratio = family.end["target_params"] / family.params[codes[-1]]
        scale_up = max(ratio, 1 / ratio)
    return {
        "n_sizes": len(codes),
        "scale_up": scale_up,
        "flops_share": flops / family.target_flops,
        "n_runs": n_runs,
        "n_runs_dropped": len(np.unique(family.run[chosen])) - n_runs,
        "n_rows": int(seen.sum()),
        "flops": flops,
        **family.end,
    }
