"""How wide intervals must be: errors of forecasts by priors that lack the study."""

from dataclasses import replace

import numpy as np
import pandas as pd

from hitchhiker.forecasts.observations import observations
from hitchhiker.forecasts.parametrisation import reference_logs
from hitchhiker.forecasts.posterior import posterior
from hitchhiker.runs import selection

from .grids import evenly_spaced
from .studies import KEYS, weighted_quantiles

# Values that are tried, see `hitchhiker.forecasts.prior.Prior`.
DRIFT_GRID = (0.0, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03)
GAIN_SD_GRID = tuple(np.arange(0, 0.2, 0.005))
HALF_WIDTH_LEVELS = (0.5, 0.68, 0.8, 0.9, 0.95)
ERROR_DF = 5  # degrees of freedom of errors where the drift is chosen
# Log of how far beyond the tokens of unfinished runs a cell tells of the decay's gain.
LATE_FROM = 0.1
STOPPED_SHARES = (0.1, 0.3, 0.6)  # of their tokens, after which runs are looked at
STOPPED_CHECKPOINTS = 5  # of the median run of a family that is looked at so
STOPPED_SIZES = 3  # how many numbers of sizes are tried


def study_weights(keys):
    """Weight of each key: every source the same, in it every family the same."""
    sources = pd.Series([key[0] for key in keys])
    return (1 / sources.map(sources.value_counts()) / sources.nunique()).to_numpy()


def t_log_likelihood(errors, sd, df=ERROR_DF):
    """Log density (n,) of errors under t distributions of scale ``sd``."""
    return -(df + 1) / 2 * np.log1p((errors / sd) ** 2 / df) - np.log(sd)


def cells(table):
    """Windows of sizes and starts of runs, with the end that is to be forecast."""
    train, target = selection.hold_out(table)
    kept = selection.early_cut(train)
    count = len(selection.sizes(train))
    end = target.loc[target["tokens_seen"].idxmax()]
    chosen = [
        selection.window(train, k, last)
        for last in evenly_spaced(count)
        for k in evenly_spaced(count)
        if k <= last
    ]
    logged = selection.describe(table)["checkpoints"].iloc[0]
    if logged >= STOPPED_CHECKPOINTS:
        chosen += [
            selection.first_share(selection.smallest(train, k), share)
            for k in evenly_spaced(count, STOPPED_SIZES)
            for share in STOPPED_SHARES
        ]
    for rows in chosen:
        seen = train.loc[rows.index.intersection(kept.index)]
        if len(seen):
            yield seen, end


def errors(tables, prior):
    """Errors of forecasts of the ends of families by a prior, a row a cell.

    Parameters
    ----------
    tables : dict of DataFrame
        By source, family and loss kind.
    prior : Prior
        Its drift, gain and half widths do not count.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, error`` (of the log loss) ``, variance`` (of the
        law's log loss) ``, size_gap, token_gap`` (extrapolation) ``, row_noise,
        prior_distance`` (of the posterior).
    """
    rows = []
    for key, table in tables.items():
        for seen, end in cells(table):
            family = posterior(observations(seen), prior)
            point = reference_logs([end["num_params"]], [end["tokens_seen"]])
            mean, variance = family.moments(*point)
            size_gap, token_gap = family.observations.extrapolation(*point)
            rows.append(
                dict(zip(KEYS, key, strict=True))
                | {
                    "error": np.log(end["loss"]) - mean[0],
                    "variance": variance[0],
                    "size_gap": size_gap[0],
                    "token_gap": token_gap[0],
                    "row_noise": family.row_noise,
                    "prior_distance": family.prior_distance,
                }
            )
    return pd.DataFrame(rows)


def calibrate(prior, table):
    """The prior with the drift, the gain and the half widths that errors ask for.

    Parameters
    ----------
    prior : Prior
    table : DataFrame
        From `errors`, by priors that had not seen the family's study.
    """
    late = table["token_gap"] > LATE_FROM
    calibrated = _with_drift(prior, table[~late])
    return _with_gain(calibrated, table[late])


def _with_drift(prior, table):
    """The drift of most likelihood, and the half widths that then hold their level."""
    weights = _cell_weights(table)
    error = table["error"].to_numpy()
    best = -np.inf
    for drift in DRIFT_GRID:
        trial = replace(prior, size_drift=drift, decay_gain=0.0, decay_gain_sd=0.0)
        sd = _predicted_sd(trial, table)
        likelihood = weights @ t_log_likelihood(error, sd)
        if likelihood > best:
            best = likelihood
            chosen = trial
            standardised = np.abs(error / sd)
    widths = weighted_quantiles(standardised, weights, HALF_WIDTH_LEVELS)
    widths = {k: float(w) for k, w in zip(HALF_WIDTH_LEVELS, widths, strict=True)}
    return replace(chosen, half_widths=widths)


def _with_gain(prior, table):
    """The median gain of unfinished runs, and the least sd at which 80 % are inside."""
    weights = _cell_weights(table)
    token_gap = table["token_gap"].to_numpy()
    error = table["error"].to_numpy()
    gain = float(weighted_quantiles(error / token_gap, weights, 0.5))
    error = error - gain * token_gap
    for gain_sd in GAIN_SD_GRID:
        trial = replace(prior, decay_gain=gain, decay_gain_sd=gain_sd)
        standardised = np.abs(error / _predicted_sd(trial, table))
        if weighted_quantiles(standardised, weights, 0.8) <= prior.half_widths[0.8]:
            break
    return trial


def _cell_weights(table):
    """Weight (n,) of each cell: every study the same, in it families, in them cells."""
    keys = pd.Series(list(table[KEYS].itertuples(index=False, name=None)))
    families = keys.drop_duplicates()
    weights = keys.map(dict(zip(families, study_weights(families), strict=True)))
    return (weights / keys.map(keys.value_counts())).to_numpy()


def _predicted_sd(prior, table):
    """Standard deviation (n,) that a prior gives each error."""
    columns = ["variance", "size_gap", "token_gap", "row_noise", "prior_distance"]
    variance, size_gap, token_gap, noise, distance = table[columns].to_numpy().T
    return prior.predictive_sd(variance, (size_gap, token_gap), noise, distance)
