"""The forecast of a cell and how wrong it was; a failure is a row like any other."""

import numpy as np
import pandas as pd

from ..laws import PARAMETERS
from ..runs.arguments import HIGHEST, counts, numbers, together
from ..runs.checks import DataError

INTERVAL_COLUMNS = ("low_80", "high_80", "low_90", "high_90")


def absolute_relative_error(actual, predicted):
    """ARE: the mean over checkpoints of abs(actual - predicted) / actual.

    Choshen et al. 2025, section 3.2.

    Parameters
    ----------
    actual : float or array
        Losses measured, above zero.
    predicted : float or array
        As many, or one; a missing one makes the error missing.

    Raises
    ------
    DataError
        If they are not numbers, or their shapes do not go together.

    Examples
    --------
    >>> round(absolute_relative_error([2.0, 4.0], [2.1, 3.8]), 6)
    0.05
    """
    names = "actual", "predicted"
    actual = counts("actual", actual, most=HIGHEST)
    predicted = numbers("predicted", predicted)
    together(*names, actual, predicted)
    for name, values in zip(names, (actual, predicted), strict=True):
        if not values.size:
            raise DataError(f"{name} must hold a loss, got []")
    return float(np.mean(np.abs(actual - predicted) / actual))


def outcomes(method, family, cells):
    """One outcome a cell: columns of forecasts, or the error that prevented them."""
    target = (
        family.target["num_params"].to_numpy(float),
        family.target["tokens_seen"].to_numpy(float),
    )
    usable = [cell.seen for cell in cells if cell.seen.any()]
    if hasattr(method, "many") and usable:
        forecasts = iter(method.many(family.train, np.array(usable), *target))
    else:
        forecasts = (_attempt(method, family.train[seen], *target) for seen in usable)
    empty = DataError("no checkpoint is left after the selection")
    return [next(forecasts) if cell.seen.any() else empty for cell in cells]


def _attempt(method, train, num_params, tokens_seen):
    try:
        answer = method(train, num_params, tokens_seen)
        table = answer if isinstance(answer, pd.DataFrame) else {"loss": answer}
        columns = {name: np.asarray(table[name]) for name in table}
        loss = np.asarray(columns["loss"], dtype=float)
        if loss.shape not in ((), np.shape(num_params)):
            raise ValueError(
                f"{loss.size} losses are no forecast of {len(num_params)} targets"
            )
        return columns | {"loss": np.broadcast_to(loss, np.shape(num_params))}
    except Exception as error:  # a failure is a row of the table, not the end of it
        return error


def score(family, cell, outcome):
    """Errors of an outcome as columns; a failed one is scored as the best loss seen."""
    failed = isinstance(outcome, Exception) or not np.isfinite(outcome["loss"]).all()
    message = str(outcome) if isinstance(outcome, Exception) else ""
    if failed:
        losses = family.train["loss"].to_numpy()[cell.seen]
        lowest = losses.min() if len(losses) else np.nan
        outcome = {"loss": np.full(len(family.target), lowest), "status": ["failed"]}
    actual = family.target["loss"].to_numpy(float)
    last = int(np.argmax(family.target["tokens_seen"].to_numpy()))
    loss = outcome["loss"]
    row = {
        "are": absolute_relative_error(actual, loss),
        "signed_error": float(np.mean((loss - actual) / actual)),
        "status": outcome["status"][0] if "status" in outcome else "ok",
        "failed": failed,
        "forecast": loss[last],
        "message": message,
    }
    for names, at in ((PARAMETERS, 0), (INTERVAL_COLUMNS, last)):
        row |= {n: outcome[n][at] if n in outcome else np.nan for n in names}
    return row | {f"covered_{k}": _covered(outcome, actual, k) for k in ("80", "90")}


def _covered(outcome, actual, level):
    """Share of the target's checkpoints inside an interval, NaN without one."""
    low, high = outcome.get(f"low_{level}"), outcome.get(f"high_{level}")
    if low is None or high is None:
        return np.nan
    return float(np.mean((low <= actual) & (actual <= high)))
