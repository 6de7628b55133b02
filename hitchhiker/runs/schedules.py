"""Learning-rate schedules of a table: what in them bends a fit, and what is final."""

import numpy as np
import pandas as pd

from .naming import run_names

FINISHED = 0.95  # a run is finished that has seen this share of its schedule's tokens
TRUTH = dict.fromkeys(["true", "yes", "y", "t", "1", "1.0"], 1.0)
TRUTH |= dict.fromkeys(["false", "no", "n", "f", "0", "0.0"], 0.0)


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
    if runs.reindex(columns=["schedule", "schedule_tokens"]).isna().all(axis=None):
        return []
    codes, names = pd.factorize(run_names(runs))
    tokens = runs["tokens_seen"].to_numpy(float)
    seen, length = np.zeros(len(names)), np.full(len(names), np.nan)
    np.maximum.at(seen, codes, tokens)
    if "schedule_tokens" in runs:
        np.fmax.at(length, codes, runs["schedule_tokens"].to_numpy(float))
    done = seen / length
    finished = done >= FINISHED
    return [
        *_kinds(runs, codes, len(names)),
        *_stopped(names, done),
        *_lengths(tokens, length, np.where(finished, length, np.nan)[codes]),
    ]


def _kinds(runs, codes, n_runs):
    """Schedules of several names."""
    if "schedule" not in runs:
        return
    kind, words = pd.factorize(runs["schedule"])
    of_run = np.full(n_runs, -1)
    known = np.flatnonzero(kind >= 0)[::-1]
    of_run[codes[known]] = kind[known]  # the first of a run comes last
    counts = np.bincount(of_run[of_run >= 0], minlength=len(words))
    if np.count_nonzero(counts) > 1:
        order = np.argsort(-counts, kind="stable")
        told = ", ".join(f"{words[k]}: {counts[k]}" for k in order if counts[k])
        yield f"runs differ in schedule ({told}): fit each schedule by itself"


def _stopped(names, done):
    """Runs that ended before their schedule, beside some that did not."""
    stopped = done < FINISHED
    if not 0 < stopped.sum() < np.isfinite(done).sum():
        return
    order = np.argsort(np.where(stopped, done, np.inf), kind="stable")[: stopped.sum()]
    told = ", ".join(f"{names[k]} at {100 * done[k]:.0f} %" for k in order[:3])
    yield (
        f"runs stopped before the end of their schedule ({told}"
        f"{', ...' if len(order) > 3 else ''}) stand beside finished ones: leave "
        "them out, or forecast unfinished runs only"
    )


def _lengths(tokens, length, planned):
    """Checkpoints amid long schedules where short ones have ended."""
    if np.isnan(length).all():
        return
    shortest, longest = np.nanmin(length), np.nanmax(length)
    if ((tokens < FINISHED * planned) & (tokens > shortest)).any():
        yield (
            f"schedules differ in length ({longest / shortest:.1f} times), "
            "and checkpoints of the long ones stand where short ones are finished: use "
            "finished runs alone, if there are enough"
        )


def truth_values(column):
    """1 for true, 0 for false in a column of truth values or words, NaN for neither.

    Examples
    --------
    >>> truth_values(pd.Series([True, "no", "Yes", "maybe", None])).tolist()
    [1.0, 0.0, 1.0, nan, nan]
    """
    codes, values = pd.factorize(column)
    read = [TRUTH.get(str(value).strip().lower(), np.nan) for value in values]
    return np.array([*read, np.nan])[codes]
