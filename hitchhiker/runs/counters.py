"""What counts in a log: tokens, steps, epochs and schedules that contradict another."""

import numpy as np

from .findings import Finding
from .naming import listed, rows_named

REPEATED = 1.05  # tokens seen over tokens of text from which text counts as repeated
BATCH_CHANGE = 1.5  # ratio of tokens a step, late over early, in one run
BATCH_JUMP = 8.0  # the same between two checkpoints
OVER_SCHEDULE = 1.2  # tokens seen over those of the schedule


def counter_findings(runs, curves):
    """Yield a `Finding` for each counter that contradicts another.

    Parameters
    ----------
    runs : DataFrame
    curves : Curves
        Of these runs.
    """
    yield from _steps(runs, curves)
    yield from _repeated(runs, curves)
    yield from _schedules(runs)


def repeats(runs, curves):
    """Tokens of text, or epochs, of each run (n_runs,); None where not known."""
    for column in ("unique_tokens", "epochs"):
        if column in runs:
            values = _numbers(runs, column)
            if np.isfinite(values).any():
                return np.nan_to_num(values[curves.row[curves.last]])
    return None


def _numbers(runs, column):
    """A column as floats, NaN where it holds something else."""
    values = runs[column]
    if values.dtype.kind in "biuf":
        return values.to_numpy(float)
    return values.map(_number).to_numpy(float)


def _number(value):
    try:
        return float(value)
    except (TypeError, ValueError):
        return np.nan


def _steps(runs, curves):
    """Tokens against steps within each run."""
    if "step" not in runs:
        return
    steps = _numbers(runs, "step")
    if np.isnan(steps).all():
        return
    tokens = runs["tokens_seen"].to_numpy(float)
    codes = np.empty(len(runs), dtype=int)
    codes[curves.row] = curves.run
    order = np.lexsort((steps, codes))
    order = order[np.isfinite(steps[order])]
    before, after = order[:-1], order[1:]
    within = codes[before] == codes[after]
    before, after = before[within], after[within]
    more = tokens[after] - tokens[before]
    further = steps[after] - steps[before]
    if not len(more):
        return
    fell = (more < 0) & (further > 0)
    if fell.any():
        rows = np.zeros(len(runs), dtype=bool)
        rows[after[fell]] = True
        names = listed(curves.names[np.unique(codes[after[fell]])])
        yield Finding(
            f"tokens_seen falls while step rises in {rows_named(runs, rows)} of run "
            f"{names}: a counter that began again, or tokens of one step? Add what was "
            "seen before",
            True,
        )
        return
    yield from _batches(curves, codes, (before, after), tokens, steps)


def _batches(curves, codes, pairs, tokens, steps):
    """Tokens a step that change along a run."""
    before, after = pairs
    rising = (steps[before] > 0) & (steps[after] > steps[before])
    before, after = before[rising], after[rising]
    if not len(before):
        return
    spread = np.ones((2, len(curves.names)))
    for row, values in enumerate((tokens, steps)):
        growth = np.zeros(len(curves.names))
        np.add.at(growth, codes[after], np.log(values[after] / values[before]))
        spread[row] = growth
    still = (spread[1] > np.log(2)) & (spread[0] < 0.2 * spread[1])
    if still.any():
        yield Finding(
            f"tokens_seen hardly grows while step grows "
            f"{np.exp(spread[1][still].max()):.3g} times in run "
            f"{listed(curves.names[still])}: are these the tokens of one step? Give "
            "the tokens seen so far",
            True,
        )
        return
    drift = np.abs(spread[0] - spread[1])
    batch = (tokens[after] - tokens[before]) / (steps[after] - steps[before])
    usual = tokens[after] / steps[after]
    told = tokens[after] - tokens[before] > 0.05 * tokens[after]
    jump = told & (np.abs(np.log(batch / usual)) > np.log(BATCH_JUMP))
    changed = drift > np.log(BATCH_CHANGE)
    changed[codes[after[jump]]] = True
    if changed.any():
        yield Finding(
            f"tokens a step change along run {listed(curves.names[changed])}: a batch "
            "that grew is fine, a step that jumps or a wrong batch size is not: check "
            "tokens_seen"
        )


def is_repeated(runs):
    """Whether each row (n_rows,) says that it has seen text again."""
    return _times_seen(runs) > REPEATED


def _times_seen(runs):
    """How often each row (n_rows,) says that it has seen its text, at least 1."""
    tokens = runs["tokens_seen"].to_numpy(float)
    again = np.ones(len(runs))
    if "unique_tokens" in runs:
        again = np.fmax(again, tokens / _numbers(runs, "unique_tokens"))
    for column in ("epoch", "epochs"):
        if column in runs:
            again = np.fmax(again, _epochs(_numbers(runs, column), column))
    return again


def _repeated(runs, curves):
    """Text that is seen again counts as if it were new."""
    again = _times_seen(runs)
    repeated = again > REPEATED
    if repeated.any():
        in_curves = np.unique(curves.run[repeated[curves.row]])
        yield Finding(
            f"text is repeated up to {again[repeated].max():.3g} times in run "
            f"{listed(curves.names[in_curves])}, and repeated tokens count as new: "
            "past about four epochs losses end above the forecast"
        )


def _epochs(values, column):
    """Epochs at each row: those counted in whole numbers from 0 begin one too low."""
    known = values[np.isfinite(values)]
    whole = len(known) and (known % 1 == 0).all() and known.min() == 0
    return values + 1 if column == "epoch" and whole else values


def _schedules(runs):
    """Runs that have gone on long after the end of their schedule."""
    if "schedule_tokens" not in runs:
        return
    planned = _numbers(runs, "schedule_tokens")
    past = runs["tokens_seen"].to_numpy(float) > OVER_SCHEDULE * planned
    if past.any():
        yield Finding(
            f"tokens_seen is past the end of schedule_tokens in "
            f"{rows_named(runs, past)}: schedule_tokens are the tokens (not steps) "
            "until the learning rate ends"
        )
