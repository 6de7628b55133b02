"""Experiments on fitting itself: starts, objectives, rounding, parabolas, ridges.

Evidence for the chapter *How not to fool yourself*; no claim of the paper is tested
here.
"""

import numpy as np
import pandas as pd

from hitchhiker.evaluation.evaluating import evaluate
from hitchhiker.evaluation.methods import LawMethod, paper
from hitchhiker.evaluation.scoring import absolute_relative_error
from hitchhiker.fits.fitting import OBJECTIVES, fit, fit_many
from hitchhiker.laws import PARAMETERS, ScalingLaw
from hitchhiker.runs import selection
from hitchhiker.runs.data import load_runs
from hitchhiker.runs.selection import early_cut, hold_out

from .cache import cached
from .grids import TRAINING_SHARES, eligible_families, smaller_counts
from .studies import KEYS, over_studies, share_over_studies

# Hoffmann et al. 2022: as printed in the text, and as in the source of the paper
# (Besiroglu et al. 2024, arXiv:2404.10102, who point out the difference).
PRINTED_LAW = ScalingLaw(E=1.69, A=406.4, alpha=0.34, B=410.7, beta=0.28)
PUBLISHED_LAW = ScalingLaw(E=1.6934, A=406.4, alpha=0.3392, B=410.7, beta=0.2849)
TRUE_LAW = ScalingLaw(
    E=1.8, A=480.0, alpha=0.35, B=2100.0, beta=0.37
)  # of made-up runs
N_SYNTHETIC = 200  # made-up families of one kind


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
        place = last["num_params"], last["tokens_seen"]
        try:
            fitted = paper(train, [place[0]], [place[1]]).iloc[0]
        except RuntimeError:
            continue
        law, best = ScalingLaw(**fitted[list(PARAMETERS)]), fit(train, objective="ls")
        error = train["loss"] - law.predict(train["num_params"], train["tokens_seen"])
        row = dict(zip(KEYS, runs.iloc[0][KEYS], strict=True))
        row["ratio"] = 0.5 * np.sum(error**2) / best.objective
        row["forecast_paper"] = law.predict(*place)
        row["forecast_optimum"] = best.predict(*place)
        row["status"] = best.status
        rows.append(row)
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
        sizes = [k for k in smaller_counts(runs) if k > 1]
        grid = evaluate(runs, methods, sizes=sizes, share=list(TRAINING_SHARES))
        parts.append(grid.assign(rows="fewer sizes, part trained"))
    for runs in eligible_families(min_checkpoints=1):
        if runs["run"].nunique() > 8:  # five parameters need more ends
            ends = evaluate(runs, methods, sizes=selection.last_checkpoints)
            parts.append(ends.assign(rows="finished runs"))
    return pd.concat(parts)[[*KEYS, "method", "are", "rows"]]


def synthetic_family(kind, seed, noise=0.01):
    """A family from a known law: five sizes of twelve checkpoints, and a target above.

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
    shift[size == size.max()] = 0.0  # the target is exact
    loss = TRUE_LAW.predict(size, tokens) * np.exp(shift)
    run = np.repeat([f"size-{i}" for i in range(6)], 12)
    return pd.DataFrame(
        {"run": run, "num_params": size, "tokens_seen": tokens, "loss": loss}
    )


@cached
def objectives_synthetic():
    """Held-out ARE under every objective on families whose law is known."""
    parts = []
    for kind in ("clean", "outliers", "offsets"):
        split = [hold_out(synthetic_family(kind, seed)) for seed in range(N_SYNTHETIC)]
        for name in OBJECTIVES:
            fits = fit_many([train for train, _ in split], objective=name)
            are = [
                absolute_relative_error(
                    target["loss"],
                    fitted.predict(target["num_params"], target["tokens_seen"]),
                )
                for fitted, (_, target) in zip(fits, split, strict=True)
            ]
            table = {"noise": kind, "family": range(N_SYNTHETIC), "method": name}
            parts.append(pd.DataFrame(table | {"are": are}))
    return pd.concat(parts)


def objectives_table():
    """Held-out ARE by objective: real families, studies alike, then made-up ones."""
    real, made_up = objectives_real(), objectives_synthetic()
    real = real.groupby(["rows", "method"], sort=False).apply(over_studies, "are")
    made_up = made_up.groupby(["noise", "method"], sort=False)["are"].median()
    return (
        real.unstack(0)
        .add_prefix("real: ")
        .join(made_up.unstack(0).add_prefix("made up: "))
    )


def huber_duel(rows):
    """Share of real forecasts that "huber-scaled" makes better than "huber-log"."""
    table = objectives_real().query("rows == @rows")
    are = table.pivot(index=KEYS, columns="method", values="are").reset_index()
    return share_over_studies(are, are["huber-scaled"] < are["huber-log"])


def parabola_bias(
    law=TRUE_LAW, reach=16.0, budgets=(1e18, 1e19, 1e20, 1e21), target=1e24
):
    """Error of approach 2 without noise: compute-optimal tokens at ``target`` FLOPs.

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
