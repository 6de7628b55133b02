"""What a forecaster may see, what it must forecast, and how wrong it was.

One loop over any methods, one row an attempt, nothing dropped: every heat map of
the book is a pivot of this table.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..laws import PARAMETERS, training_flops
from ..runs import selection
from ..runs.checks import DataError, check_runs, run_names
from ..runs.data import load_runs
from .methods import METHODS

BOUNDS = ("low_80", "high_80", "low_90", "high_90")


def absolute_relative_error(actual, predicted):
    """ARE: the mean over checkpoints of abs(actual - predicted) / actual.

    Choshen et al. 2025, section 3.2.

    Examples
    --------
    >>> round(absolute_relative_error([2.0, 4.0], [2.1, 3.8]), 6)
    0.05
    """
    actual = np.asarray(actual, dtype=float)
    return float(np.mean(np.abs(actual - np.asarray(predicted, dtype=float)) / actual))


@dataclass(frozen=True)
class Cell:
    """One attempt before it is made: which rows of the family it sees, and facts about it."""

    seen: np.ndarray  # (n_train_rows,) bool
    facts: dict


@dataclass(frozen=True)
class Family:
    """One family split for forecasting; arrays have an entry a training row."""

    names: dict
    train: pd.DataFrame
    target: pd.DataFrame
    end: dict  # facts about the target's last checkpoint
    budget: float  # FLOPs to get there
    tokens: np.ndarray
    flops: np.ndarray
    run: np.ndarray  # codes from 0
    size: np.ndarray  # codes from 0, smallest first
    params: np.ndarray  # parameters by size code


def evaluate(
    families,
    methods=tuple(METHODS),
    *,
    sizes=None,
    share=1.0,
    early="guide",
    tail=selection.TARGET_TAIL,
):
    """Score forecasting methods on held-out targets, one row a cell and method.

    Parameters
    ----------
    families : DataFrame, str, list of either, or dict of DataFrame
        Tables of runs; a table is split by source, family and loss_kind where it has
        them; a string names a family of the shipped table.
    methods : str, callable, list of these, or dict of callables
        Built-in names ("paper", "fit", "borrowed", "best_seen", "most_trained") or
        callables ``(train_runs, num_params, tokens_seen) -> loss or table``; see
        `hitchhiker.evaluation.methods`.
    sizes : None, int, callable or list of these
        Which of the smaller sizes a cell may see: the k smallest, or the rows that a
        function of the training table returns; None for all of them.
    share : float or list of float
        The first share of each run's own tokens that a cell may see; for "paper" the
        share of the longest run selected, as in the released code.
    early : "guide" or float
        Early cut in tokens, see `hitchhiker.runs.selection.early_cut`; for "paper"
        10e9.
    tail : float
        The target is the last ``tail`` of the largest size's tokens.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, n_sizes, share, scale_up`` (parameters of the
        target over the largest seen) ``, flops_share`` (FLOPs seen over those of the
        target's longest run) ``, method, protocol, are, signed_error`` (above zero:
        forecast too high) ``, status, failed`` (scored as the best loss seen) ``, E, A,
        alpha, B, beta``; at the target's last checkpoint ``target_params,
        target_tokens, target_loss, forecast, low_80, high_80, low_90, high_90``; share
        of target checkpoints inside, ``covered_80, covered_90``; ``n_runs,
        n_runs_dropped`` (by the early cut) ``, n_rows, flops, message``.

    Raises
    ------
    DataError
        If a table cannot be used or a family has a single size.

    Examples
    --------
    >>> table = evaluate(["opt"], ["fit", "best_seen"], sizes=[3, 5])
    >>> table[["n_sizes", "method"]].values.tolist()
    [[3, 'fit'], [5, 'fit'], [3, 'best_seen'], [5, 'best_seen']]
    """
    named = _named_methods(methods)
    choices = sizes if isinstance(sizes, (list, tuple, range, np.ndarray)) else [sizes]
    rows = []
    for names, runs in _family_tables(families):
        family = _split(names, runs, tail)
        cells = {
            p: _cells(family, choices, np.atleast_1d(share), p, early)
            for p in set(map(_protocol, named.values()))
        }
        for name, method in named.items():
            protocol = _protocol(method)
            head = {**names, "method": name, "protocol": protocol}
            outcomes = _forecasts(method, family, cells[protocol])
            for cell, outcome in zip(cells[protocol], outcomes, strict=True):
                rows.append({**head, **cell.facts, **_score(family, cell, outcome)})
    return pd.DataFrame(rows)


def _protocol(method):
    """What a method may see: the paper's estimator what the released code showed it."""
    return "paper" if method is METHODS["paper"] else "guide"


def _named_methods(methods):
    if isinstance(methods, dict):
        return {
            n: METHODS.get(m, m) if isinstance(m, str) else m
            for n, m in methods.items()
        }
    listed = (
        [methods] if isinstance(methods, str) or callable(methods) else list(methods)
    )
    unknown = [m for m in listed if not callable(m) and m not in METHODS]
    if unknown:
        raise ValueError(
            f"unknown method {unknown[0]!r}; built in: {', '.join(METHODS)}"
        )
    names = [
        getattr(m, "__name__", type(m).__name__) if callable(m) else m for m in listed
    ]
    if len(set(names)) < len(names):
        raise ValueError(
            f"two methods of one name in {names}: give a dict of methods by name"
        )
    return {
        n: METHODS[m] if isinstance(m, str) else m
        for n, m in zip(names, listed, strict=True)
    }


def _family_tables(families):
    """List of (names, table), a table a source, family and loss kind."""
    if isinstance(families, dict):
        return [
            (
                {"source": None, "family": k, "loss_kind": None},
                check_runs(t).reset_index(drop=True),
            )
            for k, t in families.items()
        ]
    listed = [families] if isinstance(families, (str, pd.DataFrame)) else list(families)
    out = []
    for item in listed:
        table = load_runs(family=item) if isinstance(item, str) else item
        keys = [k for k in ("source", "family", "loss_kind") if k in table]
        groups = (
            table.groupby(keys, sort=False, dropna=False) if keys else [((), table)]
        )
        for values, group in groups:
            names = dict.fromkeys(("source", "family", "loss_kind"))
            names.update(zip(keys, values, strict=True))
            out.append((names, check_runs(group.reset_index(drop=True))))
    return out


def _split(names, runs, tail):
    train, target = selection.hold_out(runs, tail)
    train = train.reset_index(drop=True)
    params = selection.sizes(train)
    size = pd.Index(params.index).get_indexer(selection.size_names(train))
    tokens = train["tokens_seen"].to_numpy(float)
    flops = (
        train["flops"]
        if "flops" in train
        else training_flops(train["num_params"], tokens)
    )
    run = pd.factorize(run_names(train))[0]
    end = target.loc[target["tokens_seen"].idxmax()]
    facts = {
        "target_params": end["num_params"],
        "target_tokens": end["tokens_seen"],
        "target_loss": end["loss"],
    }
    budget = end.get("flops", training_flops(end["num_params"], end["tokens_seen"]))
    return Family(
        names,
        train,
        target,
        facts,
        budget,
        tokens,
        np.asarray(flops, float),
        run,
        size,
        params.to_numpy(),
    )


def _cells(family, choices, shares, protocol, early):
    """Every choice of sizes at every share, as a method of this protocol sees it."""
    if not (0 < shares.min() <= shares.max() <= 1):
        raise DataError(f"share must be above 0 and at most 1, got {shares.tolist()}")
    cut = selection.EARLY_TOKENS if protocol == "paper" else early
    columns = [
        "run",
        "model",
        "num_params",
        "tokens_seen",
        "loss",
    ]  # all that selections read
    thin = family.train[family.train.columns.intersection(columns)]
    kept = _mask(family, selection.early_cut(thin, cut))
    own = np.zeros(family.run.max() + 1)
    np.maximum.at(own, family.run, family.tokens)
    cells = []
    for choice in choices:
        chosen = np.ones(len(family.size), dtype=bool)
        if callable(choice):
            chosen = _mask(family, choice(family.train))
        elif choice is not None:
            chosen = family.size < choice
        longest = family.tokens[chosen].max(initial=0.0)
        for share in shares:
            seen = family.tokens <= share * (
                own[family.run] if protocol == "guide" else longest
            )
            facts = _facts(family, chosen, chosen & kept & seen)
            cells.append(Cell(chosen & kept & seen, facts | {"share": float(share)}))
    return cells


def _mask(family, rows):
    """Which training rows are among ``rows``, which a user's function may have chosen."""
    known = rows.index.isin(family.train.index).all()
    if not known or (rows["loss"] != family.train["loss"][rows.index]).any():
        raise DataError(
            "sizes must return some rows of the table it gets, with their index"
        )
    mask = np.zeros(len(family.train), dtype=bool)
    mask[rows.index.to_numpy()] = True
    return mask


def _facts(family, chosen, seen):
    """Columns of the result that are known before the forecast."""
    by_run = np.zeros(family.run.max() + 1)
    np.maximum.at(by_run, family.run[seen], family.flops[seen])
    flops, n_runs = by_run.sum(), np.count_nonzero(by_run)
    codes = np.unique(family.size[chosen])
    return {
        "n_sizes": len(codes),
        "share": np.nan,
        "scale_up": family.end["target_params"] / family.params[codes[-1]]
        if len(codes)
        else np.nan,
        "flops_share": flops / family.budget,
        "n_runs": n_runs,
        "n_runs_dropped": len(np.unique(family.run[chosen])) - n_runs,
        "n_rows": int(seen.sum()),
        "flops": flops,
        **family.end,
    }


def _forecasts(method, family, cells):
    """One outcome a cell: columns of forecasts, or the exception that stood in the way."""
    target = (
        family.target["num_params"].to_numpy(float),
        family.target["tokens_seen"].to_numpy(float),
    )
    usable = [cell.seen for cell in cells if cell.seen.any()]
    if hasattr(method, "many") and usable:
        done = iter(method.many(family.train, np.array(usable), *target))
    else:
        done = (_attempt(method, family.train[seen], *target) for seen in usable)
    empty = DataError("no checkpoint is left after the selection")
    return [next(done) if cell.seen.any() else empty for cell in cells]


def _attempt(method, train, num_params, tokens_seen):
    try:
        out = method(train, num_params, tokens_seen)
        table = out if isinstance(out, pd.DataFrame) else {"loss": out}
        out = {name: np.asarray(table[name]) for name in table}
        loss = np.asarray(out["loss"], dtype=float)
        if loss.shape not in ((), np.shape(num_params)):
            raise ValueError(
                f"{loss.size} losses are no forecast of {len(num_params)} targets"
            )
        return out | {"loss": np.broadcast_to(loss, np.shape(num_params))}
    except Exception as error:  # a failure is a row of the table, not the end of it
        return error


def _score(family, cell, outcome):
    """Errors of one outcome; a failed one is scored as the best loss seen."""
    actual = family.target["loss"].to_numpy(float)
    failed = isinstance(outcome, Exception) or not np.isfinite(outcome["loss"]).all()
    message = str(outcome) if isinstance(outcome, Exception) else ""
    if failed:
        best = (
            family.train["loss"].to_numpy()[cell.seen].min()
            if cell.seen.any()
            else np.nan
        )
        outcome = {"loss": np.full(len(actual), best), "status": ["failed"]}
    loss = outcome["loss"]
    last = int(np.argmax(family.target["tokens_seen"].to_numpy()))
    row = {
        "are": absolute_relative_error(actual, loss),
        "signed_error": float(np.mean((loss - actual) / actual)),
        "status": outcome["status"][0] if "status" in outcome else "ok",
        "failed": failed,
        "forecast": loss[last],
        "message": message,
    }
    row |= {
        name: outcome[name][0] if name in outcome else np.nan for name in PARAMETERS
    }
    row |= {name: outcome[name][last] if name in outcome else np.nan for name in BOUNDS}
    for level in ("80", "90"):
        low, high = outcome.get(f"low_{level}"), outcome.get(f"high_{level}")
        inside = (
            np.nan
            if low is None or high is None
            else (low <= actual) & (actual <= high)
        )
        row[f"covered_{level}"] = float(np.mean(inside))
    return row
