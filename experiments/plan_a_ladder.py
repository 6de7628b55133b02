"""Whether plans keep what they promise, and a worked ladder of small runs."""

import numpy as np
import pandas as pd

from hitchhiker.forecasts.forecasting import forecast
from hitchhiker.forecasts.planning import expected_error
from hitchhiker.forecasts.prior import load_prior
from hitchhiker.laws import training_flops
from hitchhiker.runs import selection
from hitchhiker.runs.checks import run_names

from .cache import cached
from .forecast_grids import window_grid
from .grids import eligible_families, windows
from .studies import KEYS, study_weights, weighted_quantiles

PLANNED_SHARE = 0.05  # of the target's FLOPs that the worked plan may cost


@cached
def promise_evidence():
    """What a plan promises for each window of sizes, and how the forecast came out.

    Sizes and tokens are those of the window's runs, the prior has not seen the study.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, n_sizes, scale_up, flops_share, error`` (of the
        loss at the target's end, relative) ``, promised`` (its median) ``,
        promised_80`` (what 80 % stay below), a row a window.
    """
    promises = [
        promise
        for runs in eligible_families(min_checkpoints=1)
        for promise in _promises(runs)
    ]
    table = window_grid().query("method == 'forecast' and n_rows > 0")
    table = table.merge(pd.DataFrame(promises), on=[*KEYS, "cell"], validate="1:1")
    table["error"] = (table["forecast"] / table["target_loss"] - 1).abs()
    facts = [*KEYS, "n_sizes", "scale_up", "flops_share"]
    return table[[*facts, "error", "promised", "promised_80"]]


def _promises(runs):
    """Promises for the windows of one family that hold checkpoints, with their cell."""
    facts = dict(runs[KEYS].iloc[0])
    prior = load_prior(without=facts["source"])
    target = selection.target(runs)
    end = target.loc[target["tokens_seen"].idxmax(), ["num_params", "tokens_seen"]]
    for cell, ends in window_ends(runs).items():
        if len(ends):
            yield (
                facts | {"cell": cell} | promise(ends, tuple(end.astype(float)), prior)
            )


def window_ends(runs):
    """Ends of the runs of each window of `experiments.grids.windows`, by its cell."""
    train, _ = selection.hold_out(runs)
    late = selection.early_cut(train).index
    ends = {}
    for cell, choose in windows(runs).items():
        seen = choose(train)
        seen = seen.loc[seen.index.intersection(late)]
        longest = seen.groupby(run_names(seen))["tokens_seen"].idxmax()
        ends[cell] = seen.loc[longest]
    return ends


def promise(ends, target, prior):
    """Median of the error that a plan promises for such runs, and what 80 % stay below.

    Parameters
    ----------
    ends : DataFrame
        Last checkpoints, a row a run.
    target : (float, float)
        Parameters and tokens.
    prior : Prior
    """
    error = expected_error(ends["num_params"], ends["tokens_seen"], target, prior)
    return {"promised": error["error"], "promised_80": error["high_80"]}


def by_band(table, column, edges):
    """Median and 80 % point of the error in bands of a column, every study the same.

    Parameters
    ----------
    table : DataFrame
        As from `promise_evidence`.
    column : str
    edges : list of float

    Returns
    -------
    DataFrame
        ``low, high`` (edges) ``, n_studies, n, error, error_80, promised,
        promised_80``, a row a band that holds anything.
    """
    points = {
        "error": ("error", 0.5),
        "error_80": ("error", 0.8),
        "promised": ("promised", 0.5),
        "promised_80": ("promised_80", 0.5),
    }
    rows = []
    for band, inside in table.groupby(pd.cut(table[column], edges), observed=True):
        weights, studies = study_weights(inside, ["source"]), inside["source"]
        row = {"low": band.left, "high": band.right}
        row |= {"n_studies": studies.nunique(), "n": len(inside)}
        for name, (value, level) in points.items():
            row[name] = float(weighted_quantiles(inside[value], weights, level))
        rows.append(row)
    return pd.DataFrame(rows)


def kept(table):
    """How often promises were kept, a row a study, those kept least first.

    Every family of a study weighs the same; ``factor`` is what the promise of 80 %
    would have to be multiplied by to be kept in 80 % of windows.

    Parameters
    ----------
    table : DataFrame
        As from `promise_evidence`.

    Returns
    -------
    DataFrame
        ``median, bound`` (shares of windows in which it was kept) ``, factor, n``
        (windows), by ``source``.
    """
    table = table.assign(
        median=table["error"] <= table["promised"],
        bound=table["error"] <= table["promised_80"],
        factor=table["error"] / table["promised_80"],
    )
    shares = table.groupby(KEYS)[["median", "bound"]].mean().groupby("source").mean()
    studies = table.groupby("source")
    shares["factor"] = studies["factor"].quantile(0.8)
    return shares.assign(n=studies.size()).sort_values("bound")


def nearest_runs(ladder, runs):
    """The run nearest to each row of a plan, in size and tokens, none twice.

    Returns
    -------
    DataFrame
        Rows of ``runs``, the ends of runs, in the order of the plan.
    """
    ends = selection.last_checkpoints(runs)
    place = ["num_params", "tokens_seen"]
    chosen = []
    for _, row in ladder[place].iterrows():
        free = ends.drop(index=chosen)
        distance = (np.log(free[place] / row) ** 2).sum(axis=1)
        chosen.append(distance.idxmin())
    return ends.loc[chosen].reset_index(drop=True)


def step_by_step(runs, target):
    """Promise and forecast after each run of a ladder, trained in this order.

    Returns
    -------
    DataFrame
        ``num_params, tokens_seen, share`` (of the target's FLOPs, up to here) ``,
        promised, promised_80, loss, low_80, high_80``.
    """
    prior = load_prior(without=runs["source"].iloc[0])
    rows = []
    for k in range(1, len(runs) + 1):
        trained = runs[:k]
        row = dict(trained.iloc[-1][["num_params", "tokens_seen"]])
        row["share"] = selection.cost(trained) / training_flops(*target)
        row |= promise(trained, target, prior)
        table = forecast(trained, *target).table
        rows.append(row | dict(table.loc[0, ["loss", "low_80", "high_80"]]))
    return pd.DataFrame(rows)
