"""Whether intervals of forecasts hold the truth as often as they say, on made-up runs.

Belongs to the chapter *How not to fool yourself*.
"""

import numpy as np
import pandas as pd

from hitchhiker.fits.batch import solve_columns
from hitchhiker.fits.fitting import fit_many, with_covariance
from hitchhiker.fits.identification import law_slopes
from hitchhiker.laws import Z_80

from .cache import cached
from .fooled import TRUE_LAW

RUN_COUNTS = (6, 12, 24)  # runs of a made-up family
N_FAMILIES, FITTED_TOGETHER = (
    300,
    20,
)  # made-up families of one number of runs; fitted together
N_RESAMPLES = 100
FAR_TARGET = (3e10, 6e11)  # parameters and tokens that are forecast


def runs_with_offsets(count, seed, noise=0.01):
    """Made-up runs of six sizes, six checkpoints each, with noise common to a run."""
    rng = np.random.default_rng(seed)
    size = np.repeat(np.resize(np.geomspace(1e8, 1e10, 6), count), 6)
    tokens = np.tile(np.geomspace(5e9, 3e11, 6), count)
    shift = np.repeat(rng.normal(0, noise, count), 6) + rng.normal(0, noise, len(size))
    return pd.DataFrame(
        {
            "run": np.repeat(np.arange(count), 6),
            "num_params": size,
            "tokens_seen": tokens,
            "loss": TRUE_LAW.predict(size, tokens) * np.exp(shift),
        }
    )


def resampled_forecasts(families, unit, at, resamples):
    """Forecasts (n_families, resamples) as by `bootstrap`, all families in one batch.

    Parameters
    ----------
    families : list of DataFrame
        Tables with the same rows but for their losses.
    unit : array, shape (n_rows,)
        Codes of what is drawn with replacement.
    at : tuple
        Parameters and tokens of the target.
    """
    count = unit.max() + 1
    losses = np.stack([runs["loss"] for runs in families])
    copies = len(families) * resamples
    columns = [
        np.tile(families[0][column].to_numpy(float), (copies, 1))
        for column in ("num_params", "tokens_seen")
    ]
    columns.append(np.repeat(losses, resamples, axis=0))
    draws = np.random.default_rng(0).multinomial(
        count, np.full(count, 1 / count), len(columns[0])
    )
    codes = np.tile(unit, (len(draws), 1))
    laws = solve_columns(columns, codes, draws[:, unit], "ls-log", {}).laws
    return laws.predict(*at).reshape(len(families), resamples)


def half_width(fitted, num_params, tokens_seen):
    """Half the width of a forecast's 80 % interval, from the covariance of a fit."""
    slopes = law_slopes(fitted.law, num_params, tokens_seen)
    return Z_80 * np.sqrt(slopes @ np.nan_to_num(fitted.covariance) @ slopes)


@cached
def coverage():
    """Share of 80 % intervals that hold the truth, by number of runs.

    Returns
    -------
    DataFrame
        ``runs, interval, covered``: of a bootstrap over runs, of one that takes rows
        for runs, and of the covariance that `fit` gives.
    """
    parts = []
    for count in RUN_COUNTS:
        for seeds in np.array_split(
            np.arange(N_FAMILIES), N_FAMILIES // FITTED_TOGETHER
        ):
            tables = [runs_with_offsets(count, seed) for seed in seeds]
            parts.append(pd.DataFrame(_held(tables)).assign(runs=count))
    held = pd.concat(parts).melt("runs", var_name="interval", value_name="covered")
    shares = held.groupby(["runs", "interval"], sort=False)["covered"].mean()
    return shares.reset_index().sort_values("runs", kind="stable", ignore_index=True)


def _held(tables):
    """Whether each interval of each family holds the truth, by the interval's name."""
    truth, rows = TRUE_LAW.predict(*FAR_TARGET), np.arange(len(tables[0]))
    units = {"runs": tables[0]["run"].to_numpy(), "rows": rows}
    held = {}
    for name, unit in units.items():
        losses = resampled_forecasts(tables, unit, FAR_TARGET, N_RESAMPLES)
        low, high = np.quantile(losses, [0.1, 0.9], axis=1)
        held[f"bootstrap over {name}"] = (low <= truth) & (truth <= high)
    held["covariance"] = []
    fits = fit_many(tables, objective="ls-log")
    for fitted, runs in zip(fits, tables, strict=True):
        half = half_width(with_covariance(fitted, runs), *FAR_TARGET)
        held["covariance"].append(abs(fitted.predict(*FAR_TARGET) - truth) <= half)
    return held
