"""Runs and rows that do not belong: what the forecast would be without them."""

from dataclasses import replace

import numpy as np

from ..runs.naming import listed, rows_named, run_names
from .parametrisation import log_loss
from .posterior import posterior

# A run is looked at closer whose residuals are so many times the prior's usual noise,
# and so many times those of the run in the middle.
SUSPECT_NOISE = 3.0
SUSPECT_RATIO = 1.5
BELONGS_SDS = 5.0  # standard deviations about the law of the others that it may stray
LEAST_STRAY = 0.03  # relative to the loss, however sure
LEAST_EFFECT = 0.01  # relative change of the forecast that is worth a word
ONE_ROW = 0.9  # share of a run's squared residuals that makes it one row's doing


def strays(runs, family, predict):
    """Yield a sentence on each run or row that strays from the law of the others.

    Parameters
    ----------
    runs : DataFrame
        What the posterior has seen.
    family : Posterior
    predict : callable
        The loss forecast for the target, of a posterior.
    """
    observed = family.observations
    if observed.points.spiked.any():
        yield _spikes(runs, family, predict)
    size = np.abs(_residual(family)) / observed.noise_scale
    n_rows = np.bincount(observed.run)
    of_run = np.sqrt(np.bincount(observed.run, size**2) / n_rows)
    worst = int(of_run.argmax())
    usual = np.median(np.delete(of_run, worst)) if len(of_run) > 1 else 0.0
    limit = max(SUSPECT_NOISE * family.prior.row_noise, SUSPECT_RATIO * usual)
    if of_run[worst] <= limit:
        return
    of_worst = observed.run == worst
    share = np.where(of_worst, size**2, 0) / (size[of_worst] ** 2).sum()
    name = run_names(runs).iloc[observed.points.row[of_worst][0]]
    every = (run_names(runs) == name).sum() == n_rows[worst]
    alone = share.max() > ONE_ROW and every and n_rows[worst] > 2
    left_out = share == share.max() if alone else of_worst
    if left_out.all():
        return
    others = posterior(observed.where(~left_out), family.prior)
    off = _strays_by(observed.where(left_out), others)
    effect = abs(np.log(predict(others) / predict(family)))
    if abs(off) > LEAST_STRAY and effect > LEAST_EFFECT:
        rows = observed.points.row[left_out]
        told = f"{predict(others):.4g} instead of {predict(family):.4g}"
        way = f"{100 * abs(np.expm1(off)):.0f} % {'above' if off > 0 else 'below'}"
        if alone:
            yield (
                f"{_where(runs, rows)} of run {name} strays {way} the law of the "
                f"others: without it {told} (drop it, or --without {name})"
            )
        else:
            yield (
                f"run {name} strays up to {way} the law of the others: without it "
                f"{told} (--without {name})"
            )


def _residual(family):
    """Log losses (n,) over the law at the mode."""
    observed = family.observations
    return observed.log_loss - log_loss(
        family.mode, observed.log_size, observed.log_tokens
    )


def _strays_by(left_out, others):
    """Log of how far checkpoints stray from the law of others; 0 if they belong."""
    mean, variance = others.moments(left_out.log_size, left_out.log_tokens)
    noise = np.hypot(others.row_noise * left_out.noise_scale, others.run_noise)
    off = left_out.log_loss - mean
    sds = np.abs(off) / np.sqrt(variance + noise**2)
    return off[sds.argmax()] if sds.max() > BELONGS_SDS else 0.0


def _where(runs, rows):
    mask = np.zeros(len(runs), dtype=bool)
    mask[rows] = True
    return rows_named(runs, mask)


def _spikes(runs, family, predict):
    """Rows that their neighbours stand in for, and the forecast that has them."""
    observed = family.observations
    rows = observed.points.row[observed.points.spiked]
    raw = observed.log_loss.copy()
    raw[observed.points.spiked] = np.log(runs["loss"].to_numpy(float)[rows])
    far = np.exp(np.abs(raw - observed.log_loss).max())
    kept = posterior(replace(observed, log_loss=raw), family.prior)
    return (
        f"{_where(runs, rows)} of run {listed(run_names(runs).iloc[rows].unique())} "
        f"spikes, up to {far:.3g} times off its neighbours, which stand in for it: "
        f"{predict(family):.4g} instead of {predict(kept):.4g}"
    )
