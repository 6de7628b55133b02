"""Experiments on fitting itself: starts, objectives, rounding, parabolas, ridges.

Evidence for the chapter *How not to fool yourself*; no claim of the paper is tested
here.
"""

import numpy as np
import pandas as pd

from hitchhiker.evaluation.evaluating import absolute_relative_error, evaluate
from hitchhiker.evaluation.methods import LawMethod, paper
from hitchhiker.fits.batch import solve_columns
from hitchhiker.fits.fitting import OBJECTIVES, fit, fit_many, with_covariance
from hitchhiker.fits.identification import law_slopes
from hitchhiker.laws import PARAMETERS, Z_80, ScalingLaw
from hitchhiker.runs import selection
from hitchhiker.runs.data import load_runs
from hitchhiker.runs.selection import early_cut, hold_out

from . import rules
from .cache import cached
from .grids import SHARES, eligible_families, steps
from .rules import KEYS

# Hoffmann et al. 2022: as printed in the text, and as in the source of the paper
# (Besiroglu et al. 2024, arXiv:2404.10102, who point out the difference).
PRINTED = ScalingLaw(E=1.69, A=406.4, alpha=0.34, B=410.7, beta=0.28)
SOURCE = ScalingLaw(E=1.6934, A=406.4, alpha=0.3392, B=410.7, beta=0.2849)
AT = ["num_params", "tokens_seen"]
TRUTH = ScalingLaw(E=1.8, A=480.0, alpha=0.35, B=2100.0, beta=0.37)


@cached
def one_start():
    """Objective of curve_fit from the paper's start over the optimum, a row a family.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, ratio`` (of sums of squares, 1 is the optimum),
        ``forecast_paper, forecast_optimum`` (loss at the target's end).
    """
    rows = []
    for runs in eligible_families(min_checkpoints=1):
        train, target = hold_out(runs)
        train, last = early_cut(train), target.loc[target["tokens_seen"].idxmax()]
        best = fit(train, objective="ls")
        size, tokens = train["num_params"], train["tokens_seen"]
        names = dict(zip(KEYS, runs.iloc[0][KEYS], strict=True))
        try:
            found = paper(train, [last["num_params"]], [last["tokens_seen"]]).iloc[0]
        except RuntimeError:
            continue
        law = ScalingLaw(**found[list(PARAMETERS)])
        reached = 0.5 * np.sum((train["loss"] - law.predict(size, tokens)) ** 2)
        at = last["num_params"], last["tokens_seen"]
        forecasts = {
            "forecast_paper": law.predict(*at),
            "forecast_optimum": best.predict(*at),
        }
        rows.append(
            {
                **names,
                "ratio": reached / best.objective,
                **forecasts,
                "status": best.status,
            }
        )
    return pd.DataFrame(rows)


@cached
def objectives_real():
    """Held-out ARE under every objective, on checkpoints and on finished runs.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, method`` (the objective) ``, are, rows``:
        "checkpoints" and "finished runs" of all smaller sizes, or "fewer sizes, part
        trained": every number of sizes and share of training of the main experiment.
    """
    methods = {name: LawMethod(objective=name) for name in OBJECTIVES}
    parts = []
    for runs in eligible_families(min_checkpoints=5):
        parts.append(evaluate(runs, methods).assign(rows="checkpoints"))
        sizes = [k for k in steps(selection.size_names(runs).nunique() - 1) if k > 1]
        grid = evaluate(runs, methods, sizes=sizes, share=list(SHARES))
        parts.append(grid.assign(rows="fewer sizes, part trained"))
    for runs in eligible_families(min_checkpoints=1):
        if runs["run"].nunique() > 8:  # five parameters need more ends
            ends = evaluate(runs, methods, sizes=selection.last_checkpoints)
            parts.append(ends.assign(rows="finished runs"))
    return pd.concat(parts)[[*KEYS, "method", "are", "rows"]]


def synthetic_family(kind, seed, noise=0.01):
    """A family from a known law: five sizes, twelve checkpoints each, and a target above.

    Parameters
    ----------
    kind : str
        "clean": independent noise of the log loss; "outliers": 5 % of the checkpoints
        30 % too high; "offsets": a part of the noise common to each run.
    seed : int
    noise : float
        Standard deviation of the log loss.
    """
    rng = np.random.default_rng(seed)
    size = np.repeat(np.geomspace(1e8, 3e10, 6), 12)
    tokens = np.tile(np.geomspace(1e10, 3e11, 12), 6)
    shift = rng.normal(0, noise, len(size))
    if kind == "outliers":
        shift += 0.3 * (rng.random(len(size)) < 0.05)
    if kind == "offsets":
        shift += np.repeat(rng.normal(0, noise, 6), 12)
    seen = size < size.max()
    loss = TRUTH.predict(size, tokens) * np.exp(np.where(seen, shift, 0.0))
    run = np.repeat([f"size-{i}" for i in range(6)], 12)
    return pd.DataFrame(
        {"run": run, "num_params": size, "tokens_seen": tokens, "loss": loss}
    )


@cached
def objectives_synthetic(families=200):
    """Held-out ARE under every objective on families whose law is known."""
    parts = []
    for kind in ("clean", "outliers", "offsets"):
        split = [hold_out(synthetic_family(kind, seed)) for seed in range(families)]
        for name in OBJECTIVES:
            fits = fit_many([train for train, _ in split], objective=name)
            are = [
                absolute_relative_error(
                    target["loss"], found.predict(*target[AT].to_numpy().T)
                )
                for found, (_, target) in zip(fits, split, strict=True)
            ]
            parts.append(
                pd.DataFrame(
                    {
                        "noise": kind,
                        "family": range(families),
                        "method": name,
                        "are": are,
                    }
                )
            )
    return pd.concat(parts)


def objectives_table():
    """Held-out ARE by objective: real families (every source the same), then made-up ones."""
    real, made_up = objectives_real(), objectives_synthetic()
    by_source = real.groupby(["rows", "method", "source"], sort=False)["are"].median()
    real = by_source.groupby(["rows", "method"], sort=False).mean().unstack(0)
    made_up = (
        made_up.groupby(["noise", "method"], sort=False)["are"].median().unstack(0)
    )
    return real.add_prefix("real: ").join(made_up.add_prefix("made up: "))


def runs_with_offsets(count, seed, noise=0.01):
    """Made-up runs of six sizes, six checkpoints each, with noise common to each run and own."""
    rng = np.random.default_rng(seed)
    size = np.repeat(np.resize(np.geomspace(1e8, 1e10, 6), count), 6)
    tokens = np.tile(np.geomspace(5e9, 3e11, 6), count)
    shift = np.repeat(rng.normal(0, noise, count), 6) + rng.normal(0, noise, len(size))
    return pd.DataFrame(
        {
            "run": np.repeat(np.arange(count), 6),
            "num_params": size,
            "tokens_seen": tokens,
            "loss": TRUTH.predict(size, tokens) * np.exp(shift),
        }
    )


def huber_duel(rows):
    """Share of real forecasts that "huber-scaled" makes better than "huber-log"."""
    table = objectives_real().query("rows == @rows")
    are = table.pivot(index=KEYS, columns="method", values="are")
    return rules.share(
        are.reset_index(), (are["huber-scaled"] < are["huber-log"]).to_numpy()
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
    columns = [
        np.tile(
            families[0][c].to_numpy(float), (losses.size // len(unit) * resamples, 1)
        )
        for c in AT
    ]
    columns.append(np.repeat(losses, resamples, axis=0))
    draws = np.random.default_rng(0).multinomial(
        count, np.full(count, 1 / count), len(columns[0])
    )
    codes = np.tile(unit, (len(draws), 1))
    laws = solve_columns(columns, codes, draws[:, unit], "ls-log", {}).laws
    return laws.predict(*at).reshape(len(families), resamples)


def quick_reach(found, num_params, tokens_seen):
    """Half the width of the 80 % interval of a forecast, from the covariance of a fit."""
    slopes = law_slopes(found.law, num_params, tokens_seen)
    return Z_80 * np.sqrt(slopes @ np.nan_to_num(found.covariance) @ slopes)


@cached
def coverage(counts=(6, 12, 24), families=300, resamples=100, at=(3e10, 6e11)):
    """Share of 80 % intervals that hold the truth, by number of runs.

    Returns
    -------
    DataFrame
        ``runs, interval, covered``: of a bootstrap over runs, of one that takes rows
        for runs, and of the covariance that `fit` gives.
    """
    truth, rows = TRUTH.predict(*at), []
    for count in counts:
        held = {
            name: []
            for name in ("bootstrap over runs", "bootstrap over rows", "covariance")
        }
        for group in np.array_split(np.arange(families), families // 20):
            tables = [runs_with_offsets(count, seed) for seed in group]
            unit = tables[0]["run"].to_numpy(), np.arange(len(tables[0]))
            for name, codes in zip(held, unit, strict=False):
                far = resampled_forecasts(tables, codes, at, resamples)
                low, high = np.quantile(far, [0.1, 0.9], axis=1)
                held[name] += list((low <= truth) & (truth <= high))
            for found, runs in zip(
                fit_many(tables, objective="ls-log"), tables, strict=True
            ):
                reach = quick_reach(with_covariance(found, runs), *at)
                held["covariance"].append(abs(found.predict(*at) - truth) <= reach)
        rows += [
            {"runs": count, "interval": name, "covered": np.mean(h)}
            for name, h in held.items()
        ]
    return pd.DataFrame(rows)


def parabola_bias(law=TRUTH, reach=16.0, budgets=(1e18, 1e19, 1e20, 1e21), target=1e24):
    """Error of approach 2 on noise-free data: compute-optimal tokens at ``target`` FLOPs.

    Sizes from 1/reach to reach times the optimum of each budget, a parabola in log N
    through their losses, a power law through its minima, extrapolated.  Hoffmann et
    al. 2022, approach 2; the bias is due to Czech et al. (arXiv:2603.22339).

    Returns
    -------
    float
        Relative error of the tokens.

    Examples
    --------
    >>> symmetric = ScalingLaw(E=1.8, A=400, alpha=0.35, B=400, beta=0.35)
    >>> abs(parabola_bias(symmetric)) < 1e-6
    True
    """
    optimum = []
    for flops in budgets:
        best, _ = law.compute_optimal(flops)
        offset = np.linspace(-np.log(reach), np.log(reach), 15)
        size = best * np.exp(offset)
        bend, slope, _ = np.polyfit(offset, law.predict(size, flops / 6 / size), 2)
        optimum.append(np.log(flops / 6 / best) + slope / (2 * bend))
    line = np.polyfit(np.log(budgets), optimum, 1)
    true = law.compute_optimal(target)[1]
    return float(np.exp(np.polyval(line, np.log(target))) / true - 1)


def profile(runs, num_params, tokens_seen, alphas):
    """Objective and forecast when alpha is held at each value and all else is free.

    Returns
    -------
    DataFrame
        ``alpha, excess`` (objective over the least of them, minus one) ``, forecast``.
    """
    fits = [fit(runs, objective="ls-log", fixed={"alpha": a}) for a in alphas]
    objective = np.array([f.objective for f in fits])
    forecast = [f.predict(num_params, tokens_seen) for f in fits]
    excess = objective / objective.min() - 1
    return pd.DataFrame({"alpha": alphas, "excess": excess, "forecast": forecast})


def chinchilla_points():
    """The 240 points of the published refit: all but the five of highest loss."""
    runs = load_runs("chinchilla")
    return runs.drop(runs["loss"].nlargest(5).index).reset_index(drop=True)
