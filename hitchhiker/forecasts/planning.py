"""Plan small runs before the first is paid for."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..laws import training_flops
from ..runs.arguments import number, whole_number
from ..runs.checks import DataError
from ..runs.words import on_screen
from .averaging import MAX_CHECKPOINTS
from .forecasting import checked_targets
from .observations import Observations
from .parametrisation import log_loss_jacobian, reference_logs
from .posterior import Posterior, gauss_newton, whitened_jacobian
from .prior import given_prior, load_prior

SIZE_RATIOS = (2.0, 3.0, 4.0, 6.0, 8.0)  # of neighbouring sizes, tried one by one
MAX_LADDER_SIZES = 6
MOST_PLANNED = 20  # sizes of a ladder that may be asked for
LEAST_PARAMS = 2e7  # smaller models have hardly been measured
LEAST_SCALE_UP = 1.5  # the target over the largest size of a ladder
FIRST_SHARE = 0.3  # of the target's training, the alternative to every ladder


@dataclass(frozen=True)
class Plan:
    """A ladder of runs and what it promises.

    Attributes
    ----------
    ladder : DataFrame
        ``order, num_params`` (parameters) ``, tokens_seen`` (tokens) ``, flops``
        (FLOPs) ``, share`` (of the target's FLOPs, up to here) ``, error, high_80``:
        the relative error expected of a forecast from the runs so far (median, and what
        80 % stay below).
    alternatives : DataFrame
        Other ways to spend: ``way, share, error, high_80``.
    """

    ladder: pd.DataFrame
    alternatives: pd.DataFrame

    def summary(self):
        """The plan in a few lines of text."""
        lines = [
            "order  parameters    tokens     FLOPs  cost so far  "
            "error expected (80 % stay below)"
        ]
        lines += [
            f"{row['order']:5.0f}  {row['num_params']:10.3g}  "
            f"{row['tokens_seen']:8.3g}  {row['flops']:8.2g}  "
            f"{100 * row['share']:9.2g} %  {100 * row['error']:6.1f} %  "
            f"({100 * row['high_80']:.1f} %)"
            for row in self.ladder.to_dict("records")
        ]
        lines += [
            f"{row['way']}: {100 * row['share']:.2g} % of the target's FLOPs, error "
            f"{100 * row['error']:.1f} % ({100 * row['high_80']:.1f} %)"
            for row in self.alternatives.to_dict("records")
        ]
        return "\n".join(lines)

    def __repr__(self):
        return on_screen("Plan", self.summary())


def planned_posterior(num_params, tokens_seen, prior, finished=True):
    """The posterior that such runs would give if the prior's mean were their law.

    Each run counts with `MAX_CHECKPOINTS` checkpoints of its last nine tenths.
    """
    n_runs = len(num_params)
    steps = np.tile(np.geomspace(0.1, 1, MAX_CHECKPOINTS), n_runs)
    observed = Observations.of(
        np.repeat(np.asarray(num_params, dtype=float), MAX_CHECKPOINTS),
        np.repeat(np.asarray(tokens_seen, dtype=float), MAX_CHECKPOINTS) * steps,
        np.zeros(len(steps)),
        np.repeat(np.arange(n_runs), MAX_CHECKPOINTS),
        unfinished=0.0 if finished else 1.0,
    )
    law = np.insert(prior.mean, 0, 0.0)
    law[[1, 3]] += law[0]
    noise = prior.run_noise, prior.row_noise
    curvature = gauss_newton(whitened_jacobian(law, observed, noise), prior)
    return Posterior(observed, prior, law, np.linalg.inv(curvature), *noise, 0.0)


def expected_sd(num_params, tokens_seen, target, prior=None, finished=True):
    """Standard deviation of the log loss that a forecast from such runs would have.

    The law is taken to be the prior's mean, and its loss to be linear in its numbers.

    Parameters
    ----------
    num_params, tokens_seen : sequence of float
        Runs: parameters, tokens.
    target : tuple of float
        Parameters and tokens.
    prior : Prior, optional
    finished : bool
        Whether the longest run ends there, or is the first part of a longer one.

    Returns
    -------
    float

    Examples
    --------
    >>> few, many = (expected_sd(s, [2e10] * len(s), (1e10, 2e10))
    ...              for s in ([1e8], [1e8, 4e8, 1.6e9]))
    >>> few > 2 * many
    True
    """
    prior = prior or load_prior()
    planned = planned_posterior(num_params, tokens_seen, prior, finished)
    point = reference_logs([target[0]], [target[1]])
    jacobian = log_loss_jacobian(planned.mode, *point)[0]
    variance = jacobian @ planned.covariance @ jacobian
    return float(planned.sd(variance, planned.observations.extrapolation(*point))[0])


def expected_error(num_params, tokens_seen, target, prior=None, finished=True):
    """Relative error to expect of a forecast from such runs.

    Parameters
    ----------
    num_params, tokens_seen, target, prior, finished
        As for `expected_sd`.

    Returns
    -------
    dict of str to float
        ``error`` (median) and ``high_80`` (what 80 % stay below).

    Examples
    --------
    >>> made = expected_error([1e8, 4e8, 1.6e9], [2e10] * 3, (1e10, 2e10))
    >>> bool(0 < made["error"] < made["high_80"])
    True
    """
    prior = prior or load_prior()
    sd = expected_sd(num_params, tokens_seen, target, prior, finished)
    return {
        "error": np.expm1(prior.half_widths[0.5] * sd),
        "high_80": np.expm1(prior.half_widths[0.8] * sd),
    }


def plan(
    num_params,
    tokens_seen,
    budget,
    *,
    most_sizes=MAX_LADDER_SIZES,
    prior=None,
    least_params=LEAST_PARAMS,
):
    """The ladder of small runs that forecasts a large one best for a budget.

    Ladders of one to ``most_sizes`` sizes, evenly spaced on a log scale, are compared;
    all runs see the target's tokens, or the target's tokens per parameter.

    Parameters
    ----------
    num_params, tokens_seen : float
        The target: parameters, tokens.
    budget : float
        FLOPs; a number up to 1 is a share of the target's FLOPs.
    most_sizes : int
        Up to 20.
    prior : Prior, optional
    least_params : float
        No run smaller than this is planned, parameters.

    Returns
    -------
    Plan

    Raises
    ------
    DataError
        If the target cannot be used or the budget buys no ladder.

    Examples
    --------
    >>> made = plan(7e9, 1.4e11, 0.05)
    >>> float(made.ladder["share"].iloc[-1].round(3))
    0.05
    """
    target = (
        number("num_params", num_params, above=0),
        number("tokens_seen", tokens_seen, above=0),
    )
    checked_targets(*target)
    prior = given_prior(prior) or load_prior()
    most_sizes = whole_number("most_sizes", most_sizes, least=1, most=MOST_PLANNED)
    least_params = number("least_params", least_params, above=0)
    budget = number("budget", budget, above=0)
    whole = float(training_flops(*target))
    flops = budget * whole if budget <= 1 else budget
    if flops > whole:
        raise DataError(
            f"budget {budget:g}: give FLOPs up to those of the target ({whole:.2g}) "
            "or a share of them between 0 and 1"
        )
    limits = {"most_sizes": most_sizes, "least_params": least_params}
    best = _best(target, flops, prior, **limits)
    if best is None:
        raise DataError(
            f"{flops:.2g} FLOPs buy no run of {least_params:g} parameters at these "
            "tokens: raise the budget"
        )
    alternatives = _alternatives(target, flops, prior, **limits)
    return Plan(_ladder(*best, target, prior), alternatives)


def _candidates(target, flops, most_sizes, least_params):
    """Sizes and tokens of ladders that cost ``flops``."""
    num_params, tokens_seen = target
    for count in range(1, most_sizes + 1):
        for step in SIZE_RATIOS if count > 1 else (1.0,):
            ratio = step ** -np.arange(count)[::-1]
            squares = (ratio**2).sum()
            same_tokens = flops / (6 * tokens_seen * ratio.sum())
            same_per_param = np.sqrt(flops * num_params / (6 * tokens_seen * squares))
            for largest, power in ((same_tokens, 0.0), (same_per_param, 1.0)):
                sizes = largest * ratio
                fits = largest <= num_params / LEAST_SCALE_UP
                if sizes[0] >= least_params and fits:
                    yield sizes, tokens_seen * (sizes / num_params) ** power


def _best(target, flops, prior, *, most_sizes, least_params):
    """Sizes and tokens of the ladder of least expected error, None if there is none."""
    ladders = _candidates(target, flops, most_sizes, least_params)
    return min(
        ladders, key=lambda runs: expected_sd(*runs, target, prior), default=None
    )


def _ladder(sizes, tokens, target, prior):
    flops = training_flops(sizes, tokens)
    so_far = [
        expected_error(sizes[:k], tokens[:k], target, prior)
        for k in range(1, len(sizes) + 1)
    ]
    return pd.DataFrame(
        {
            "order": np.arange(1, len(sizes) + 1),
            "num_params": sizes,
            "tokens_seen": tokens,
            "flops": flops,
            "share": np.cumsum(flops) / training_flops(*target),
        }
    ).join(pd.DataFrame(so_far))


def _alternatives(target, flops, prior, **limits):
    whole = float(training_flops(*target))
    single = limits | {"most_sizes": 1}
    ladders = {
        "half the budget": (flops / 2, limits),
        "twice the budget": (flops * 2, limits),
        "one run, the rest from other families": (flops, single),
    }
    rows = []
    for way, (cost, limit) in ladders.items():
        best = _best(target, cost, prior, **limit)
        if best is not None:
            expected = expected_error(*best, target, prior)
            rows.append({"way": way, "share": cost / whole, **expected})
    first_part = [target[0]], [FIRST_SHARE * target[1]]
    expected = expected_error(*first_part, target, prior, finished=False)
    way = f"{100 * FIRST_SHARE:.0f} % of the target itself"
    rows.append({"way": way, "share": FIRST_SHARE, **expected})
    return pd.DataFrame(rows)
