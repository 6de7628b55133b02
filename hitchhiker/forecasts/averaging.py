"""Robust means of neighbouring rows of loss curves, around the points that are kept."""

from dataclasses import dataclass

import numpy as np

MAX_CHECKPOINTS = 8  # of a run that are kept, evenly in log tokens
# From so many rows on, a run's points are robust means of their neighbours.
DENSE_ROWS = 256
LEAST_NEIGHBOURS = 9  # rows about a point, of which few may be spikes
MOST_NEIGHBOURS = 1 / 4  # of the rows of a run
ERROR_OF_MEAN = 0.001  # relative, for which neighbours are taken, more where noise asks
BISQUARE = 4.685  # robust standard deviations beyond which a row does not count
TO_SD = 1.4826  # standard deviation of a Gaussian over its median absolute deviation
REWEIGHTINGS = 4  # of reweighting
# A row is a spike that is so many robust standard deviations, and by this ratio, above
# its neighbours.
SPIKE_SDS = 8.0
SPIKE_RATIO = 1.08


@dataclass(frozen=True)
class Points:
    """What is kept of the rows of a table: arrays with an entry a point.

    Attributes
    ----------
    row : array of int, shape (n,)
        The row at the point.
    log_loss : array, shape (n,)
        Its own, or the robust mean of its neighbours at its tokens.
    n_rows : array of int, shape (n,)
        Rows behind it.
    spiked : array of bool, shape (n,)
        Whether the row itself is a spike, and its neighbours stand in for it.
    """

    row: np.ndarray
    log_loss: np.ndarray
    n_rows: np.ndarray
    spiked: np.ndarray

    def where(self, kept):
        """Some of them, by a mask (n,)."""
        fields = (self.row, self.log_loss, self.n_rows, self.spiked)
        return Points(*(values[kept] for values in fields))


def thin(tokens_seen, runs, most=MAX_CHECKPOINTS):
    """Positions of at most ``most`` rows of each run, evenly in log tokens.

    Examples
    --------
    >>> thin(np.array([1.0, 2.0, 2.1, 4.0]), np.zeros(4, int), most=3).tolist()
    [0, 1, 3]
    """
    return np.concatenate([_evenly(tokens_seen, rows, most) for rows in _by_run(runs)])


def _by_run(runs):
    """Rows of each run."""
    order = np.argsort(runs, kind="stable")
    return np.split(order, np.cumsum(np.bincount(runs))[:-1])


def _evenly(tokens_seen, rows, most):
    if len(rows) <= most:
        return rows
    logs = np.log(tokens_seen[rows])
    wanted = np.linspace(logs.min(), logs.max(), most)
    return rows[np.unique(np.abs(logs[:, None] - wanted).argmin(axis=0))]


def points(tokens_seen, log_loss, runs, most=MAX_CHECKPOINTS):
    """The points of each run: few rows, evenly in log tokens, cleared of noise.

    Runs of `DENSE_ROWS` rows and more are logs of single batches, so each point is a
    robust mean of the rows around it: a line through their logarithms, by Tukey's
    bisquare. Points of shorter runs are rows as they are.

    Parameters
    ----------
    tokens_seen, log_loss : array, shape (n_rows,)
    runs : array of int, shape (n_rows,)
        Codes from 0.

    Returns
    -------
    Points

    Examples
    --------
    >>> tokens = np.linspace(1e9, 1e10, 300)
    >>> log_loss = np.where(np.arange(300) == 299, 5.0, 1.0)
    >>> points(tokens, log_loss, np.zeros(300, int)).log_loss.round(6).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    split = _by_run(runs)
    kept = [_evenly(tokens_seen, rows, most) for rows in split]
    row = np.concatenate(kept)
    length = np.array([len(rows) for rows in split])
    run = np.repeat(np.arange(len(split)), [len(rows) for rows in kept])
    value, n_rows = log_loss[row], np.ones(len(row), dtype=int)
    spiked = np.zeros(len(row), dtype=bool)
    judged = np.flatnonzero(length[run] >= DENSE_ROWS)
    if len(judged):
        order = np.lexsort((tokens_seen, runs))
        curve = np.log(tokens_seen[order]), log_loss[order]
        place = np.empty(len(order), dtype=int)
        place[order] = np.arange(len(order))
        low, high = _windows(place[row[judged]], run[judged], length, curve[1])
        mean, sd = _robust_means(*curve, place[row[judged]], low, high)
        above = value[judged] - mean
        spiked[judged] = above > np.maximum(SPIKE_SDS * sd, np.log(SPIKE_RATIO))
        begins = np.diff(run[judged], prepend=-1) > 0  # is high by nature
        spiked[judged[begins]] = False
        value[judged] = mean
        n_rows[judged] = high - low
    return Points(row, value, n_rows, spiked)


def _windows(place, run, length, log_loss):
    """First and past-the-last row (n,) of the neighbours of rows (n,) of some runs.

    Parameters
    ----------
    place, run : array of int, shape (n,)
        Of the rows, among rows sorted by run and tokens.
    length : array of int, shape (n_runs,)
    log_loss : array, shape (n_rows,)
        Sorted so.
    """
    start = np.cumsum(length) - length
    # A row against the mean of its neighbours tells noise from the trend.
    bend = np.abs(log_loss[1:-1] - (log_loss[:-2] + log_loss[2:]) / 2) / np.sqrt(1.5)
    inside = np.maximum(length[:-1].cumsum() - 1, 0)  # ends of runs have none
    bend = np.concatenate([[0.0], bend, [0.0]])
    bend[inside] = bend[inside + 1] = 0.0
    noise = TO_SD * _medians(bend, np.repeat(np.arange(len(length)), length), length)
    wanted = (2 * noise / ERROR_OF_MEAN) ** 2  # an end of a line errs twice as a mean
    count = np.clip(wanted, LEAST_NEIGHBOURS, MOST_NEIGHBOURS * length)
    count = np.maximum(count.astype(int), LEAST_NEIGHBOURS)[run]
    low = np.clip(place - count // 2, start[run], start[run] + length[run] - count)
    return low, low + count


def _robust_means(x, y, place, low, high):
    """Robust local lines through rows: where they are at some of them.

    Parameters
    ----------
    x, y : array, shape (n_rows,)
        Log tokens and log losses, by run and tokens.
    place, low, high : array of int, shape (n,)
        Of the points, and of the first and past the last of their neighbours.

    Returns
    -------
    mean, sd : array, shape (n,)
        Log loss at the points; robust standard deviation of a row about the line.
    """
    count = high - low
    segment = np.repeat(np.arange(len(place)), count)
    starts = np.cumsum(count) - count
    within = np.arange(count.sum()) - starts[segment]
    rows = within + low[segment]
    x, y = x[rows] - x[place][segment], y[rows]
    halves = np.stack([count // 2, count - count // 2], axis=1).ravel()
    half = 2 * segment + (within >= (count // 2)[segment])
    rise = np.diff(_medians(y, half, halves).reshape(-1, 2))[:, 0]
    begin = np.cumsum(halves) - halves
    way = np.diff((np.add.reduceat(x, begin) / halves).reshape(-1, 2))[:, 0]
    slope = rise / np.maximum(way, 1e-12)
    level = _medians(y - slope[segment] * x, segment, count)
    off = y - level[segment] - slope[segment] * x
    sd = TO_SD * _medians(np.abs(off), segment, count)
    reach = (BISQUARE * np.maximum(sd, 1e-9))[segment]
    for _ in range(REWEIGHTINGS):
        weight = np.clip(1 - (off / reach) ** 2, 0, None) ** 2
        total, of_x, of_y, of_xx, of_xy = (
            np.add.reduceat(weight * v, starts) for v in (1, x, y, x * x, x * y)
        )
        spread = np.maximum(of_xx - of_x**2 / total, 1e-12)
        slope = (of_xy - of_x * of_y / total) / spread
        level = (of_y - slope * of_x) / total
        off = y - level[segment] - slope[segment] * x
    return level, sd


def _medians(values, segment, count):
    """Median of each segment of a flat array, by the length of each."""
    ordered = values[np.lexsort((values, segment))]
    starts = np.cumsum(count) - count
    return (ordered[starts + (count - 1) // 2] + ordered[starts + count // 2]) / 2
