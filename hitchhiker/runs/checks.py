"""Check a table of runs; what cannot be used is named, with its rows and the fix."""

import numpy as np
import pandas as pd

from .naming import listed, rows_named, run_names
from .plausibility import findings
from .schedules import schedule_warnings, truth_values

REQUIRED = ("num_params", "tokens_seen", "loss")
# Beyond these no unit is right: parameters, tokens, any unit of loss.
UPPER_LIMITS = {"num_params": 1e18, "tokens_seen": 1e18, "loss": 1e30}
ONE_SIZE_OF_RUN = 1.02  # ratio of sizes that are still one in the rows of a run
NAMES = ("source", "loss_kind", "loss_unit", "schedule")  # columns that hold words
HOW_TO_GO_ON = "if it is right all the same, go on with --force (force=True in Python)"


class DataError(ValueError):
    """A table that cannot be used as it is; the message names rows and the fix."""


def check_runs(runs, *, force=False):
    """Return the table if every row can be used, else say which cannot and why.

    Parameters
    ----------
    runs : DataFrame
        See the docstring of `hitchhiker.runs.data`.
    force : bool
        Whether to let through what can be computed but hardly be meant, such as
        perplexity for a loss; see `hitchhiker.runs.plausibility`.

    Returns
    -------
    DataFrame
        The same table.

    Raises
    ------
    DataError
        For no rows, a missing or repeated column, values that are not numbers, NaN,
        values not above zero or absurdly large, sizes in billions, rows without a run,
        checkpoints that appear twice, a run of several sizes, mixed loss kinds; and
        for implausible tables, unless forced.
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
    doubts(runs, force)
    return runs


def doubts(runs, force=False):
    """Check a table as `check_runs` does; what is doubtful in it comes as sentences.

    Returns
    -------
    tuple of str
        Findings that are not severe, those that were forced, `schedule_warnings`.

    Raises
    ------
    DataError
        As `check_runs`.

    Examples
    --------
    >>> runs = pd.DataFrame({"run": ["a", "b"], "num_params": [1e8, 1e9],
    ...                      "tokens_seen": [1e10, 1e10], "loss": [3.1, 2.8]})
    >>> doubts(runs), len(doubts(runs.assign(epoch=[1.0, 3.0])))
    ((), 1)
    """
    found = findings(check_table(runs))
    refuse(found, force)
    return (*(finding.text for finding in found), *schedule_warnings(runs))


def refuse(found, force):
    """Raise an error of the severe ones among findings, unless forced."""
    severe = [finding.text for finding in found if finding.severe]
    if severe and not force:
        raise DataError(f"{'; '.join(severe)}; {HOW_TO_GO_ON}")


def check_table(runs):
    """`check_runs` without plausibility: whether numbers can be computed at all."""
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
    _check_names(runs)
    _check_duplicates(runs)
    _check_sizes(runs)
    _check_schedule(runs)
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


def _is_text(column):
    """Whether a column may hold text."""
    return column.dtype == object or pd.api.types.is_string_dtype(column.dtype)


def _check_column(runs, column):
    values = runs[column]
    if _is_text(values):
        text = pd.to_numeric(values, errors="coerce").isna() & values.notna()
        if text.any():
            raise DataError(
                f"{column} is not a number in {rows_named(runs, text)}: "
                f"{values[text.to_numpy()].iloc[0]!r}"
            )
    kind = values.dtype
    if not pd.api.types.is_numeric_dtype(kind) or kind.kind not in "iuf":
        raise DataError(f"{column} has type {kind}: convert it with pandas.to_numeric")
    if values.isna().any():
        raise DataError(
            f"{column} is missing in {rows_named(runs, values.isna())}: fill or drop "
            "these rows"
        )
    values = values.astype(float)
    if np.isinf(values).any():
        raise DataError(
            f"{column} is infinite in {rows_named(runs, np.isinf(values))}: drop these "
            "rows"
        )
    if (values <= 0).any():
        hint = {
            "tokens_seen": "drop the checkpoint before training",
            "loss": "the loss must be a cross-entropy above zero, not its logarithm",
            "num_params": "give the number of parameters",
        }[column]
        raise DataError(
            f"{column} is zero or negative in {rows_named(runs, values <= 0)}: {hint}"
        )
    large = values > UPPER_LIMITS[column]
    if large.any():
        raise DataError(
            f"{column} above {UPPER_LIMITS[column]:g} in {rows_named(runs, large)}: is "
            "this the right column, such as FLOPs for tokens?"
        )
    if column == "loss" and (values < 1e-30).any():
        raise DataError(
            f"loss below 1e-30 in {rows_named(runs, values < 1e-30)}: check its unit"
        )


def _check_units(runs):
    small = runs["num_params"] < 1e3
    if small.any():
        raise DataError(
            f"num_params below 1,000 in {rows_named(runs, small)}: given in billions "
            "or millions? Multiply by 1e9 or 1e6, the unit is parameters"
        )
    if len(runs) and runs["tokens_seen"].max() < 1e6 <= runs["num_params"].max():
        raise DataError(
            f"the largest tokens_seen is {runs['tokens_seen'].max():g}: given in "
            "billions or millions? Multiply by 1e9 or 1e6, the unit is tokens"
        )


def _check_names(runs):
    """Columns of words, and names of runs, that can be compared at all."""
    for column in NAMES:
        if column not in runs:
            continue
        try:
            several = runs[column].nunique() > 1
        except TypeError as error:
            raise DataError(f"{column} must be a word: {error}") from None
        if several and column == "loss_kind":
            kinds = ", ".join(sorted(map(str, runs[column].dropna().unique())))
            raise DataError(
                f"loss kinds {kinds} are mixed in one table: keep one loss_kind a fit"
            )
    if not {"run", "model"} & set(runs):
        return
    name = "run" if "run" in runs else "model (there is no column run)"
    names = run_names(runs)
    try:
        codes = pd.factorize(names)[0]
    except TypeError as error:
        raise DataError(f"{name} must be a name or a number: {error}") from None
    if (codes < 0).any():
        raise DataError(
            f"{name} is missing in {rows_named(runs, codes < 0)}: name the run of each "
            "row"
        )
    if names.dtype == object and pd.api.types.infer_dtype(names).startswith("mixed"):
        odd = np.array([not isinstance(value, str) for value in names])
        raise DataError(
            f"{name} is text in some rows and not in {rows_named(runs, odd)}: make "
            "all names text"
        )


def _check_duplicates(runs):
    if not {"run", "model"} & set(runs):
        return
    name = "run" if "run" in runs else "model (there is no column run)"
    codes = pd.factorize(run_names(runs))[0]
    tokens = runs["tokens_seen"].to_numpy(float)
    order = np.lexsort((tokens, codes))
    same = (np.diff(codes[order]) == 0) & (np.diff(tokens[order]) == 0)
    if same.any():
        twice = np.zeros(len(runs), dtype=bool)
        twice[order[1:][same]] = twice[order[:-1][same]] = True
        raise DataError(
            f"the same {name} and tokens_seen in {rows_named(runs, twice)}: keep the "
            "last record of a restarted run, name different runs differently, or count "
            "rows with weights"
        )


def _check_sizes(runs):
    if not {"run", "model"} & set(runs):
        return
    codes, names = pd.factorize(run_names(runs))
    sizes = runs["num_params"].to_numpy(float)
    least = np.full(len(names), np.inf)
    np.minimum.at(least, codes, sizes)
    several = sizes > ONE_SIZE_OF_RUN * least[codes]
    if several.any():
        run = codes[several.argmax()]
        known = listed(f"{size:g}" for size in np.unique(sizes[codes == run]))
        raise DataError(
            f"run {names[run]} has several sizes ({known} parameters, in "
            f"{rows_named(runs, codes == run)}): a run has one size, name different "
            "runs differently"
        )


def _check_schedule(runs):
    """Columns that say what is finished hold truth values and numbers of tokens."""
    if "is_final" in runs and runs["is_final"].dtype != bool:
        unread = np.isnan(truth_values(runs["is_final"])) & runs["is_final"].notna()
        if unread.any():
            raise DataError(
                f"is_final is neither true nor false in {rows_named(runs, unread)}: "
                f"{runs['is_final'][unread.to_numpy()].iloc[0]!r}"
            )
    if "schedule_tokens" not in runs:
        return
    planned = runs["schedule_tokens"]
    numbers = pd.to_numeric(planned, errors="coerce")
    text = np.array([isinstance(v, str) for v in planned]) if _is_text(planned) else 0
    text |= numbers.isna() & planned.notna()
    if text.any():
        raise DataError(
            f"schedule_tokens is not a number in {rows_named(runs, text)}: "
            f"{planned[text.to_numpy()].iloc[0]!r}; leave it empty where not known"
        )
    if (numbers <= 0).any():
        raise DataError(
            f"schedule_tokens is zero or negative in {rows_named(runs, numbers <= 0)}: "
            "leave it empty where not known"
        )
