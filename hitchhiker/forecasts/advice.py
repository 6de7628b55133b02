"""What makes a forecast less sure than its interval says, and what would narrow it."""

import numpy as np

from ..laws import training_flops
from .parametrisation import from_reference_logs, reference_logs
from .prior import UNUSUAL

WARN_SCALE_UP = 100.0  # scale-up factor from which a forecast needs a warning
WARN_MORE_TOKENS = 10.0  # factor in tokens beyond the longest run that needs one
STRAY_NOISE = 3.0  # times the prior's noise of checkpoints that needs one
MAX_ADVICE_COST = 0.35  # share of the target's FLOPs beyond which a run is no advice
MIN_NARROWING = 0.05  # by less an interval is not narrower
MAX_ADVICE = 3  # sentences


def warnings(posterior, num_params, tokens_seen):
    """Yield a sentence for each doubt about a forecast of targets (n,)."""
    observed = posterior.observations
    log_size, log_tokens = reference_logs(num_params, tokens_seen)
    if len(np.unique(observed.log_size.round(2))) == 1:
        yield (
            "all runs have one size: how the loss falls with size is taken from other "
            "families, train a second size to measure it"
        )
    if posterior.prior_distance > UNUSUAL:
        wider = np.sqrt(posterior.prior_distance / UNUSUAL)
        yield (
            "this family is unlike those the prior was learned from: intervals are "
            f"{wider:.1f} times as wide as for one like them"
        )
    if posterior.row_noise > STRAY_NOISE * posterior.prior.row_noise:
        yield (
            f"checkpoints stray {100 * posterior.row_noise:.1f} % from any law of this "
            "form: look for restarts, warm-up, or runs of another recipe"
        )
    scale_up = np.exp(log_size.max() - observed.log_size.max())
    if scale_up > WARN_SCALE_UP:
        yield (
            f"the target is {scale_up:.0f} times the largest size seen: train a larger "
            "one"
        )
    more_tokens = np.exp(log_tokens.max() - observed.log_tokens.max())
    if more_tokens > 1.1 and observed.unfinished == 0.5:
        yield (
            "the target sees more tokens than any run and the table does not say "
            "whether these are finished: add a column is_final"
        )
    if more_tokens > WARN_MORE_TOKENS:
        yield (
            f"the target sees {more_tokens:.0f} times the tokens of the longest run "
            "seen"
        )


def advice(posterior, num_params, tokens_seen):
    """Sentences on the runs that would narrow the forecast of one target most."""
    target = reference_logs(num_params, tokens_seen)
    log_size, log_tokens = _candidates(posterior.observations, *target)
    width = remaining_width(posterior, log_size, log_tokens, *target)
    size, tokens = from_reference_logs(log_size, log_tokens)
    cost = training_flops(size, tokens) / training_flops(num_params, tokens_seen)
    worth = (width < 1 - MIN_NARROWING) & (cost < MAX_ADVICE_COST)
    order = np.lexsort((log_tokens, log_size, cost, width))
    return [
        f"{size[i]:.3g} parameters for {tokens[i]:.3g} tokens "
        f"({100 * cost[i]:.2g} % of the target's FLOPs): "
        f"interval {100 * (1 - width[i]):.0f} % narrower"
        for i in order[worth[order]][:MAX_ADVICE]
    ]


def _candidates(observed, target_size, target_tokens):
    """Logs of sizes and tokens of runs to try, each (n,)."""
    largest = observed.log_size.max()
    longest = observed.log_tokens.max()
    sizes = {
        largest + np.log(2),
        largest + np.log(4),
        (largest + target_size) / 2,
        observed.log_size.min() - np.log(4),
    }
    points = [(size, longest) for size in sizes if size < target_size]
    points.append((largest, longest + np.log(4)))
    points.append((target_size, target_tokens + np.log(0.3)))
    return np.array(points).T


def remaining_width(posterior, log_size, log_tokens, target_size, target_tokens):
    """Width (n,) of the target's interval after one more run, over that of today.

    What a run's final loss would tell is read off the draws of the law: how much of the
    variance of the target's loss goes with that of the loss of that run.
    """
    largest = posterior.observations.log_size.max()
    _, deviations = posterior.deviations(
        np.append(log_size, target_size), np.append(log_tokens, target_tokens)
    )
    runs, target = deviations[:, :-1], deviations[:, -1:]
    weights = posterior.draws[1]
    known_run = (log_size == target_size) | (log_size == largest)
    noise = posterior.row_noise**2 + np.where(known_run, 0.0, posterior.run_noise**2)
    explained = (weights @ (target * runs)) ** 2 / (weights @ runs**2 + noise)
    variance = weights @ target**2
    gap_now = np.maximum(target_size - largest, 0.0)
    gap_then = np.maximum(target_size - np.maximum(largest, log_size), 0.0)
    now = posterior.sd(variance, (gap_now, 0.0))
    then = posterior.sd(variance - explained, (gap_then, 0.0))
    return np.minimum(then / now, 1.0)
