"""What every reader shares: the two frames it returns and the common kinds of loss."""

from collections.abc import Iterable

import pandas as pd

from . import LOSS_COLUMNS, RUN_COLUMNS

VALIDATION = (
    "nats per token",
    "mean cross-entropy on held-out text; the note of the run says which text, if known",
)
TRAIN = ("nats per token", "mean cross-entropy on the batches the model was trained on")


def run_frame(rows: Iterable[dict]) -> pd.DataFrame:
    """Table of runs from one dict a run.

    Parameters
    ----------
    rows : iterable of dict
        Keys are names of `RUN_COLUMNS`; a key left out is unknown.  ``seed``,
        token and parameter counts are numbers, ``complete`` and ``digitised``
        are booleans.

    Returns
    -------
    DataFrame
        Exactly the columns `RUN_COLUMNS`, in that order.

    Raises
    ------
    KeyError
        If a row has a key that is no column.
    """
    rows = list(rows)
    for row in rows:
        if unknown := set(row) - set(RUN_COLUMNS):
            raise KeyError(
                f"run {row.get('run')!r} has unknown columns {sorted(unknown)}"
            )
    return pd.DataFrame(rows, columns=list(RUN_COLUMNS), dtype=object)


def loss_frame(run, loss_kind, *, loss, tokens_seen=None, step=None) -> pd.DataFrame:
    """Rows of losses, one a checkpoint, nothing averaged yet.

    Parameters
    ----------
    run : str or sequence of str
        Name of the run, one for all rows or one a row.
    loss_kind : str or sequence of str
        One of the kinds that the reader declares in ``LOSS_KINDS``.
    loss : sequence of float
        In the unit of its kind.
    tokens_seen : sequence of float, optional
        Tokens; left out where the source does not determine them.
    step : sequence of float, optional
        Optimiser steps; left out where unknown.

    Returns
    -------
    DataFrame
        Exactly the columns `LOSS_COLUMNS`, with ``n_averaged`` 1.
    """
    frame = pd.DataFrame({"loss": pd.Series(loss, dtype=float).to_numpy()})
    frame["run"] = run
    frame["loss_kind"] = loss_kind
    frame["step"] = _floats(step, len(frame))
    frame["tokens_seen"] = _floats(tokens_seen, len(frame))
    frame["n_averaged"] = 1
    return frame[list(LOSS_COLUMNS)]


def join(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Stack several results of `loss_frame`, with a fresh index."""
    return pd.concat(list(parts), ignore_index=True)


def _floats(values, size: int) -> pd.Series:
    if values is None:
        return pd.Series(float("nan"), index=range(size))
    return pd.Series(pd.Series(values).to_numpy(dtype=float))
