"""What scaling laws look like in general: the prior that published families taught.

It is about the four numbers of a law that have no unit, see
`hitchhiker.forecasts.parametrisation`; the level of the loss is free, so that a
forecast is the same in any unit of loss.  `experiments.learn_prior` learns it.
"""

import json
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
from scipy.special import chdtri

from ..runs.arguments import instance
from ..runs.checks import DataError
from ..runs.data import shipped
from ..runs.words import arrived, on_screen
from .parametrisation import TO_RATIOS

PRIOR_FILE = "prior.json"
PRIOR_DF = 8.0  # degrees of freedom of the prior's tails
# Squared distance from the prior, in standard deviations, that one family in a hundred
# exceeds: of a chi-squared with four degrees of freedom, to one decimal.
UNUSUAL = round(float(chdtri(4, 0.01)), 1)


@dataclass(frozen=True)
class Prior:
    """What laws look like in general: heavy-tailed Gaussian, and the noise about a law.

    Attributes
    ----------
    mean : array, shape (4,)
        Of `hitchhiker.forecasts.parametrisation.RATIO_NAMES`.
    covariance : array, shape (4, 4)
    run_noise, row_noise : float
        Usual standard deviation of a run and of a checkpoint about the law, relative to
        the loss.
    size_drift : float
        How far losses stray from the law of smaller sizes, relative, for each factor e
        in size beyond the largest seen.
    decay_gain, decay_gain_sd : float
        The same for each factor e in tokens beyond those seen, where runs are
        unfinished: mean and standard deviation. Below zero: as learning rates decay,
        losses fall below the law.
    half_widths : dict of float
        Half width of an interval in standard deviations, by its level.
    sources : tuple of str
        The studies that it was learned from.
    """

    mean: np.ndarray
    covariance: np.ndarray
    run_noise: float
    row_noise: float
    size_drift: float = 0.01
    decay_gain: float = 0.0
    decay_gain_sd: float = 0.0
    half_widths: dict = field(default_factory=dict)
    sources: tuple = ()

    def __repr__(self):
        studies = f"learned from {len(self.sources)} studies: "
        return on_screen("Prior", studies + ", ".join(self.sources))

    @cached_property
    def precision(self):
        """Inverse of the covariance (4, 4)."""
        return np.linalg.inv(self.covariance)

    @cached_property
    def curvature(self):
        """Second derivatives (5, 5) of its negative log by the numbers of a law."""
        return TO_RATIOS.T @ self.precision @ TO_RATIOS

    def penalty(self, distance):
        """Negative log density at a squared distance, up to a constant."""
        return (PRIOR_DF + 4) / 2 * np.log1p(distance / PRIOR_DF)

    def weight(self, distance):
        """How much the prior pulls at a squared distance: less where tails give way."""
        return (PRIOR_DF + 4) / (PRIOR_DF + distance)

    def half_width(self, levels):
        """Half widths of intervals in standard deviations, shape as ``levels``."""
        known = sorted(self.half_widths)
        widths = [self.half_widths[level] for level in known]
        return np.interp(levels, [0.0, *known], [0.0, *widths])

    def predictive_sd(self, variance, extrapolation, row_noise, distance):
        """Standard deviation of a log loss: of the law, of a checkpoint, of drift.

        Parameters
        ----------
        variance : float or array, shape (n,)
            Of the log loss of the law.
        extrapolation : pair of float or array, shape (n,)
            As from `hitchhiker.forecasts.observations.Observations.extrapolation`.
        row_noise, distance : float or array, shape (n,)
            Of the posterior. Where runs contradict the prior by more than `UNUSUAL`,
            all of the variance grows with the contradiction.
        """
        size_gap, token_gap = extrapolation
        total = variance + row_noise**2 + (self.size_drift * size_gap) ** 2
        total = total + (self.decay_gain_sd * token_gap) ** 2
        return np.sqrt(total * np.maximum(1.0, distance / UNUSUAL))


@lru_cache(maxsize=1)
def shipped_prior():
    """The content of the shipped file: ``priors`` and ``pairs`` by what they lack."""
    return json.loads(shipped(PRIOR_FILE))


def load_prior(without=None):
    """The shipped prior about scaling laws, or the one learned without a study.

    Parameters
    ----------
    without : str, optional
        A source of `load_runs`; a forecast of its families is then a fair test.

    Returns
    -------
    Prior

    Raises
    ------
    DataError
        If the prior was not learned from that study; the message lists those it was.

    Examples
    --------
    >>> "opt" in load_prior().sources, "opt" in load_prior(without="opt").sources
    (True, False)
    """
    priors = shipped_prior()["priors"]
    name = "all" if without is None else f"without {without}"
    if name not in priors:
        known = ", ".join(priors["all"]["sources"])
        raise DataError(
            f"without={arrived(without)}: the prior was not learned from it, so none "
            f"lacks it; studies it was learned from: {known}"
        )
    facts = dict(priors[name])
    facts["mean"] = np.array(facts["mean"])
    facts["covariance"] = np.array(facts["covariance"])
    facts["half_widths"] = {float(k): v for k, v in facts["half_widths"].items()}
    facts["sources"] = tuple(facts["sources"])
    return Prior(**facts)


def given_prior(prior):
    """A caller's prior, None for none, or an error."""
    if prior is None:
        return None
    return instance("prior", prior, Prior, "as from hitchhiker.load_prior")


def prior_for(runs):
    """The shipped prior that has not seen the study a table is from."""
    sources = set(runs["source"]) if "source" in runs else set()
    known = sources & set(shipped_prior()["priors"]["all"]["sources"])
    return load_prior(known.pop() if len(sources) == len(known) == 1 else None)
