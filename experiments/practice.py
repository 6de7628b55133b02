"""Whether plans and comparisons keep what they promise, and the tables of the worked examples.

``python -m experiments.practice`` writes the example files of `examples`.
"""

from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from hitchhiker.forecasts.comparing import (
    TAIL,
    compare,
    pair_errors,
    pair_spread,
    paired,
)
from hitchhiker.forecasts.forecasting import forecast, load_prior
from hitchhiker.forecasts.planning import promised_error
from hitchhiker.laws import training_flops
from hitchhiker.runs import selection
from hitchhiker.runs.checks import run_names
from hitchhiker.runs.data import load_runs, tables_folder

from .cache import cached
from .forecast_grids import window_grid
from .grids import eligible_families, steps
from .learn_prior import families, pair_rows
from .studies import KEYS

SHARE = 0.05  # of the target's FLOPs that the worked plan may cost
LADDER = {"family": "overtrain-c4", "loss_kind": "validation-c4-val"}
RECIPES = {"recipe_a": "overtrain-redpajama", "recipe_b": "overtrain-refinedweb"}
TEXT = "validation-paloma-ptb"
SHOWN = "run source family num_params tokens_seen loss loss_kind is_final".split()


@cached
def promise_evidence():
    """What a plan promises for the runs of each window of sizes, and what the forecast gave.

    Sizes and tokens are those of the window's runs, the prior has not seen the study.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, n_sizes, scale_up, flops_share, error`` (of the
        loss at the target's end, relative) ``, promised`` (its median) ``,
        promised_80`` (what 80 % stay below), a row a window.
    """
    found = window_grid().query("method == 'forecast'")
    parts = []
    for runs in eligible_families(min_checkpoints=1):
        names = dict(zip(KEYS, runs[KEYS].iloc[0], strict=True))
        prior = load_prior(without=names["source"])
        own = found[(found[KEYS] == pd.Series(names)).all(axis=1)].reset_index(
            drop=True
        )
        promises = [promise(ends, target, prior) for ends, target in windows(runs)]
        parts.append(own.join(pd.DataFrame(promises)))
    table = pd.concat(parts, ignore_index=True)
    table = table[table["n_rows"] > 0]
    table["error"] = (table["forecast"] / table["target_loss"] - 1).abs()
    return table[
        [
            *KEYS,
            "n_sizes",
            "scale_up",
            "flops_share",
            "error",
            "promised",
            "promised_80",
        ]
    ]


def windows(runs):
    """Ends of the runs of each window of `window_grid`, in its order, and the target."""
    train, target = selection.hold_out(runs.reset_index(drop=True))
    end = target.loc[target["tokens_seen"].idxmax()]
    kept = selection.early_cut(train).index
    count = len(selection.sizes(train))
    for last in steps(count):
        for k in (k for k in steps(count) if k <= last):
            seen = selection.window(train, k, last)
            seen = seen.loc[seen.index.intersection(kept)]
            longest = seen.groupby(run_names(seen))["tokens_seen"].idxmax()
            yield (
                seen.loc[longest],
                (float(end["num_params"]), float(end["tokens_seen"])),
            )


def promise(ends, target, prior):
    """Median of the error that a plan promises for such runs, and what 80 % stay below."""
    if not len(ends):
        return {"promised": np.nan, "promised_80": np.nan}
    made = promised_error(ends["num_params"], ends["tokens_seen"], target, prior)
    return {"promised": made["error"], "promised_80": made["high_80"]}


@cached
def pair_evidence():
    """What `hitchhiker.compare` says from each pair of runs of two real recipes, and the truth.

    Every pair below the target is taken as though it were the largest, with errors of
    pairs learned from the other studies.

    Returns
    -------
    DataFrame
        ``source, first, second`` (families) ``, loss_kind, beyond`` (log of the
        scale-up) ``, difference, truth`` (log ratios of losses, at the pair and at the
        target) ``, chance`` (stated, that the better of the pair is the better at the
        target) ``, right`` (whether it is) ``, inside_80, apart`` (error of the
        difference of two forecasts, each from all its recipe's smaller runs), a row a
        pair.
    """
    tables = families()
    parts = []
    for (one, a), (other, b) in combinations(tables.items(), 2):
        if one[0] != other[0]:
            continue
        found = pair_rows({one: a, other: b}, {f"without {one[0]}": load_prior(one[0])})
        if len(found):
            signed = paired(*(selection.hold_out(t)[0] for t in (a, b)))["difference"]
            names = {"first": one[1], "second": other[1], "loss_kind": one[2]}
            parts.append(
                found.assign(difference=signed, truth=signed + found["error"], **names)
            )
    return judged(pd.concat(parts, ignore_index=True))


def judged(pairs):
    """Pairs with what was stated of each, and whether it came out so."""
    known = pd.DataFrame([pair_errors(name) for name in pairs["source"]])
    spread = pair_spread(
        known["same"],
        known["growth"],
        known["stretch"],
        pairs["difference"].abs(),
        pairs["beyond"],
    )
    table = pairs.assign(
        chance=stats.t.cdf(pairs["difference"].abs() / spread, TAIL),
        right=np.sign(pairs["difference"]) == np.sign(pairs["truth"]),
        inside_80=(pairs["truth"] - pairs["difference"]).abs()
        <= stats.t.ppf(0.9, TAIL) * spread,
    )
    return table[
        [
            "source",
            "first",
            "second",
            "loss_kind",
            "beyond",
            "difference",
            "truth",
            "chance",
            "right",
            "inside_80",
            "apart",
        ]
    ]


def by_band(table, column, edges):
    """Median and 80 % point of the error in bands of a column, every study the same.

    Returns
    -------
    DataFrame
        ``low, high`` (edges) ``, n_studies, n, error, error_80, promised,
        promised_80``, a row a band that holds anything.
    """
    rows = []
    for band, own in table.groupby(pd.cut(table[column], edges), observed=True):
        weights = 1 / own.groupby("source")["source"].transform("size")

        def point(name, level, own=own, weights=weights):
            return float(
                np.quantile(own[name], level, weights=weights, method="inverted_cdf")
            )

        rows.append(
            {
                "low": band.left,
                "high": band.right,
                "n_studies": own["source"].nunique(),
                "n": len(own),
                "error": point("error", 0.5),
                "error_80": point("error", 0.8),
                "promised": point("promised", 0.5),
                "promised_80": point("promised_80", 0.5),
            }
        )
    return pd.DataFrame(rows)


def kept(table):
    """How often promises were kept, a row a study, those kept least first.

    Every family of a study weighs the same; ``factor`` is what the promise of 80 %
    would have to be multiplied by to be kept in 80 % of windows.
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


def reliability(pairs, edges=(0.499, 0.6, 0.8, 0.95, 1.0)):
    """Chance stated against how often the choice was right, a row a band and study."""
    band = pd.cut(pairs["chance"], edges, labels=False)
    table = pairs.groupby([band.rename("band"), "source"]).agg(
        n=("right", "size"), stated=("chance", "mean"), right=("right", "mean")
    )
    return table.reset_index()


def pairs_or_forecasts(pairs):
    """Error of the difference at the target by the largest pair and by two forecasts.

    Returns
    -------
    DataFrame
        ``difference`` (actual) ``, pair, apart`` (medians of absolute log ratios) ``,
        n`` (couples of families), a row a study.
    """
    couple = ["source", "first", "second", "loss_kind"]
    last = pairs.sort_values("beyond", kind="stable").drop_duplicates(couple)
    sizes = pd.DataFrame(
        {
            "source": last["source"],
            "difference": last["truth"].abs(),
            "pair": (last["truth"] - last["difference"]).abs(),
            "apart": last["apart"].abs(),
        }
    ).groupby("source")
    return sizes.median().assign(n=sizes.size())


def examples():
    """Tables of the worked examples by file name, targets hidden."""
    made = {"ladder": load_runs(**LADDER)}
    for name, family in RECIPES.items():
        runs = load_runs(family=family, loss_kind=TEXT)
        made[name] = runs[(runs["tokens_seen"] / runs["num_params"]).between(19, 21)]
    return {
        name: selection.hold_out(t)[0]
        .sort_values(["num_params", "tokens_seen"])[SHOWN]
        .reset_index(drop=True)
        for name, t in made.items()
    }


def nearest_runs(ladder, runs):
    """The run nearest to each row of a plan, in size and tokens, none twice.

    Returns
    -------
    DataFrame
        Rows of ``runs``, the ends of runs, in the order of the plan.
    """
    ends = selection.last_checkpoints(runs)
    chosen = []
    for row in ladder.itertuples():
        left = ends.drop(index=chosen)
        away = sum(
            np.log(left[c] / getattr(row, c)) ** 2
            for c in ("num_params", "tokens_seen")
        )
        chosen.append(away.idxmin())
    return ends.loc[chosen].reset_index(drop=True)


def rung_by_rung(runs, target):
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
        seen = runs[:k]
        made = forecast(seen, *target).table.loc[0, ["loss", "low_80", "high_80"]]
        share = selection.cost(seen) / training_flops(*target)
        rows.append(
            {
                **seen.iloc[-1][["num_params", "tokens_seen"]],
                "share": share,
                **promise(seen, target, prior),
                **made,
            }
        )
    return pd.DataFrame(rows)


def stages(first, second, target):
    """What a comparison says as sizes are added, the smallest first.

    Returns
    -------
    DataFrame
        ``largest`` (parameters) ``, share`` (FLOPs of both ladders over those of one
        target) ``, chance`` (that the first is better) ``, difference, low_80, high_80,
        smallest, advice``.
    """
    rows = []
    for size in sorted(first["num_params"].unique()):
        seen = [t[t["num_params"] <= size * 1.1] for t in (first, second)]
        made = compare(*seen, *target)
        share = sum(map(selection.cost, seen)) / training_flops(*target)
        rows.append(
            {
                "largest": size,
                "share": share,
                "chance": made.chance,
                "difference": made.difference,
                "low_80": made.low_80,
                "high_80": made.high_80,
                "smallest": made.smallest,
                "advice": made.advice,
            }
        )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    for name, table in examples().items():
        table.to_csv(tables_folder() / "examples" / f"{name}.csv", index=False)
        print(f"wrote {tables_folder() / 'examples' / name}.csv")
