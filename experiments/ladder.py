"""The ladder that this project trained: its forecast, its seeds, and what they are worth.

Belongs to the chapter *A ladder on a laptop*; the claim *floor* takes its seeds from
here.
"""

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

WAYS = ("forecast", "fit")
DECAY = 0.2  # part of a finished run in which the rate falls
DRAWS = 20  # choices of seeds
MOST_SEEDS = 3  # that every size has
# One larger size and the smallest sizes that cost about as much.
EQUALS = {3: 2, 4: 3, 5: 4}  # place of the single size, counted from 0: sizes beside it


def ends():
    """Finished runs, smallest size first: ``num_params, tokens_seen, seed, loss`` and more."""
    return load_runs(family="ladder").sort_values(["num_params", "tokens_seen", "seed"])


def spent(what="flops"):
    """What one seed of each size cost: its trunk once, and the decay of every finished run.

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
    by_size = {
        kind: own.drop_duplicates(["num_params", "tokens_seen"]).groupby("num_params")
        for kind, own in table.groupby("schedule")
    }
    trunk, lengths = (
        by_size["constant"]["tokens_seen"].max(),
        by_size["wsd"]["tokens_seen"].sum(),
    )
    last = table[table["tokens_seen"] == table["tokens_seen"].max()]
    per_token = (last[what] / last["tokens_seen"]).groupby(last["num_params"]).mean()
    return per_token * (trunk + DECAY * lengths)


def check():
    """The forecast that was written down before the largest size was trained, and what came.

    Returns
    -------
    DataFrame
        The columns of ``ladder/forecast.py``, then ``measured`` (mean over seeds) ``,
        measured_low, measured_high`` (of single seeds) ``, error`` (signed, relative)
        ``, inside_80, inside_90``.
    """
    finished = ends().groupby(["num_params", "tokens_seen"])["loss"]
    truth = finished.agg(
        measured="mean", measured_low="min", measured_high="max"
    ).reset_index()
    table = read_table("ladder/forecast").merge(truth, on=["num_params", "tokens_seen"])
    table["error"] = table["loss"] / table["measured"] - 1
    for level in (80, 90):
        table[f"inside_{level}"] = table["measured"].between(
            table[f"low_{level}"], table[f"high_{level}"]
        )
    return table


def seed_spread():
    """How much the loss moves with the seed alone.

    Returns
    -------
    DataFrame
        ``num_params, tokens_seen, n_seeds, loss`` (mean) ``, spread`` (standard
        deviation over seeds, relative) ``, apart`` (largest relative difference of two
        seeds), a row a size and length.
    """
    cells = ends().groupby(["num_params", "tokens_seen"])["loss"]
    table = cells.agg(n_seeds="size", loss="mean", spread="std", low="min", high="max")
    table["spread"] /= table["loss"]
    table["apart"] = table["high"] / table["low"] - 1
    return table.drop(columns=["low", "high"]).reset_index()


def pooled_spread(table, by="num_params"):
    """Standard deviation over seeds, relative, pooled over the rows of each group."""
    weighted = table.assign(square=(table["n_seeds"] - 1) * table["spread"] ** 2)
    sums = (
        weighted.assign(freedom=table["n_seeds"] - 1)
        .groupby(by)[["square", "freedom"]]
        .sum()
    )
    return np.sqrt(sums["square"] / sums["freedom"])


def _chosen(runs, seeds):
    """Rows whose seed is among those chosen for their size."""
    wanted = pd.MultiIndex.from_tuples(
        [(n, s) for n, own in seeds.items() for s in own]
    )
    return runs[pd.MultiIndex.from_frame(runs[["num_params", "seed"]]).isin(wanted)]


def _draws(counts, n_seeds, rng):
    """Seeds of each size, `DRAWS` times at most and never the same choice twice."""
    made = {}
    for _ in range(DRAWS):
        draw = {
            n: tuple(sorted(rng.choice(count, n_seeds, replace=False).tolist()))
            for n, count in counts.items()
        }
        made[tuple(draw.values())] = draw
    return list(made.values())


@cached
def draw_evidence():
    """Forecasts of the largest size from some of the seeds of some of the sizes.

    ``kind`` is *ladder* for the smallest ``n_sizes`` sizes, *one size* for a single
    larger size and *equal FLOPs* for the smallest sizes that cost about as much as that
    one.

    Returns
    -------
    DataFrame
        ``kind, largest`` (parameters of the largest size seen) ``, n_sizes, n_seeds,
        draw, method`` (of `WAYS`) ``, flops_share`` (FLOPs over those of one seed of
        the target) ``, loss`` (forecast) ``, error`` (signed, against the mean of the
        target's seeds).
    """
    runs, cost, rng = ends(), spent(), np.random.default_rng(0)
    order = list(sizes(runs))
    target = runs[runs["num_params"] == order[-1]]
    length = target["tokens_seen"].max()
    truth = target.loc[target["tokens_seen"] == length, "loss"].mean()
    cells = [
        ("ladder", order[:k], s)
        for k, s in product(range(2, len(order)), range(1, MOST_SEEDS + 1))
    ]
    for place, beside in EQUALS.items():
        cells += [("one size", [order[place]], 1), ("equal FLOPs", order[:beside], 1)]
    rows = []
    for kind, chosen, n_seeds in cells:
        counts = (
            runs[runs["num_params"].isin(chosen)]
            .groupby("num_params")["seed"]
            .nunique()
        )
        share = n_seeds * cost.loc[chosen].sum() / cost.loc[order[-1]]
        for draw, seeds in enumerate(_draws(counts, n_seeds, rng)):
            seen = _chosen(runs, seeds)
            for method in WAYS if len(chosen) > 2 else WAYS[:1]:
                made = METHODS[method](seen, np.array([order[-1]]), np.array([length]))
                loss = float(made["loss"].iloc[0])
                rows.append(
                    {
                        "kind": kind,
                        "largest": chosen[-1],
                        "n_sizes": len(chosen),
                        "n_seeds": n_seeds,
                        "draw": draw,
                        "method": method,
                        "flops_share": share,
                        "loss": loss,
                        "error": loss / truth - 1,
                    }
                )
    return pd.DataFrame(rows)


def seed_share(draws):
    """How much of a forecast's error is the work of seeds, at each number of sizes.

    The mean squared error is that of a forecast from one seed a size against one seed
    of the target. Seeds make it differ from draw to draw and from target to target; the
    rest is the law.

    Returns
    -------
    DataFrame
        ``method, n_sizes, rms`` (root of the mean squared error) ``, share`` (of the
        square, due to seeds).
    """
    spread = seed_spread()
    longest = spread[spread["tokens_seen"] == spread["tokens_seen"].max()]
    of_target = longest.loc[longest["num_params"].idxmax(), "spread"] ** 2
    single = draws[(draws["kind"] == "ladder") & (draws["n_seeds"] == 1)]
    rows = []
    for (method, count), own in single.groupby(["method", "n_sizes"], sort=False):
        by_seed = own["error"].var() + of_target
        total = (own["error"] ** 2).mean() + of_target
        rows.append(
            {
                "method": method,
                "n_sizes": count,
                "rms": np.sqrt(total),
                "share": min(by_seed / total, 1.0),
            }
        )
    return pd.DataFrame(rows)


def unfinished():
    """How far a checkpoint at the constant rate lies above the finished run of its length.

    Returns
    -------
    DataFrame
        ``num_params, seed, tokens_seen, checkpoint, finished, excess`` (relative), a
        row a size, seed and length that the trunk reaches.
    """
    keys = ["num_params", "seed", "tokens_seen"]
    trunk = load_runs(family="ladder-constant")[[*keys, "loss"]]
    table = trunk.merge(ends()[[*keys, "loss"]], on=keys, suffixes=("_trunk", "_end"))
    table = table.rename(columns={"loss_trunk": "checkpoint", "loss_end": "finished"})
    return table.assign(excess=table["checkpoint"] / table["finished"] - 1)


@cached
def trail_evidence():
    """Forecasts of the largest finished runs from checkpoints, from finished runs, from both.

    Returns
    -------
    DataFrame
        ``seen`` (what) ``, n_sizes, method, tokens_seen`` (of the target) ``, error``
        (signed, relative, against the mean over seeds).
    """
    finished, trunk = ends(), load_runs(family="ladder-constant").assign(is_final=False)
    trunk["model"] = trunk["model"].str.replace("ladder-constant", "ladder")
    order = sizes(finished)
    truth = finished[finished["num_params"] == order.iloc[-1]].groupby("tokens_seen")[
        "loss"
    ]
    truth = truth.mean()
    seen = {
        "finished runs": finished,
        "checkpoints": early_cut(trunk),
        "both": pd.concat([finished, early_cut(trunk)]),
    }
    rows = []
    for (name, runs), count in product(seen.items(), range(3, len(order))):
        own = with_sizes(runs, order.index[:count])
        for method in WAYS:
            made = METHODS[method](
                own, np.full(len(truth), order.iloc[-1]), truth.index
            )
            errors = np.asarray(made["loss"]) / truth.to_numpy() - 1
            rows.append(
                pd.DataFrame(
                    {
                        "seen": name,
                        "n_sizes": count,
                        "method": method,
                        "tokens_seen": truth.index,
                        "error": errors,
                    }
                )
            )
    return pd.concat(rows, ignore_index=True)


def without_size_term(shares):
    """ARE at its end of a law on the first part of the largest size's own log, A at zero.

    Median over seeds, a Series by share of the run's tokens.
    """
    runs, errors = max_params(load_runs(family="ladder-constant")), {}
    for share in shares:
        off = []
        for _, run in runs.groupby("run"):
            end, begun = run.iloc[-1], early_cut(run)
            begun = begun[begun["tokens_seen"] <= share * end["tokens_seen"]]
            law = fit(begun, fixed={"A": 0, "alpha": BORROWED["alpha"]})
            off.append(
                abs(
                    law.predict(end["num_params"], end["tokens_seen"]) / end["loss"] - 1
                )
            )
        errors[share] = float(np.median(off))
    return pd.Series(errors)


def promised(draws):
    """What `hitchhiker.plan` would have promised for each ladder, and what came of it.

    Returns
    -------
    DataFrame
        ``n_sizes, flops_share, promised, promised_80`` (relative errors) ``, came``
        (median of the draws of one seed) ``, came_80`` (what 80 % of them stay below).
    """
    order, prior = sizes(ends()), load_prior(without="ladder")
    length = float(ends()["tokens_seen"].max())
    single = draws[
        (draws["kind"] == "ladder")
        & (draws["n_seeds"] == 1)
        & (draws["method"] == "forecast")
    ]
    rows = []
    for count, own in single.groupby("n_sizes"):
        seen = order.iloc[:count].to_numpy(float)
        made = expected_error(
            seen, np.full(count, length), (float(order.iloc[-1]), length), prior
        )
        errors = own["error"].abs()
        rows.append(
            {
                "n_sizes": count,
                "flops_share": own["flops_share"].iloc[0],
                "promised": made["error"],
                "promised_80": made["high_80"],
                "came": errors.median(),
                "came_80": errors.quantile(0.8),
            }
        )
    return pd.DataFrame(rows)


def advised(share):
    """The ladder that `hitchhiker.plan` advises for a share of the target's FLOPs, and its worth.

    Each of its runs is stood for by the finished runs of the nearest size and length.

    Returns
    -------
    DataFrame
        ``planned_params, planned_tokens, num_params, tokens_seen`` (of the runs there
        are) ``, promised, promised_80, came`` (relative error of the forecast from
        them, mean over the seeds that all have), a row a rung, the last three of the
        rungs so far.
    """
    runs, prior = ends(), load_prior(without="ladder")
    size, length = float(runs["num_params"].max()), float(runs["tokens_seen"].max())
    known = runs[runs["num_params"] < size]
    truth = runs.loc[
        (runs["num_params"] == size) & (runs["tokens_seen"] == length), "loss"
    ].mean()
    least = float(known["num_params"].min())
    rungs = plan(size, length, share, prior=prior, least_params=least).ladder
    seen, rows = [], []
    for rung in rungs.to_dict("records"):
        here = {
            "planned_params": rung["num_params"],
            "planned_tokens": rung["tokens_seen"],
        }
        own = known
        for column in ("num_params", "tokens_seen"):
            off = np.log(own[column] / rung[column]).abs()
            own = own[off == off.min()]
            here[column] = own[column].iloc[0]
        seen.append(own[own["seed"] < MOST_SEEDS])
        made = [
            METHODS["forecast"](
                pd.concat(seen).query("seed == @seed"), [size], [length]
            )
            for seed in range(MOST_SEEDS)
        ]
        errors = [abs(table["loss"].iloc[0] / truth - 1) for table in made]
        rows.append(
            here
            | {
                "promised": rung["error"],
                "promised_80": rung["high_80"],
                "came": np.mean(errors),
            }
        )
    return pd.DataFrame(rows)
