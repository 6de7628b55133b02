"""What one family's runs say about its law, given a prior about laws in general."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from .observations import Observations
from .parametrisation import (
    TO_RATIOS,
    log_loss,
    log_loss_jacobian,
    reference_logs,
    to_law,
)
from .prior import Prior
from .sampling import sample

# How many runs and checkpoints the usual noise of the prior counts as.
RUN_NOISE_WEIGHT = 10.0
ROW_NOISE_WEIGHT = 20.0
LEAST_NOISE = 0.002  # relative to the loss
MAX_STEPS = 12  # of `levenberg_marquardt`


@dataclass(frozen=True)
class Posterior:
    """Where a family's law lies, and what that says about runs not yet trained.

    Attributes
    ----------
    observations : Observations
    prior : Prior
    mode : array, shape (5,)
        The most plausible law, see `hitchhiker.forecasts.parametrisation`.
    covariance : array, shape (5, 5)
        Of the five numbers, from the curvature at the mode.
    run_noise, row_noise : float
        Standard deviation of a run and of a checkpoint about the law, relative to the
        loss.
    prior_distance : float
        Squared distance of the mode from the prior, in standard deviations: about 4 on
        average if the family is like the others.
    """

    observations: Observations
    prior: Prior
    mode: np.ndarray
    covariance: np.ndarray
    run_noise: float
    row_noise: float
    prior_distance: float

    @property
    def prior_weight(self):
        """How much the prior counts: below one where its tails give way."""
        return self.prior.weight(self.prior_distance)

    @cached_property
    def draws(self):
        """Laws (n, 5) drawn from the posterior and their weights (n,)."""
        return sample(self)

    def law(self):
        """The law at the mode."""
        return to_law(self.mode)

    def negative_log(self, laws):
        """Negative log density (n,) of laws (n, 5), up to a constant."""
        observed = self.observations
        fitted = log_loss(laws, observed.log_size, observed.log_tokens)
        residual = observed.log_loss - fitted
        white = observed.whiten(residual.T, self.run_noise, self.row_noise)
        offset = laws @ TO_RATIOS.T - self.prior.mean
        distance = np.einsum("ij,jk,ik->i", offset, self.prior.precision, offset)
        return (white**2).sum(axis=0) / 2 + self.prior.penalty(distance)

    def deviations(self, log_size, log_tokens):
        """Mean log loss (n,) of the drawn laws, and their deviations (n_draws, n)."""
        laws, weights = self.draws
        losses = log_loss(laws, log_size, log_tokens)
        mean = weights @ losses
        return mean, losses - mean

    def moments(self, log_size, log_tokens):
        """Mean and variance (n,) of the log loss of the law."""
        mean, deviations = self.deviations(log_size, log_tokens)
        return mean, self.draws[1] @ deviations**2

    def sd(self, variance, extrapolation):
        """Standard deviation of a log loss, see `Prior.predictive_sd`."""
        return self.prior.predictive_sd(
            variance, extrapolation, self.row_noise, self.prior_distance
        )

    def predict(self, num_params, tokens_seen):
        """Mean and standard deviation of the logarithm of a loss to be measured.

        Parameters
        ----------
        num_params, tokens_seen : array, shape (n,)
            Parameters, tokens.

        Returns
        -------
        mean, sd : array, shape (n,)
            Of the natural logarithm of the loss: ``exp(mean)`` is in the unit of the
            losses observed, ``sd`` is relative to it.
        """
        point = reference_logs(num_params, tokens_seen)
        mean, variance = self.moments(*point)
        extrapolation = self.observations.extrapolation(*point)
        gain = self.prior.decay_gain * extrapolation[1]
        return mean + gain, self.sd(variance, extrapolation)


class Evaluation(NamedTuple):
    """The negative log posterior of one law, and what a step from it needs."""

    value: float
    residual: np.ndarray  # (n,), of the log losses
    white: np.ndarray  # (n,), the same in units of the noise
    offset: np.ndarray  # (4,), from the prior's mean
    distance: float  # its squared length in standard deviations


def negative_log_posterior(theta, observations, prior, noise):
    """Evaluate one law (5,) at a noise of runs and of checkpoints."""
    fitted = log_loss(theta, observations.log_size, observations.log_tokens)
    residual = observations.log_loss - fitted
    white = observations.whiten(residual[:, None], *noise)[:, 0]
    offset = TO_RATIOS @ theta - prior.mean
    distance = offset @ prior.precision @ offset
    value = white @ white / 2 + prior.penalty(distance)
    return Evaluation(value, residual, white, offset, distance)


def update_noise(observations, residual, noise, prior):
    """Noise of runs and of checkpoints (2,) after a look at residuals (n,)."""
    run_variance = noise[0] ** 2
    row_variance = (noise[1] * observations.noise_scale) ** 2
    weight = np.bincount(observations.run, 1 / row_variance)
    unknown = 1 / (1 / run_variance + weight)  # variance of a run's offset, given these
    offset = unknown * np.bincount(observations.run, residual / row_variance)
    of_runs = np.sum(offset**2 + unknown) + RUN_NOISE_WEIGHT * prior.run_noise**2
    rest = (residual - offset[observations.run]) ** 2 + unknown[observations.run]
    rest = rest / observations.noise_scale**2
    of_rows = np.sum(rest) + ROW_NOISE_WEIGHT * prior.row_noise**2
    variances = (
        of_runs / (len(weight) + RUN_NOISE_WEIGHT),
        of_rows / (len(residual) + ROW_NOISE_WEIGHT),
    )
    return np.maximum(np.sqrt(variances), LEAST_NOISE)


def posterior(observations, prior, start=None, rounds=8):
    """Find the posterior of one family's law.

    Parameters
    ----------
    observations : Observations
    prior : Prior
    start : Posterior, optional
        Where to start; else at the prior, at the level of the losses.
    rounds : int
        How often noise and law are found in turn.

    Returns
    -------
    Posterior
    """
    if start is None:
        noise = np.array([prior.run_noise, prior.row_noise])
        theta = np.insert(prior.mean, 0, 0.0)
        fitted = log_loss(theta, observations.log_size, observations.log_tokens)
        theta[[0, 1, 3]] += np.mean(observations.log_loss - fitted)
    else:
        noise = np.array([start.run_noise, start.row_noise])
        theta = start.mode
    for _ in range(rounds):
        theta, now, curvature = levenberg_marquardt(theta, observations, prior, noise)
        updated = update_noise(observations, now.residual, noise, prior)
        if np.abs(np.log(updated / noise)).max() < 0.02:
            break
        noise = updated
    run_noise, row_noise = map(float, noise)
    covariance = np.linalg.inv(curvature)
    distance = float(now.distance)
    return Posterior(
        observations, prior, theta, covariance, run_noise, row_noise, distance
    )


def levenberg_marquardt(theta, observations, prior, noise):
    """Descend to the mode at given noise: law, its `Evaluation`, curvature (5, 5)."""
    damping = 1e-4
    now = negative_log_posterior(theta, observations, prior, noise)
    for _ in range(MAX_STEPS):
        curvature, downhill = _local_quadratic(theta, now, observations, prior, noise)
        damped = curvature + damping * np.diag(np.diag(curvature))
        step = np.linalg.solve(damped, downhill)
        step /= max(1.0, np.abs(step).max())
        new = negative_log_posterior(theta + step, observations, prior, noise)
        if new.value > now.value:
            damping *= 10
            if damping > 1e6:
                return theta, now, curvature
            continue
        settled = now.value - new.value < 1e-7
        damping = max(damping / 5, 1e-8)
        theta = theta + step
        now = new
        if settled:
            return theta, now, curvature
    curvature, _ = _local_quadratic(theta, now, observations, prior, noise)
    return theta, now, curvature


def _local_quadratic(theta, now, observations, prior, noise):
    """Curvature (5, 5) of the negative log posterior and its downhill slope (5,)."""
    weight = prior.weight(now.distance)
    white_jacobian = whitened_jacobian(theta, observations, noise)
    pull = weight * TO_RATIOS.T @ prior.precision @ now.offset
    downhill = white_jacobian.T @ now.white - pull
    return gauss_newton(white_jacobian, prior, weight), downhill


def whitened_jacobian(theta, observations, noise):
    """Derivatives (n, 5) of the log losses of a law, in units of the noise."""
    jacobian = log_loss_jacobian(theta, observations.log_size, observations.log_tokens)
    return observations.whiten(jacobian, *noise)


def gauss_newton(white_jacobian, prior, weight=1.0):
    """Curvature (5, 5) of data and prior; a trace of it in every direction."""
    data = white_jacobian.T @ white_jacobian
    return data + weight * prior.curvature + 1e-9 * np.eye(5)
