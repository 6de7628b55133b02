"""The ladder that this project trained: its forecast, its checkpoints, its plans."""

from itertools import product

import numpy as np
import pandas as pd

from hitchhiker.evaluation.methods import BORROWED, METHODS
from hitchhiker.fits.fitting import fit
from hitchhiker.forecasts.planning import expected_error, plan
from hitchhiker.forecasts.prior import load_prior
from hitchhiker.runs.data import load_runs, read_table
from hitchhiker.runs.selection import early_cut, max_params, sizes, with_sizes

from .cache import cached

LADDER_METHODS = ("forecast", "fit")
DECAY_SHARE = 0.2  # of a finished run, in which the rate falls
COMMON_SEEDS = 3  # that every size has


def finished_runs():
    """Ends of all runs, smallest first: ``num_params, tokens_seen, seed, loss`` ..."""
    return load_runs(family="ladder").sort_values(["num_params", "tokens_seen", "seed"])


def cost_by_size(what="flops"):
    """What one seed of each size cost: its trunk once, and the decay of all its ends.

    Parameters
    ----------
    what : str
        ``flops``, or ``cpu_seconds`` (mean over seeds, without measuring the loss).

    Returns
    -------
    Series
        By ``num_params``.
    """
    table = read_table("ladder/losses")
    lengths = table.drop_duplicates(["schedule", "num_params", "tokens_seen"])
    tokens = lengths.groupby(["schedule", "num_params"])["tokens_seen"]
    trunk, decayed = tokens.max()["constant"], DECAY_SHARE * tokens.sum()["wsd"]
    last = table[table["tokens_seen"] == table["tokens_seen"].max()]
    per_token = (last[what] / last["tokens_seen"]).groupby(last["num_params"]).mean()
    return per_token * (trunk + decayed)


def check():
    """The forecast written down before the largest size was trained, and what came.

    Returns
    -------
    DataFrame
        The columns of ``ladder/forecast.py``, then ``measured`` (mean over seeds) ``,
        measured_low, measured_high`` (of single seeds) ``, error`` (signed, relative)
        ``, inside_80, inside_90``.
    """
    place = ["num_params", "tokens_seen"]
    losses = finished_runs().groupby(place)["loss"]
    truth = losses.agg(measured="mean", measured_low="min", measured_high="max")
    table = read_table("ladder/forecast").merge(truth.reset_index(), on=place)
    table["error"] = table["loss"] / table["measured"] - 1
    for level in (80, 90):
        low, high = table[f"low_{level}"], table[f"high_{level}"]
        table[f"inside_{level}"] = table["measured"].between(low, high)
    return table


def excess_of_checkpoints():
    """How far a checkpoint at the constant rate lies above the run that ended there.

    Returns
    -------
    DataFrame
        ``num_params, seed, tokens_seen, checkpoint, finished, excess`` (relative), a
        row a size, seed and length that the trunk reaches.
    """
    keys = ["num_params", "seed", "tokens_seen"]
    trunk = load_runs(family="ladder-constant")[[*keys, "loss"]]
    finished = finished_runs()[[*keys, "loss"]].rename(columns={"loss": "finished"})
    table = trunk.rename(columns={"loss": "checkpoint"}).merge(finished, on=keys)
    return table.assign(excess=table["checkpoint"] / table["finished"] - 1)


@cached
def checkpoint_evidence():
    """Forecasts of the largest finished runs from checkpoints, finished runs, and both.

    Returns
    -------
    DataFrame
        ``seen`` (what) ``, n_sizes, method, tokens_seen`` (of the target) ``, error``
        (signed, relative, against the mean over seeds).
    """
    finished = finished_runs()
    trunk = load_runs(family="ladder-constant").assign(is_final=False)
    trunk["model"] = trunk["model"].str.replace("ladder-constant", "ladder")
    checkpoints, order = early_cut(trunk), sizes(finished)
    target = finished[finished["num_params"] == order.iloc[-1]]
    truth = target.groupby("tokens_seen")["loss"].mean()
    tables = {
        "finished runs": finished,
        "checkpoints": checkpoints,
        "both": pd.concat([finished, checkpoints]),
    }
    num_params = np.full(len(truth), order.iloc[-1])
    cells = product(tables.items(), range(3, len(order)), LADDER_METHODS)
    rows = []
    for (name, runs), n_sizes, method in cells:
        train = with_sizes(runs, order.index[:n_sizes])
        loss = np.asarray(METHODS[method](train, num_params, truth.index)["loss"])
        columns = {"seen": name, "n_sizes": n_sizes, "method": method}
        columns |= {"tokens_seen": truth.index, "error": loss / truth.to_numpy() - 1}
        rows.append(pd.DataFrame(columns))
    return pd.concat(rows, ignore_index=True)


def without_size_term(shares):
    """ARE of a law without a size term on the first part of the largest size's log.

    The error is that at the end of the log, the median over seeds.

    Returns
    -------
    Series
        By share of the run's tokens.
    """
    runs, errors = max_params(load_runs(family="ladder-constant")), {}
    for share in shares:
        of_seeds = []
        for _, run in runs.groupby("run"):
            end, begun = run.iloc[-1], early_cut(run)
            begun = begun[begun["tokens_seen"] <= share * end["tokens_seen"]]
            law = fit(begun, fixed={"A": 0, "alpha": BORROWED["alpha"]})
            forecast = law.predict(end["num_params"], end["tokens_seen"])
            of_seeds.append(abs(forecast / end["loss"] - 1))
        errors[share] = float(np.median(of_seeds))
    return pd.Series(errors)


def promises(draws):
    """What `hitchhiker.plan` would have promised for each ladder, and what came of it.

    Parameters
    ----------
    draws : DataFrame
        As from `experiments.ladder_seeds.draw_evidence`.

    Returns
    -------
    DataFrame
        ``n_sizes, flops_share, promised, promised_80`` (relative errors) ``, came``
        (median of the draws of one seed) ``, came_80`` (what 80 % of them stay below).
    """
    runs, prior = finished_runs(), load_prior(without="ladder")
    order, length = sizes(runs), float(runs["tokens_seen"].max())
    target = (float(order.iloc[-1]), length)
    single = draws.query("kind == 'ladder' and n_seeds == 1 and method == 'forecast'")
    rows = []
    for n_sizes, cells in single.groupby("n_sizes"):
        params = order.iloc[:n_sizes].to_numpy(float)
        promise = expected_error(params, np.full(n_sizes, length), target, prior)
        came = cells["error"].abs()
        row = {"n_sizes": n_sizes, "flops_share": cells["flops_share"].iloc[0]}
        row |= {"promised": promise["error"], "promised_80": promise["high_80"]}
        rows.append(row | {"came": came.median(), "came_80": came.quantile(0.8)})
    return pd.DataFrame(rows)


def advised(share):
    """The ladder that `hitchhiker.plan` advises for a share of FLOPs, and its worth.

    Each of its runs is stood for by the finished runs of the nearest size and length.

    Parameters
    ----------
    share : float
        Of the FLOPs of the target.

    Returns
    -------
    DataFrame
        ``planned_params, planned_tokens, num_params, tokens_seen`` (of the runs there
        are) ``, promised, promised_80, came`` (relative error of the forecast from
        them, mean over the seeds that all have), a row a size, the last three of the
        sizes so far.
    """
    runs, prior = finished_runs(), load_prior(without="ladder")
    size, length = float(runs["num_params"].max()), float(runs["tokens_seen"].max())
    smaller, target = runs[runs["num_params"] < size], runs[runs["num_params"] == size]
    truth = target.loc[target["tokens_seen"] == length, "loss"].mean()
    least = float(smaller["num_params"].min())
    planned = plan(size, length, share, prior=prior, least_params=least).ladder
    seen, rows = [], []
    for step in planned.to_dict("records"):
        near = _nearest(smaller, step)
        seen.append(near[near["seed"] < COMMON_SEEDS])
        came = list(_errors_of_seeds(pd.concat(seen), size, length, truth))
        row = {"planned_params": step["num_params"]}
        row |= {"planned_tokens": step["tokens_seen"]}
        row |= near[["num_params", "tokens_seen"]].iloc[0].to_dict()
        row |= {"promised": step["error"], "promised_80": step["high_80"]}
        rows.append(row | {"came": np.mean(came)})
    return pd.DataFrame(rows)


def _nearest(runs, step):
    """The runs of the size, and of these of the length, nearest to a step of a plan."""
    for column in ("num_params", "tokens_seen"):
        distance = np.log(runs[column] / step[column]).abs()
        runs = runs[distance == distance.min()]
    return runs


def _errors_of_seeds(runs, num_params, tokens_seen, truth):
    """Relative errors of the forecasts from the runs of one seed each."""
    for seed in range(COMMON_SEEDS):
        train = runs[runs["seed"] == seed]
        table = METHODS["forecast"](train, [num_params], [tokens_seen])
        yield abs(table["loss"].iloc[0] / truth - 1)
