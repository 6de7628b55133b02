"""Forecast the loss of a run before it is paid for, from whatever runs there are.

A fit to few runs leaves its law open; borrowed parameters ignore the runs. Here a prior
about laws in general, learned from published families, is moved by the family's own
runs as far as they deserve: one run upward is enough.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..laws import ScalingLaw
from ..runs import selection
from ..runs.arguments import levels as levels_up_to
from ..runs.arguments import targets
from ..runs.checks import DataError, doubts, run_names
from ..runs.words import on_screen
from .advice import advice, warnings
from .observations import observations
from .parametrisation import reference_logs
from .posterior import posterior
from .prior import given_prior, prior_for
from .strays import strays


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
        Runs that would narrow the interval of the largest target, the best first.
    n_runs, n_rows : int
        Runs and checkpoints used.
    sources : tuple of str
        Studies behind the prior.
    n_early : int
        Checkpoints left out as the beginning of training.
    n_points : int
        Numbers that the forecast depends on: of every run a few, evenly in log tokens.
    most_rows : int
        Checkpoints that one of them is the robust mean of, at most.
    """

    table: pd.DataFrame
    law: ScalingLaw
    warnings: tuple
    advice: tuple
    n_runs: int
    n_rows: int
    sources: tuple
    n_early: int = 0
    n_points: int = 0
    most_rows: int = 1

    def summary(self):
        """The forecast in a few lines of text."""
        lines = [
            f"from {self.n_rows} checkpoints of {self.n_runs} runs and the laws of "
            f"{len(self.sources)} studies"
        ]
        if self.most_rows > 1:
            lines.append(
                f"each of {self.n_points} points is the robust mean of up to "
                f"{self.most_rows} checkpoints"
            )
        elif 0 < self.n_points < self.n_rows:
            lines.append(f"{self.n_points} of them, evenly in log tokens, count")
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
        lines.append(f"most plausible law: {law}")
        if self.n_early:
            lines.append(
                f"{self.n_early} early checkpoints left out (early=None keeps them)"
            )
        lines += [f"warning: {w}" for w in self.warnings]
        return "\n".join([*lines, *(f"would narrow it: {a}" for a in self.advice)])

    def __repr__(self):
        return on_screen("Forecast", self.summary())


def forecast(
    runs,
    num_params,
    tokens_seen,
    *,
    levels=(0.8, 0.9),
    prior=None,
    early="guide",
    without=(),
    force=False,
):
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
    early : "guide", float or None
        Tokens at the beginning of training that are left out, as in
        `hitchhiker.runs.selection.early_cut`; None keeps every row.
    without : str or iterable of str
        Names of runs to leave out, such as one that diverged.
    force : bool
        Whether to forecast from what can hardly be meant, see `hitchhiker.check_runs`.

    Returns
    -------
    Forecast

    Raises
    ------
    DataError
        If the table, a target or a level cannot be used, or no row is left.

    Examples
    --------
    >>> from hitchhiker import load_runs
    >>> opt = load_runs("opt")
    >>> small = opt[opt["num_params"] < 1e11]
    >>> forecast(small, 175e9, 280e9).table[["loss", "low_80", "high_80"]].round(2)
       loss  low_80  high_80
    0  2.34    2.25     2.44
    """
    runs = selection.without_runs(runs, without)
    told = doubts(runs, force)
    return forecast_checked(
        runs,
        num_params,
        tokens_seen,
        levels=levels,
        prior=prior,
        early=early,
        told=told,
        closely=True,
    )


def forecast_checked(
    runs,
    num_params,
    tokens_seen,
    *,
    levels=(0.8, 0.9),
    prior=None,
    early="guide",
    told=(),
    closely=False,
):
    """`forecast` from a checked table, with what is ``told`` of it as warnings.

    ``closely`` looks for runs that do not belong, which takes time where there are.
    """
    size, tokens = checked_targets(num_params, tokens_seen)
    prior = given_prior(prior) or prior_for(runs)
    levels = check_levels(levels, prior)
    used = selection.early_cut(runs, early)
    if used.empty:
        raise DataError(
            f"no row is left after the first {early:g} tokens of each run: give less, "
            "or early=None"
        )
    n_early = len(runs) - len(used)
    return forecast_from(used, size, tokens, levels, prior, n_early, told, closely)


def forecast_from(
    used, num_params, tokens_seen, levels, prior, n_early=0, told=(), closely=False
):
    """`forecast` from checked rows after the early cut, for checked targets (n,)."""
    family = posterior(observations(used), prior)
    mean, sd = family.predict(num_params, tokens_seen)
    table = pd.DataFrame(
        {"num_params": num_params, "tokens_seen": tokens_seen, "loss": np.exp(mean)}
    )
    for level, width in zip(levels, prior.half_width(levels), strict=True):
        table[f"low_{100 * level:.0f}"] = np.exp(mean - width * sd)
        table[f"high_{100 * level:.0f}"] = np.exp(mean + width * sd)
    largest = np.argmax(np.add(*reference_logs(num_params, tokens_seen)))
    doubtful = warnings(family, num_params, tokens_seen)
    if closely:
        at = num_params[[largest]], tokens_seen[[largest]]
        odd = strays(used, family, lambda one: float(np.exp(one.predict(*at)[0][0])))
        doubtful = (*odd, *doubtful)
    rows_of_point = family.observations.points.n_rows
    return Forecast(
        table,
        family.law(),
        (*told, *doubtful),
        tuple(advice(family, num_params[largest], tokens_seen[largest])),
        int(run_names(used).nunique()),
        len(used),
        prior.sources,
        n_early,
        len(rows_of_point),
        int(rows_of_point.max()),
    )


def checked_targets(num_params, tokens_seen):
    """Targets as two arrays (n,), or an error that names the value and the fix."""
    size, tokens = targets(num_params, tokens_seen)
    for name, values in (("num_params", size), ("tokens_seen", tokens)):
        if values.min() < 1000:
            raise DataError(
                f"target {name} {values.min():g}: targets are counted in parameters "
                "and tokens, not in billions: 7e9"
            )
    return size, tokens


def check_levels(values, prior):
    """The levels, or an error if the prior cannot calibrate intervals of them."""
    why = ", which is as far as the studies can calibrate"
    return levels_up_to(values, max(prior.half_widths), why)
