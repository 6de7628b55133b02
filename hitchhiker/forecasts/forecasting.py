"""Forecast the loss of a run before it is paid for, from whatever runs there are.

A fit to few runs leaves its law open; borrowed parameters ignore the runs. Here a prior
about laws in general, learned from published families, is moved by the family's own
runs as far as they deserve: one run upward is enough.
"""

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..laws import ScalingLaw, training_flops
from ..runs import selection
from ..runs.checks import DataError, check_runs, run_names, schedule_warnings
from ..runs.data import shipped
from .posterior import REFERENCE, Prior, Rows, draw, log_loss, posterior

PRIOR = "prior.json"
ODD = 13.3  # squared distance from the prior that one family in a hundred exceeds
FAR = 100.0  # scale-up factor from which a forecast needs a warning
DEAR = 0.35  # share of the target's FLOPs beyond which a run is no advice


@dataclass(frozen=True)
class Forecast:
    """A forecast and what to think of it.

    Attributes
    ----------
    table : DataFrame
        ``num_params`` (parameters) ``, tokens_seen`` (tokens) ``, loss, low_80,
        high_80, low_90, high_90`` (in the unit of the losses given), a row a target.
    law : ScalingLaw
        The most plausible law; the forecast is a mean over all plausible ones.
    warnings : tuple of str
        What makes this forecast less sure than its interval says.
    advice : tuple of str
        Runs that would narrow the interval of the last target, the best first.
    n_runs, n_rows : int
        Runs and checkpoints used.
    sources : tuple of str
        Studies behind the prior.
    """

    table: pd.DataFrame
    law: ScalingLaw
    warnings: tuple
    advice: tuple
    n_runs: int
    n_rows: int
    sources: tuple

    def summary(self):
        """The forecast in a few lines of text."""
        lines = [
            f"from {self.n_rows} checkpoints of {self.n_runs} runs and the laws of "
            f"{len(self.sources)} studies"
        ]
        levels = [c[4:] for c in self.table if c.startswith("low_")]
        for row in self.table.to_dict("records"):
            ends = ", ".join(
                f"{k} %: {row[f'low_{k}']:.4g} to {row[f'high_{k}']:.4g}"
                for k in levels
            )
            lines.append(
                f"{row['num_params']:.4g} parameters, {row['tokens_seen']:.4g} tokens: "
                f"loss {row['loss']:.4g} ({ends})"
            )
        law = ", ".join(
            f"{name} {value:.4g}" for name, value in self.law.as_dict().items()
        )
        lines += [f"most plausible law: {law}", *(f"! {w}" for w in self.warnings)]
        return "\n".join([*lines, *(f"> {a}" for a in self.advice)])


def load_prior(without=None):
    """The shipped prior about scaling laws, or the one learned without a study.

    Parameters
    ----------
    without : str, optional
        A source of `load_runs`; a forecast of its families is then a fair test.

    Returns
    -------
    Prior

    Examples
    --------
    >>> "opt" in load_prior().sources, "opt" in load_prior(without="opt").sources
    (True, False)
    """
    stored = json.loads(shipped(PRIOR))["priors"]
    facts = stored.get(f"without {without}", stored["all"])
    return Prior(
        np.array(facts["mean"]),
        np.array(facts["covariance"]),
        facts["run_noise"],
        facts["row_noise"],
        facts["drift"],
        facts["slip"],
        facts["slip_noise"],
        {float(k): v for k, v in facts["reach"].items()},
        tuple(facts["sources"]),
    )


def forecast(runs, num_params, tokens_seen, *, levels=(0.8, 0.9), prior=None):
    """Forecast losses from any runs of one family, with intervals.

    Parameters
    ----------
    runs : DataFrame
        As for `hitchhiker.fit`: one run or many, any one unit of loss. Say by a column
        ``is_final`` (bool) which rows end a finished run: the loss of unfinished ones,
        whose learning rate is still to fall, will drop below the law;
        ``schedule_tokens`` says until when. Without it the forecast reckons with both.
        Runs of one size and length, such as seeds, count as one run.
    num_params, tokens_seen : float or array, shape (n,)
        Targets: parameters, tokens.
    levels : tuple of float
        Coverage of the intervals, at most 0.95.
    prior : Prior, optional
        By default the shipped one. Runs that say by a ``source`` column that the prior
        was learned from them get the one learned without that study.

    Returns
    -------
    Forecast

    Raises
    ------
    DataError
        If the table, a target or a level cannot be used.

    Examples
    --------
    >>> from hitchhiker import load_runs
    >>> opt = load_runs("opt")
    >>> small = opt[opt["num_params"] < 1e11]
    >>> forecast(small, 175e9, 280e9).table[["loss", "low_80", "high_80"]].round(2)
       loss  low_80  high_80
    0  2.34    2.25     2.44
    """
    check_runs(runs)
    size, tokens = _targets(num_params, tokens_seen)
    if prior is None:
        sources = set(runs["source"]) if "source" in runs else set()
        prior = load_prior(sources.pop() if len(sources) == 1 else None)
    used = selection.early_cut(runs)
    rows = rows_of(used)
    found = posterior(rows, prior)
    laws, weights = draw(found, rows, prior)
    x, z = (
        np.log(size / REFERENCE["num_params"]),
        np.log(tokens / REFERENCE["tokens_seen"]),
    )
    losses = log_loss(laws, x, z)
    middle = weights @ losses
    beyond = further(x, z, rows, unfinished(used))
    spread = predictive_spread(weights @ (losses - middle) ** 2, beyond, found, prior)
    middle = middle + prior.slip * beyond[1]
    reach = _reach(prior, levels)
    table = pd.DataFrame(
        {"num_params": size, "tokens_seen": tokens, "loss": np.exp(middle)}
    )
    for level, width in zip(levels, reach, strict=True):
        table[f"low_{100 * level:.0f}"] = np.exp(middle - width * spread)
        table[f"high_{100 * level:.0f}"] = np.exp(middle + width * spread)
    last = np.argmax(x + z)
    advice = _advice(rows, (laws, weights), found, prior, (x[last], z[last]))
    return Forecast(
        table,
        found.law(),
        tuple(_warnings(used, rows, found, prior, x, z)),
        advice,
        int(run_names(used).nunique()),
        len(used),
        prior.sources,
    )


def rows_of(runs):
    """Rows for `hitchhiker.forecasts.posterior` of a table of runs.

    Runs of one size and length, such as seeds, count as one: they tell how much a run
    moves by itself, not how far the law is off, which they share.
    """
    table = pd.DataFrame(
        {"run": pd.factorize(run_names(runs))[0], "loss": np.log(runs["loss"])}
    )
    once = table.groupby([runs["num_params"], runs["tokens_seen"]], sort=False)
    once = once.agg({"run": "first", "loss": "mean"}).reset_index()
    columns = (once[c].to_numpy(float) for c in ("num_params", "tokens_seen"))
    return Rows.of(
        *columns, np.exp(once["loss"].to_numpy()), pd.factorize(once["run"])[0]
    )


def unfinished(runs):
    """Whether the longest of these runs are unfinished, and how much longer they will be.

    Returns
    -------
    share : float
        0 no, 1 yes, 0.5 not known.
    left : float
        Log of the tokens of their schedule over those seen; infinite where not known.
    """
    if "is_final" not in runs or runs["is_final"].isna().all():
        return 0.5, np.inf
    long = runs[runs["tokens_seen"] >= 0.9 * runs["tokens_seen"].max()]
    if long["is_final"].eq(True).any():
        return 0.0, 0.0
    if "schedule_tokens" not in runs or long["schedule_tokens"].isna().any():
        return 1.0, np.inf
    return 1.0, float(np.log(long["schedule_tokens"] / long["tokens_seen"]).max())


def further(size, tokens, rows, ending):
    """Logs of how far targets (n,) lie beyond the runs, in size and in unfinished tokens.

    ``ending`` is as from `unfinished`: learning rates have to fall no longer than the
    schedule of these runs lasts.
    """
    share, left = ending
    longer = np.minimum(np.maximum(tokens - rows.tokens.max(), 0.0), left)
    return np.maximum(size - rows.size.max(), 0.0), share * longer


def predictive_spread(variance, beyond, found, prior):
    """Standard deviation of a log loss (n,): of the law (variance), of a checkpoint, of drift.

    ``beyond`` is as from `further`. Where the runs contradict the prior all of it grows
    with the contradiction.
    """
    total = variance + found.row_noise**2 + (prior.drift * beyond[0]) ** 2
    total = total + (prior.slip_noise * beyond[1]) ** 2
    return np.sqrt(total * max(1.0, found.surprise / ODD))


def _targets(num_params, tokens_seen):
    size, tokens = np.broadcast_arrays(
        np.atleast_1d(np.asarray(num_params, dtype=float)),
        np.asarray(tokens_seen, dtype=float),
    )
    for name, values in (("num_params", size), ("tokens_seen", tokens)):
        if values.ndim != 1 or not np.all(np.isfinite(values) & (values > 0)):
            raise DataError(
                f"target {name} must be numbers above zero, got {values.tolist()}"
            )
    if size.min() < 1000 or tokens.min() < 1000:
        raise DataError(
            "targets are counted in parameters and tokens, not in billions: 7e9"
        )
    return size, tokens


def _reach(prior, levels):
    known = sorted(prior.reach)
    for level in levels:
        if not 0 < level <= known[-1]:
            raise DataError(
                f"level {level}: must be above 0 and at most {known[-1]}, which is "
                "as far as the studies can calibrate"
            )
    return np.interp(levels, [0.0, *known], [0.0, *(prior.reach[k] for k in known)])


def _warnings(runs, rows, found, prior, size, tokens):
    yield from schedule_warnings(runs)
    n_sizes = len(np.unique(rows.size.round(2)))
    if n_sizes == 1:
        yield (
            "all runs have one size: how the loss falls with size is taken from other "
            "families, train a second size to measure it"
        )
    if found.surprise > ODD:
        yield (
            "this family is unlike those the prior was learned from: intervals are "
            f"{np.sqrt(found.surprise / ODD):.1f} times wider"
        )
    if found.row_noise > 3 * prior.row_noise:
        yield (
            f"checkpoints stray {100 * found.row_noise:.1f} % from any law of this form: look "
            "for restarts, warm-up, or runs of another recipe"
        )
    scale = np.exp(size.max() - rows.size.max())
    if scale > FAR:
        yield f"the target is {scale:.0f} times the largest size seen: train a larger one"
    more = np.exp(tokens.max() - rows.tokens.max())
    if more > 1.1 and unfinished(runs)[0] == 0.5:
        yield (
            "the target sees more tokens than any run and the table does not say whether "
            "these are finished: add a column is_final"
        )
    if more > 10:
        yield f"the target sees {more:.0f} times the tokens of the longest run seen"


def _advice(rows, drawn, found, prior, target):
    """Sentences on the runs that would narrow the forecast most, from draws of the law.

    What a run's final loss would tell is read off the draws: how much of the spread of
    the target's loss goes with the spread of the loss of that run.
    """
    laws, weights = drawn
    x, z = target
    seen, longest = rows.size.max(), rows.tokens.max()
    budget = training_flops(np.exp(x), np.exp(z))
    sizes = {
        seen + np.log(2),
        seen + np.log(4),
        (seen + x) / 2,
        rows.size.min() - np.log(4),
    }
    runs_to_try = [(s, longest) for s in sizes if s < x] + [(seen, longest + np.log(4))]
    runs_to_try.append((x, z + np.log(0.3)))
    aim = log_loss(laws, np.array([x]), np.array([z]))[:, 0]
    aim = aim - weights @ aim
    away = max(x - seen, 0.0), 0.0
    now = predictive_spread(weights @ aim**2, away, found, prior)
    told = []
    for size, tokens in runs_to_try:
        told_by = log_loss(laws, np.array([size]), np.array([tokens]))[:, 0]
        told_by = told_by - weights @ told_by
        noise = found.row_noise**2 + (0.0 if size in (x, seen) else found.run_noise**2)
        learned = (weights @ (aim * told_by)) ** 2 / (weights @ told_by**2 + noise)
        away = max(x - max(seen, size), 0.0), 0.0
        then = predictive_spread(weights @ aim**2 - learned, away, found, prior)
        told.append(
            (
                min(then / now, 1.0),
                training_flops(np.exp(size), np.exp(tokens)) / budget,
                size,
                tokens,
            )
        )
    scale = REFERENCE["num_params"], REFERENCE["tokens_seen"]
    return tuple(
        f"{scale[0] * np.exp(size):.3g} parameters for {scale[1] * np.exp(tokens):.3g} tokens "
        f"({100 * cost:.2g} % of the target's FLOPs): interval {100 * (1 - ratio):.0f} % narrower"
        for ratio, cost, size, tokens in sorted(told)
        if ratio < 0.95 and cost < DEAR
    )[:3]
