"""What a forecaster may see, what it must forecast, and how wrong it was.

One loop over any methods, one row an attempt, nothing dropped: every heat map of
the book is a pivot of this table.
"""

import pandas as pd

from ..runs import selection
from ..runs.arguments import items, number
from ..runs.checks import DataError, doubts
from ..runs.data import load_runs
from ..runs.words import arrived
from .cells import PROTOCOLS, cells_of, checked_shares, labelled, split_family
from .methods import METHODS
from .scoring import outcomes, score

FAMILY = ("source", "family", "loss_kind")


def evaluate(
    families,
    methods=tuple(METHODS),
    *,
    sizes=None,
    share=1.0,
    early="guide",
    tail=selection.TARGET_TAIL,
    protocol="guide",
    target="largest",
    force=False,
):
    """Score forecasting methods on held-out targets, one row a cell and method.

    Parameters
    ----------
    families : DataFrame, str, list of either, or dict of DataFrame
        Tables of runs; a table is split by source, family and loss_kind where it has
        them; a string names a family of the shipped table.
    methods : str, callable, list of these, or dict of callables
        Built-in names ("paper", "fit", "borrowed", "best_seen", "most_trained",
        "forecast") or callables ``(train_runs, num_params, tokens_seen) -> loss or
        table``; see `hitchhiker.evaluation.methods`.
    sizes : None, int, callable, list of these, or dict of these by label
        Which sizes a cell may see: the first k, counted from the size farthest from
        the target, or the rows that a function of the training table returns; None
        for all. `hitchhiker.selection.windows` makes labelled ones.
    share : float or list of float
        The first share of each run's own tokens that a cell may see; in the protocol
        "paper" the share of the longest run selected.
    early : "guide", float or None
        Early cut in tokens, see `hitchhiker.selection.early_cut`; in the protocol
        "paper" the default is 10e9 tokens, and runs that end before are dropped.
    tail : float
        The target is the last ``tail`` of its size's tokens.
    protocol : "guide", "paper", or dict of these by method name
        Which rows a cell shows, see ``share`` and ``early``; "paper" as in the code
        that Choshen et al. 2025 released. A method that a dict leaves out has "guide".
    target : "largest" or "smallest"
        The size that is held out.
    force : bool
        Whether to evaluate what can hardly be meant, see `hitchhiker.check_runs`.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, method, cell`` (label of the sizes) ``, share,
        protocol, n_sizes, scale_up`` (parameters of the target over the nearest size
        seen, for the smallest the other way round) ``, flops_share`` (FLOPs seen over
        those of the target's longest run) ``, are, signed_error`` (above zero: too
        high) ``, status, failed`` (scored as the best loss seen) ``, E, A, alpha, B,
        beta``; at the target's last checkpoint ``target_params, target_tokens,
        target_loss, forecast, low_80, high_80, low_90, high_90``; share of target
        checkpoints inside, ``covered_80, covered_90``; ``n_runs, n_runs_dropped`` (by
        the early cut) ``, n_rows, flops, message, warnings`` (what is doubtful in
        the table, as `hitchhiker.fit` says it). A row is known by its first seven
        columns; the order of rows says nothing.

    Raises
    ------
    DataError
        If a table cannot be used or a family has a single size; for an unknown
        method, a protocol that is unknown or of no method, or another argument that
        cannot be used.

    Examples
    --------
    >>> table = evaluate(["opt"], ["fit", "best_seen"], sizes=[3, 5])
    >>> table[["cell", "method"]].values.tolist()
    [['3 smallest', 'fit'], ['5 smallest', 'fit'], ['3 smallest', 'best_seen'], \
['5 smallest', 'best_seen']]
    """
    number("tail", tail, least=0, most=1)
    by_name = _methods_by_name(methods)
    protocols = _protocols_by_name(protocol, by_name)
    choices, shares = labelled(sizes, target), checked_shares(share)
    rows = []
    for names, runs, told in list(_family_tables(families, force)):
        family = split_family(names, runs, tail, target)
        cells = {
            p: cells_of(family, choices, shares, p, early)
            for p in set(protocols.values())
        }
        for name, method in by_name.items():
            shown = cells[protocols[name]]
            for cell, outcome in zip(
                shown, outcomes(method, family, shown), strict=True
            ):
                attempt = {**names, "method": name, **cell.facts}
                rows.append(attempt | score(family, cell, outcome) | told)
    return pd.DataFrame(rows)


def _methods_by_name(methods):
    if isinstance(methods, dict):
        for method in items("methods", methods.values()):
            _check_method(method)
        return {
            n: METHODS.get(m, m) if isinstance(m, str) else m
            for n, m in methods.items()
        }
    alone = isinstance(methods, str) or callable(methods)
    listed = [methods] if alone else items("methods", methods)
    for method in listed:
        _check_method(method)
    names = [
        getattr(m, "__name__", type(m).__name__) if callable(m) else m for m in listed
    ]
    if len(set(names)) < len(names):
        raise DataError(
            f"two methods of one name in {names}: give a dict of methods by name"
        )
    functions = [METHODS[m] if isinstance(m, str) else m for m in listed]
    return dict(zip(names, functions, strict=True))


def _check_method(method):
    if callable(method) or (isinstance(method, str) and method in METHODS):
        return
    raise DataError(f"unknown method {arrived(method)}; built in: {', '.join(METHODS)}")


def _protocols_by_name(protocol, by_name):
    asked = protocol if isinstance(protocol, dict) else dict.fromkeys(by_name, protocol)
    for name, value in asked.items():
        if name not in by_name:
            raise DataError(
                f"protocol of {name!r}: the methods are {', '.join(by_name)}"
            )
        if not isinstance(value, str) or value not in PROTOCOLS:
            raise DataError(
                f"unknown protocol {arrived(value)} of {name}; known: "
                f"{', '.join(PROTOCOLS)}"
            )
    return dict.fromkeys(by_name, "guide") | asked


def _family_tables(families, force):
    """Yield names, table and its warnings, a table a source, family and loss kind."""
    if isinstance(families, dict):
        items("families", families)
        for family, table in families.items():
            names = {"source": None, "family": family, "loss_kind": None}
            told = {"warnings": "; ".join(doubts(table, force))}
            yield names, table.reset_index(drop=True), told
        return
    alone = isinstance(families, (str, pd.DataFrame))
    for item in [families] if alone else items("families", families):
        table = load_runs(family=item) if isinstance(item, str) else item
        if not isinstance(table, pd.DataFrame):
            raise DataError(
                "families must be tables of runs or names of families, got "
                f"{arrived(table)}"
            )
        keys = [k for k in FAMILY if k in table]
        groups = [((), table)]
        if keys:
            groups = table.groupby(keys, sort=False, dropna=False)
        for values, group in groups:
            names = dict.fromkeys(FAMILY) | dict(zip(keys, values, strict=True))
            told = {"warnings": "; ".join(doubts(group, force))}
            yield names, group.reset_index(drop=True), told
