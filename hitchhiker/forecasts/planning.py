"""Plan small runs before the first is paid for, and choose size and tokens of a large one."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..laws import training_flops
from ..runs.checks import DataError
from .forecasting import load_prior, predictive_spread
from .posterior import LEVELLESS, PER_RUN, REFERENCE, Posterior, Rows, slopes, whiten

STEPS = (2.0, 3.0, 4.0, 6.0, 8.0)  # ratios of neighbouring sizes that are tried
MOST_SIZES = 6
LEAST_PARAMS = 2e7  # smaller models have hardly been measured
NEAREST = 1.5  # the target is at least so many times the largest size of a ladder
PART = 0.3  # of the target's training, the rival of every ladder


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
    rivals : DataFrame
        Other ways to spend: ``way, share, error, high_80``.
    """

    ladder: pd.DataFrame
    rivals: pd.DataFrame

    def summary(self):
        """The plan in a few lines of text."""
        lines = [
            "order  parameters    tokens     FLOPs  cost so far  error expected (80 % below)"
        ]
        lines += [
            f"{row['order']:5.0f}  {row['num_params']:10.3g}  {row['tokens_seen']:8.3g}  "
            f"{row['flops']:8.2g}  {100 * row['share']:9.2g} %  {100 * row['error']:6.1f} %  "
            f"({100 * row['high_80']:.1f} %)"
            for row in self.ladder.to_dict("records")
        ]
        lines += [
            f"{row['way']}: {100 * row['share']:.2g} % of the target's FLOPs, error "
            f"{100 * row['error']:.1f} % ({100 * row['high_80']:.1f} %)"
            for row in self.rivals.to_dict("records")
        ]
        return "\n".join(lines)


def promised_spread(num_params, tokens_seen, target, prior=None, part=None):
    """Standard deviation of the log loss that a forecast from such runs would have.

    The law is taken to be the prior's mean; each run counts with `PER_RUN` checkpoints
    of its last nine tenths.

    Parameters
    ----------
    num_params, tokens_seen : sequence of float
        Runs: parameters, tokens.
    target : tuple of float
        Parameters and tokens.
    prior : Prior, optional
    part : float, optional
        Add this first part of the target's own training, unfinished.

    Returns
    -------
    float

    Examples
    --------
    >>> few, many = (promised_spread(s, [2e10] * len(s), (1e10, 2e10))
    ...              for s in ([1e8], [1e8, 4e8, 1.6e9]))
    >>> few > 2 * many
    True
    """
    prior = prior or load_prior()
    ends = list(zip(num_params, tokens_seen, strict=True))
    if part:
        ends.append((target[0], part * target[1]))
    size, last = np.repeat(np.array(ends, dtype=float), PER_RUN, axis=0).T
    tokens = last * np.tile(np.geomspace(0.1, 1, PER_RUN), len(ends))
    rows = Rows.of(
        size, tokens, np.ones(len(size)), np.repeat(np.arange(len(ends)), PER_RUN)
    )
    law = np.insert(prior.mean, 0, 0.0)
    law[[1, 3]] += law[0]
    side = whiten(
        rows, slopes(law, rows.size, rows.tokens), prior.run_noise, prior.row_noise
    )
    pull = LEVELLESS.T @ np.linalg.inv(prior.covariance) @ LEVELLESS
    covariance = np.linalg.inv(side.T @ side + pull + 1e-9 * np.eye(5))
    x, z = (np.log([v / r]) for v, r in zip(target, REFERENCE.values(), strict=True))
    aim = slopes(law, x, z)[0]
    found = Posterior(law, covariance, prior.run_noise, prior.row_noise, 0.0, 1.0)
    beyond = max(x[0] - rows.size.max(), 0.0), -np.log(part) if part else 0.0
    return float(predictive_spread(aim @ covariance @ aim, beyond, found, prior))


def promised_error(num_params, tokens_seen, target, prior=None, part=None):
    """Relative error to expect of a forecast from such runs.

    Parameters
    ----------
    num_params, tokens_seen, target, prior, part
        As for `promised_spread`.

    Returns
    -------
    dict of str to float
        ``error`` (median) and ``high_80`` (what 80 % stay below).

    Examples
    --------
    >>> made = promised_error([1e8, 4e8, 1.6e9], [2e10] * 3, (1e10, 2e10))
    >>> bool(0 < made["error"] < made["high_80"])
    True
    """
    prior = prior or load_prior()
    spread = promised_spread(num_params, tokens_seen, target, prior, part)
    return {
        "error": np.expm1(prior.reach[0.5] * spread),
        "high_80": np.expm1(prior.reach[0.8] * spread),
    }


def plan(
    num_params,
    tokens_seen,
    budget,
    *,
    most_sizes=MOST_SIZES,
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
    prior : Prior, optional
    least_params : float
        No run smaller than this is planned, parameters.

    Returns
    -------
    Plan

    Raises
    ------
    DataError
        If the budget buys no ladder.

    Examples
    --------
    >>> made = plan(7e9, 1.4e11, 0.05)
    >>> float(made.ladder["share"].iloc[-1].round(3))
    0.05
    """
    prior, target = prior or load_prior(), (float(num_params), float(tokens_seen))
    whole = float(training_flops(*target))
    flops = budget * whole if 0 < budget <= 1 else float(budget)
    if not 0 < flops <= whole:
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
    return Plan(_ladder(*best, target, prior), _rivals(target, flops, prior, **limits))


def _candidates(target, flops, most_sizes, least_params):
    """Sizes and tokens of ladders that cost ``flops``."""
    for count in range(1, most_sizes + 1):
        for step in STEPS if count > 1 else (1.0,):
            ratio = step ** -np.arange(count)[::-1]
            same = flops / (6 * target[1] * ratio.sum())
            per_param = np.sqrt(flops * target[0] / (6 * target[1] * (ratio**2).sum()))
            for largest, power in ((same, 0.0), (per_param, 1.0)):
                sizes = largest * ratio
                if sizes[0] >= least_params and largest <= target[0] / NEAREST:
                    yield sizes, target[1] * (sizes / target[0]) ** power


def _best(target, flops, prior, *, most_sizes, least_params):
    found = [
        (promised_spread(n, d, target, prior), n, d)
        for n, d in _candidates(target, flops, most_sizes, least_params)
    ]
    return min(found, key=lambda f: f[0])[1:] if found else None


def _ladder(sizes, tokens, target, prior):
    flops = training_flops(sizes, tokens)
    so_far = [
        promised_error(sizes[:k], tokens[:k], target, prior)
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


def _rivals(target, flops, prior, **limits):
    whole = float(training_flops(*target))
    ways = {}
    for name, cost in (("half the budget", flops / 2), ("twice the budget", flops * 2)):
        other = _best(target, cost, prior, **limits)
        if other is not None:
            ways[name] = cost / whole, promised_error(*other, target, prior)
    one = _best(target, flops, prior, **limits | {"most_sizes": 1})
    if one is not None:
        ways["one run, the rest from other families"] = (
            flops / whole,
            promised_error(*one, target, prior),
        )
    part = PART, promised_error([], [], target, prior, part=PART)
    ways[f"{100 * PART:.0f} % of the target itself"] = part
    return pd.DataFrame(
        [
            {"way": name, "share": share, **promise}
            for name, (share, promise) in ways.items()
        ]
    )


def allocation(law, flops, *, price=0.01, inference_tokens=0.0):
    """Size and tokens for a budget: the optimum, and how far one may stray from it.

    Parameters
    ----------
    law : ScalingLaw
    flops : float
        FLOPs of training.
    price : float
        Relative rise of the loss that the range may cost.
    inference_tokens : float
        Tokens that the model will read and write in use, 2 FLOPs a parameter each: the
        cheapest model of the optimum's loss over training and use is smaller and sees
        more.

    Returns
    -------
    DataFrame
        ``choice, num_params, tokens_seen, flops`` (training) ``, loss``: the optimum,
        the smallest and the largest size within the price, and the one for inference.

    References
    ----------
    Hoffmann et al. 2022, approach 3; Sardana et al. 2024 (arXiv:2401.00448), equation 3.

    Examples
    --------
    >>> from hitchhiker import ScalingLaw
    >>> law = ScalingLaw(E=1.82, A=482.0, alpha=0.348, B=2085.0, beta=0.366)
    >>> allocation(law, 1e22)["choice"].tolist()
    ['optimum', 'smallest within 1 %', 'largest within 1 %']
    """
    size, tokens = law.compute_optimal(flops)
    least = law.predict(size, tokens)
    around = size * np.geomspace(1e-3, 1e3, 4001)
    inside = around[law.predict(around, flops / (6 * around)) <= least * (1 + price)]
    sizes = [size, inside.min(), inside.max()]
    words = f"within {100 * price:g} %"
    choices = ["optimum", f"smallest {words}", f"largest {words}"]
    counts = [(n, flops / (6 * n)) for n in sizes]
    if inference_tokens:
        left = least - law.E - law.A * around**-law.alpha
        able = left > 0
        needed = (law.B / left[able]) ** (1 / law.beta)
        total = 6 * around[able] * needed + 2 * around[able] * inference_tokens
        best = int(np.argmin(total))
        choices.append(f"cheapest with {inference_tokens:.3g} tokens in use")
        counts.append((around[able][best], needed[best]))
    size, tokens = np.array(counts).T
    return pd.DataFrame(
        {
            "choice": choices,
            "num_params": size,
            "tokens_seen": tokens,
            "flops": training_flops(size, tokens),
            "loss": law.predict(size, tokens),
        }
    )
