"""What a posterior sees of a table of runs: few checkpoints, in logarithms."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..runs.checks import run_names
from ..runs.schedules import truth_values
from .averaging import Points, points
from .parametrisation import reference_logs

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
    points : Points, optional
        The rows behind them.
    """

    log_size: np.ndarray
    log_tokens: np.ndarray
    log_loss: np.ndarray
    run: np.ndarray
    noise_scale: np.ndarray
    unfinished: float = 0.0
    remaining: float = np.inf
    points: Points | None = None

    @classmethod
    def of(cls, num_params, tokens_seen, log_loss, runs, **ending):
        """Observations of arrays (n,), at the `points` of each run."""
        kept = points(tokens_seen, log_loss, runs)
        tokens = tokens_seen[kept.row]
        codes = np.unique(runs[kept.row], return_inverse=True)[1]
        last = np.zeros(codes.max() + 1)
        np.maximum.at(last, codes, tokens)
        place = reference_logs(num_params[kept.row], tokens)
        noise_scale = np.hypot(1.0, EARLY_NOISE_GROWTH * np.log(tokens / last[codes]))
        return cls(*place, kept.log_loss, codes, noise_scale, points=kept, **ending)

    def where(self, kept):
        """Those of some checkpoints, a mask (n,), alone."""
        names = ("log_size", "log_tokens", "log_loss", "noise_scale")
        arrays = {name: getattr(self, name)[kept] for name in names}
        codes = np.unique(self.run[kept], return_inverse=True)[1]
        return replace(self, run=codes, points=self.points.where(kept), **arrays)

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
    size, tokens, loss = (
        runs[name].to_numpy(float) for name in ("num_params", "tokens_seen", "loss")
    )
    codes, log_loss = pd.factorize(run_names(runs))[0], np.log(loss)
    row = np.arange(len(runs))
    point, distinct = pd.factorize(size + 1j * tokens)
    if len(distinct) < len(runs):
        row = np.unique(point, return_index=True)[1]
        log_loss = np.bincount(point, log_loss) / np.bincount(point)
    else:
        point = row
    observed = Observations.of(
        size[row], tokens[row], log_loss, pd.factorize(codes[row])[0], **ending(runs)
    )
    kept = replace(observed.points, row=row[observed.points.row])
    return replace(observed, points=kept)


def ending(runs):
    """``unfinished`` and ``remaining`` of `Observations`, by the longest runs."""
    if "is_final" not in runs or runs["is_final"].isna().all():
        return {"unfinished": 0.5, "remaining": np.inf}
    longest = runs[runs["tokens_seen"] >= 0.9 * runs["tokens_seen"].max()]
    if (truth_values(longest["is_final"]) == 1).any():
        return {"unfinished": 0.0, "remaining": 0.0}
    if "schedule_tokens" not in runs or longest["schedule_tokens"].isna().any():
        return {"unfinished": 1.0, "remaining": np.inf}
    remaining = np.log(longest["schedule_tokens"] / longest["tokens_seen"]).max()
    return {"unfinished": 1.0, "remaining": float(remaining)}
