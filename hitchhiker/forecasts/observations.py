"""What a posterior sees of a table of runs: few checkpoints, in logarithms."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..runs.checks import run_names
from .parametrisation import reference_logs

MAX_CHECKPOINTS = 8  # of a run that are kept, evenly in log tokens
# The noise of a checkpoint grows with this times ln(tokens of its run / its tokens).
EARLY_NOISE_GROWTH = 2.0


@dataclass(frozen=True)
class Observations:
    """Checkpoints of one family: arrays with an entry per checkpoint, and their end.

    Attributes
    ----------
    log_size, log_tokens : array, shape (n,)
        As from `hitchhiker.forecasts.parametrisation.reference_logs`.
    log_loss : array, shape (n,)
    run : array of int, shape (n,)
        Runs as codes from 0.
    noise_scale : array, shape (n,)
        Noise of a checkpoint in units of that of the last of its run.
    unfinished : float
        Whether the longest runs are unfinished: 0 no, 1 yes, 0.5 not known.
    remaining : float
        Log of the tokens of their schedule over those seen; infinite where not known.
    """

    log_size: np.ndarray
    log_tokens: np.ndarray
    log_loss: np.ndarray
    run: np.ndarray
    noise_scale: np.ndarray
    unfinished: float = 0.0
    remaining: float = np.inf

    @classmethod
    def of(cls, num_params, tokens_seen, log_loss, runs, **ending):
        """Observations of arrays (n,); `MAX_CHECKPOINTS` of each run are kept."""
        kept = thin(tokens_seen, runs)
        tokens = tokens_seen[kept]
        codes = np.unique(runs[kept], return_inverse=True)[1]
        last = np.zeros(codes.max() + 1)
        np.maximum.at(last, codes, tokens)
        log_size, log_tokens = reference_logs(num_params[kept], tokens)
        noise_scale = np.hypot(1.0, EARLY_NOISE_GROWTH * np.log(tokens / last[codes]))
        return cls(log_size, log_tokens, log_loss[kept], codes, noise_scale, **ending)

    def whiten(self, values, run_noise, row_noise):
        """Values (n, k) in units of the noise, less what the noise of runs explains."""
        scale = 1 / (row_noise * self.noise_scale)
        values = values * scale[:, None]
        n_runs = self.run.max() + 1
        weight = np.bincount(self.run, scale**2, n_runs)
        shared = np.zeros((n_runs, values.shape[1]))
        np.add.at(shared, self.run, values * scale[:, None])
        part = (1 - 1 / np.sqrt(1 + run_noise**2 * weight)) / weight
        return values - scale[:, None] * (part[:, None] * shared)[self.run]

    def extrapolation(self, log_size, log_tokens):
        """Logs of how far points (n,) lie beyond the runs, in size and in tokens.

        Tokens count where runs are unfinished only, and no longer than their schedule
        lasts: until then learning rates still have to fall.
        """
        longer = np.maximum(log_tokens - self.log_tokens.max(), 0.0)
        still_to_fall = self.unfinished * np.minimum(longer, self.remaining)
        return np.maximum(log_size - self.log_size.max(), 0.0), still_to_fall


def observations(runs):
    """Observations of a table of runs.

    Runs of one size and length, such as seeds, count as one: they tell how much a run
    moves by itself, not how far the law is off, which they share.
    """
    table = pd.DataFrame(
        {"run": pd.factorize(run_names(runs))[0], "log_loss": np.log(runs["loss"])}
    )
    points = table.groupby([runs["num_params"], runs["tokens_seen"]], sort=False)
    points = points.agg({"run": "first", "log_loss": "mean"}).reset_index()
    return Observations.of(
        points["num_params"].to_numpy(float),
        points["tokens_seen"].to_numpy(float),
        points["log_loss"].to_numpy(),
        pd.factorize(points["run"])[0],
        **ending(runs),
    )


def ending(runs):
    """``unfinished`` and ``remaining`` of `Observations`, by the longest runs."""
    if "is_final" not in runs or runs["is_final"].isna().all():
        return {"unfinished": 0.5, "remaining": np.inf}
    longest = runs[runs["tokens_seen"] >= 0.9 * runs["tokens_seen"].max()]
    if longest["is_final"].eq(True).any():
        return {"unfinished": 0.0, "remaining": 0.0}
    if "schedule_tokens" not in runs or longest["schedule_tokens"].isna().any():
        return {"unfinished": 1.0, "remaining": np.inf}
    remaining = np.log(longest["schedule_tokens"] / longest["tokens_seen"]).max()
    return {"unfinished": 1.0, "remaining": float(remaining)}


def thin(tokens_seen, runs, most=MAX_CHECKPOINTS):
    """Positions of at most ``most`` rows of each run, evenly in log tokens.

    Examples
    --------
    >>> thin(np.array([1.0, 2.0, 2.1, 4.0]), np.zeros(4, int), most=3).tolist()
    [0, 1, 3]
    """
    kept = []
    for run in range(runs.max() + 1):
        rows = np.flatnonzero(runs == run)
        if len(rows) > most:
            logs = np.log(tokens_seen[rows])
            wanted = np.linspace(logs.min(), logs.max(), most)
            rows = rows[np.unique(np.abs(logs[:, None] - wanted).argmin(axis=0))]
        kept.append(rows)
    return np.concatenate(kept)
