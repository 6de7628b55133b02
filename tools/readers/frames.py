"""What every reader shares: the frames it returns and names for kinds of loss."""

import re
from collections.abc import Iterable

import pandas as pd

from . import EVALUATION_COLUMNS, LOSS_COLUMNS, RUN_FACTS


def kind_name(*words: str) -> str:
    """Name of a kind of loss: words in small letters, digits and hyphens.

    Examples
    --------
    >>> kind_name("validation", "Gutenberg (PG-19)")
    'validation-gutenberg-pg-19'
    """
    parts = (re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-") for word in words)
    return "-".join(parts)


def run_frame(rows: Iterable[dict]) -> pd.DataFrame:
    """Table of runs from one dict a run.

    Parameters
    ----------
    rows : iterable of dict
        Keys are names of `RUN_FACTS`; a key left out is unknown.  ``seed``,
        token and parameter counts are numbers, ``complete`` and ``digitised``
        are booleans.

    Returns
    -------
    DataFrame
        Exactly the columns `RUN_FACTS`, in that order.

    Raises
    ------
    KeyError
        If a row has a key that is no column.
    """
    rows = list(rows)
    for row in rows:
        if unknown := set(row) - set(RUN_FACTS):
            raise KeyError(
                f"run {row.get('run')!r} has unknown columns {sorted(unknown)}"
            )
    return pd.DataFrame(rows, columns=list(RUN_FACTS), dtype=object)


def loss_frame(log: pd.DataFrame, **columns) -> pd.DataFrame:
    """Rows of losses, one a checkpoint.

    Parameters
    ----------
    log : DataFrame
        One row a checkpoint.
    **columns
        Names of `LOSS_COLUMNS` that ``log`` lacks or has otherwise: one value for all
        rows, or one a row.  ``loss`` is in the unit of its kind.  ``tokens_seen`` is
        left out where the source does not determine it, ``step`` (of the optimiser)
        where it is unknown; ``n_averaged`` is 1 if ``log`` has none.

    Returns
    -------
    DataFrame
        Exactly the columns `LOSS_COLUMNS`.
    """
    if "n_averaged" not in log:
        columns["n_averaged"] = 1
    return _frame(log, LOSS_COLUMNS, columns)


def evaluation_frame(scores: pd.DataFrame, **columns) -> pd.DataFrame:
    """Rows of evaluations, one a checkpoint and task.

    Parameters
    ----------
    scores : DataFrame
        One row a score.
    **columns
        As in `loss_frame`, names of `EVALUATION_COLUMNS`; what is left out is unknown.

    Returns
    -------
    DataFrame
        Columns `EVALUATION_COLUMNS`, without rows whose value is missing.
    """
    return _frame(scores, EVALUATION_COLUMNS, columns).dropna(subset="value")


def _frame(table: pd.DataFrame, names: tuple, columns: dict) -> pd.DataFrame:
    return table.assign(**columns).reindex(columns=list(names)).reset_index(drop=True)


def join(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Stack several frames, with a fresh index."""
    return pd.concat(list(parts), ignore_index=True)
