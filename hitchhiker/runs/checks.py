"""Check a table of runs; what cannot be used is named, with its rows and the fix."""

import numpy as np
import pandas as pd

REQUIRED = ("num_params", "tokens_seen", "loss")
FINISHED = 0.95  # a run is finished that has seen this share of its schedule's tokens
# Beyond these no unit is right: parameters, tokens, any unit of loss.
UPPER_LIMITS = {"num_params": 1e18, "tokens_seen": 1e18, "loss": 1e30}


class DataError(ValueError):
    """A table that cannot be used as it is; the message names rows and the fix."""


def run_names(runs):
    """Name of the training run of each row: ``run``, else ``model``, else the row.

    Examples
    --------
    >>> list(run_names(pd.DataFrame({"loss": [3.0, 2.9]})))
    [0, 1]
    """
    for column in ("run", "model"):
        if column in runs:
            return runs[column]
    return pd.Series(range(len(runs)), index=runs.index)


def check_runs(runs):
    """Return the table if every row can be used, else say which cannot and why.

    Parameters
    ----------
    runs : DataFrame
        See the docstring of `hitchhiker.runs.data`.

    Returns
    -------
    DataFrame
        The same table.

    Raises
    ------
    DataError
        For no rows, a missing or repeated column, values that are not numbers, NaN,
        values not above zero or absurdly large, sizes in billions, rows without a run,
        checkpoints that appear twice, mixed loss kinds.
        The message names the rows and the fix.

    Examples
    --------
    >>> row = {"num_params": [7.0], "tokens_seen": [1e9], "loss": [3.1]}
    >>> check_runs(pd.DataFrame(row))
    Traceback (most recent call last):
        ...
    hitchhiker.runs.checks.DataError: num_params below 1,000 in 1 row (0): given in \
billions or millions? Multiply by 1e9 or 1e6, the unit is parameters
    """
    if not isinstance(runs, pd.DataFrame):
        raise DataError(f"runs must be a pandas DataFrame, got {type(runs).__name__}")
    missing = [c for c in REQUIRED if c not in runs]
    if missing:
        raise DataError(
            f"missing column {', '.join(missing)}; the table has "
            f"{', '.join(map(str, runs))}: rename what you have to num_params, "
            "tokens_seen, loss"
        )
    if runs.columns.has_duplicates:
        twice = ", ".join(map(str, runs.columns[runs.columns.duplicated()].unique()))
        raise DataError(f"column {twice} appears more than once: keep one of each name")
    if runs.empty:
        raise DataError("the table has no rows: check the selection that made it")
    for column in REQUIRED:
        _check_column(runs, column)
    _check_units(runs)
    _check_duplicates(runs)
    return runs


def check_weights(weights, n_rows):
    """Weights (n_problems, n_rows) as floats, or an error that names the shape."""
    if weights is None:
        return np.ones((1, n_rows))
    try:
        weights = np.asarray(weights)
    except ValueError:
        raise DataError(
            "weights have rows of different length: give one column a row"
        ) from None
    if weights.dtype.kind not in "biuf":
        raise DataError(f"weights must be numbers, got type {weights.dtype}")
    if weights.ndim != 2 or weights.shape[1] != n_rows or not len(weights):
        raise DataError(
            f"weights have shape {weights.shape}, the table has {n_rows} rows: "
            "give one column a row"
        )
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise DataError("weights must be finite and not below zero")
    if weights.max() > 1e30 or weights.min(where=weights > 0, initial=1.0) < 1e-30:
        raise DataError("weights say how often a row counts: scale them to about one")
    return weights


def schedule_warnings(runs):
    """Say what in the learning-rate schedules of a table can bend a fit.

    A checkpoint in the middle of a falling schedule has a higher loss than a finished
    run of the same tokens. That does no harm while all runs and the target share one
    schedule and length: hand over the table of them all.

    Parameters
    ----------
    runs : DataFrame
        A table of one family with ``schedule`` (a name) and ``schedule_tokens`` (tokens
        the schedule was planned for); where they are missing, nothing is said.

    Returns
    -------
    list of str
        A sentence a problem.

    Examples
    --------
    >>> runs = pd.DataFrame({"run": ["a", "b"], "tokens_seen": [1e10, 1e10],
    ...                      "schedule": "cosine", "schedule_tokens": [1e10, 3e10]})
    >>> schedule_warnings(runs)
    ['runs stopped before the end of their schedule (b at 33 %) stand beside finished \
ones: leave them out, or forecast unfinished runs only']
    """
    columns = ["schedule", "schedule_tokens", "tokens_seen"]
    if runs.reindex(columns=columns[:2]).isna().all(axis=None):
        return []
    by_run = runs.reindex(columns=columns).groupby(
        run_names(runs), sort=False, observed=True
    )
    kinds = by_run["schedule"].first().value_counts()
    length = by_run["schedule_tokens"].max().dropna()
    done = (by_run["tokens_seen"].max() / length).dropna()
    stopped = done[done < FINISHED].sort_values()
    problems = []
    if len(kinds) > 1:
        names = ", ".join(f"{name}: {n}" for name, n in kinds.items())
        problems.append(
            f"runs differ in schedule ({names}): fit each schedule by itself"
        )
    if 0 < len(stopped) < len(done):
        names = ", ".join(
            f"{name} at {100 * part:.0f} %" for name, part in stopped[:3].items()
        )
        problems.append(
            f"runs stopped before the end of their schedule ({names}"
            f"{', ...' if len(stopped) > 3 else ''}) stand beside finished ones: leave "
            "them out, or forecast unfinished runs only"
        )
    planned = run_names(runs).map(length[done >= FINISHED])
    midway = runs["tokens_seen"] < FINISHED * planned
    if (midway & (runs["tokens_seen"] > length.min())).any():
        problems.append(
            f"schedules differ in length ({length.max() / length.min():.1f} times), "
            "and checkpoints of the long ones stand where short ones are finished: use "
            "finished runs alone, if there are enough"
        )
    return problems


def _rows(bad):
    """Name the first rows where ``bad`` holds."""
    labels = [str(label) for label in bad.index[bad]]
    shown = ", ".join(labels[:5]) + (", ..." if len(labels) > 5 else "")
    return f"{len(labels)} row{'s' if len(labels) > 1 else ''} ({shown})"


def _check_column(runs, column):
    values = runs[column]
    if values.dtype == object or pd.api.types.is_string_dtype(values.dtype):
        text = pd.to_numeric(values, errors="coerce").isna() & values.notna()
        if text.any():
            raise DataError(
                f"{column} is not a number in {_rows(text)}: {values[text].iloc[0]!r}"
            )
    kind = values.dtype
    if not pd.api.types.is_numeric_dtype(kind) or kind.kind not in "iuf":
        raise DataError(f"{column} has type {kind}: convert it with pandas.to_numeric")
    if values.isna().any():
        raise DataError(
            f"{column} is missing in {_rows(values.isna())}: fill or drop these rows"
        )
    values = values.astype(float)
    if np.isinf(values).any():
        raise DataError(
            f"{column} is infinite in {_rows(np.isinf(values))}: drop these rows"
        )
    if (values <= 0).any():
        hint = {
            "tokens_seen": "drop the checkpoint before training",
            "loss": "the loss must be a cross-entropy above zero, not its logarithm",
            "num_params": "give the number of parameters",
        }[column]
        raise DataError(f"{column} is zero or negative in {_rows(values <= 0)}: {hint}")
    large = values > UPPER_LIMITS[column]
    if large.any():
        raise DataError(
            f"{column} above {UPPER_LIMITS[column]:g} in {_rows(large)}: is this the "
            "right column, such as FLOPs for tokens?"
        )
    if column == "loss" and (values < 1e-30).any():
        raise DataError(f"loss below 1e-30 in {_rows(values < 1e-30)}: check its unit")


def _check_units(runs):
    small = runs["num_params"] < 1e3
    if small.any():
        raise DataError(
            f"num_params below 1,000 in {_rows(small)}: given in billions or millions? "
            "Multiply by 1e9 or 1e6, the unit is parameters"
        )
    if len(runs) and runs["tokens_seen"].max() < 1e6 <= runs["num_params"].max():
        raise DataError(
            f"the largest tokens_seen is {runs['tokens_seen'].max():g}: given in "
            "billions or millions? Multiply by 1e9 or 1e6, the unit is tokens"
        )
    if "loss_kind" in runs and runs["loss_kind"].nunique() > 1:
        kinds = ", ".join(sorted(runs["loss_kind"].unique()))
        raise DataError(
            f"loss kinds {kinds} are mixed in one table: keep one loss_kind a fit"
        )


def _check_duplicates(runs):
    if not {"run", "model"} & set(runs):
        return
    name = "run" if "run" in runs else "model (there is no column run)"
    try:
        unnamed = pd.Series(pd.factorize(run_names(runs))[0] < 0, index=runs.index)
    except TypeError as error:
        raise DataError(f"{name} must be a name or a number: {error}") from None
    if unnamed.any():
        raise DataError(
            f"{name} is missing in {_rows(unnamed)}: name the run of each row"
        )
    twice = pd.Series(
        pd.DataFrame({"run": run_names(runs), "tokens": runs["tokens_seen"]})
        .duplicated(keep=False)
        .to_numpy(),
        index=runs.index,
    )
    if twice.any():
        raise DataError(
            f"the same {name} and tokens_seen in {_rows(twice)}: keep the last record "
            "of a restarted run, name different runs differently, or count rows with "
            "weights"
        )
