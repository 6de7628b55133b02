"""What seeds are worth: how far they move a loss, and a forecast from a ladder.

The ladder is that of the chapter *A ladder on a laptop*; the claim *floor* takes the
spread over seeds from here.
"""

from itertools import product

import numpy as np
import pandas as pd

from hitchhiker.evaluation.methods import METHODS
from hitchhiker.runs.selection import sizes

from .cache import cached
from .ladder import COMMON_SEEDS, LADDER_METHODS, cost_by_size, finished_runs

SEED_DRAWS = 20  # choices of seeds
# One larger size and the smallest sizes that cost about as much: place of the single
# size, counted from 0, and number of sizes beside it.
SMALL_FOR_ONE = {3: 2, 4: 3, 5: 4}


def seed_spread():
    """How much the loss moves with the seed alone.

    Returns
    -------
    DataFrame
        ``num_params, tokens_seen, n_seeds, loss`` (mean) ``, spread`` (standard
        deviation over seeds, relative) ``, apart`` (largest relative difference of two
        seeds), a row a size and length.
    """
    cells = finished_runs().groupby(["num_params", "tokens_seen"])["loss"]
    table = cells.agg(n_seeds="size", loss="mean", spread="std", low="min", high="max")
    table["spread"] /= table["loss"]
    table["apart"] = table["high"] / table["low"] - 1
    return table.drop(columns=["low", "high"]).reset_index()


def pooled_spread(table, by="num_params"):
    """Standard deviation over seeds, relative, pooled over the rows of each group."""
    freedom = table["n_seeds"] - 1
    table = table.assign(freedom=freedom, square=freedom * table["spread"] ** 2)
    sums = table.groupby(by)[["square", "freedom"]].sum()
    return np.sqrt(sums["square"] / sums["freedom"])


def _with_seeds(runs, seeds):
    """Rows whose seed is among those chosen for their size."""
    pairs = [(size, seed) for size, chosen in seeds.items() for seed in chosen]
    wanted = pd.MultiIndex.from_tuples(pairs)
    return runs[pd.MultiIndex.from_frame(runs[["num_params", "seed"]]).isin(wanted)]


def _draws(counts, n_seeds, rng):
    """Seeds of each size, `SEED_DRAWS` times at most, never the same choice twice."""
    drawn = {}
    for _ in range(SEED_DRAWS):
        seeds = {
            size: tuple(sorted(rng.choice(count, n_seeds, replace=False).tolist()))
            for size, count in counts.items()
        }
        drawn[tuple(seeds.values())] = seeds
    return list(drawn.values())


def _choices(order):
    """Kind, sizes and number of seeds of every choice of sizes, smallest size first."""
    for k, n_seeds in product(range(2, len(order)), range(1, COMMON_SEEDS + 1)):
        yield "ladder", order[:k], n_seeds
    for place, beside in SMALL_FOR_ONE.items():
        yield "one size", [order[place]], 1
        yield "equal FLOPs", order[:beside], 1


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
        draw, method`` (of `LADDER_METHODS`) ``, flops_share`` (FLOPs over those of one
        seed of the target) ``, loss`` (forecast) ``, error`` (signed, against the mean
        of the target's seeds).
    """
    runs, cost, rng = finished_runs(), cost_by_size(), np.random.default_rng(0)
    order = list(sizes(runs))
    target = runs[runs["num_params"] == order[-1]]
    length = target["tokens_seen"].max()
    truth = target.loc[target["tokens_seen"] == length, "loss"].mean()
    rows = []
    for kind, chosen, n_seeds in _choices(order):
        by_size = runs[runs["num_params"].isin(chosen)].groupby("num_params")
        share = n_seeds * cost.loc[chosen].sum() / cost.loc[order[-1]]
        facts = {"kind": kind, "largest": chosen[-1], "n_sizes": len(chosen)}
        methods = LADDER_METHODS if len(chosen) > 2 else LADDER_METHODS[:1]
        draws = _draws(by_size["seed"].nunique(), n_seeds, rng)
        for (draw, seeds), method in product(enumerate(draws), methods):
            seen = _with_seeds(runs, seeds)
            forecast = METHODS[method](seen, np.array([order[-1]]), np.array([length]))
            loss = float(forecast["loss"].iloc[0])
            row = facts | {"n_seeds": n_seeds, "draw": draw, "method": method}
            row |= {"flops_share": share, "loss": loss, "error": loss / truth - 1}
            rows.append(row)
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
    for (method, n_sizes), cells in single.groupby(["method", "n_sizes"], sort=False):
        of_seeds = cells["error"].var() + of_target
        total = (cells["error"] ** 2).mean() + of_target
        share = min(of_seeds / total, 1.0)
        rows.append((method, n_sizes, np.sqrt(total), share))
    return pd.DataFrame(rows, columns=["method", "n_sizes", "rms", "share"])
