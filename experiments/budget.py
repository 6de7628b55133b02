"""Claims about what error is worth having: noise, the size of real differences, right picks."""

import re
from itertools import combinations

import numpy as np
import pandas as pd

from hitchhiker.evaluation.evaluating import evaluate
from hitchhiker.fits.fitting import fit
from hitchhiker.runs.data import load_runs
from hitchhiker.runs.selection import TARGET_TAIL, early_cut

from . import ladder_seeds
from .cache import cached
from .grids import (
    FURTHER_KINDS,
    PROTOCOLS,
    eligible_families,
    share_grid,
    size_grid,
    windows,
)
from .rules import verdict_of_parts
from .studies import ESTIMATORS, KEYS, over_studies

CELL = ["cell", "share"]  # what two forecasts made alike have seen
METHODS = dict(
    zip(("paper", "fit"), ESTIMATORS, strict=True)
)  # names in the grids, and in words
LATER = "not of the series"  # in the notes of overtrain's second series
ANY, WORDS = ".*", "lambada-last-word|wikitext-word"
OWN = "validation|validation-c4|validation-openlm|validation-(pile|slimpajama)-mean"
# What two losses differ in, what that is, and what the paper reports for it.
RUNGS = {
    "same weights, evaluated again": ("noise", ""),
    "same recipe, another seed": ("noise", "up to 3.5 to 4 %"),
    "same recipe, trained again": ("noise", ""),
    "trained again, loss on last words": ("noise", ""),
    "trained again later, elsewhere": ("noise", ""),
    "runs about their family's law": ("noise", ""),
    "forecast from all smaller sizes": ("forecast", "best: 4 %"),
    "deduplicated or not": ("effect", "about 5 %"),
    "2 to 4 epochs, not 1": ("effect", "about 0 %"),
    "5 or 7 epochs, not 1": ("effect", "8 %"),
    "14 or 44 epochs, not 1": ("effect", "up to 50 %"),
    "twice the tokens": ("effect", "about 4 %"),
    "32 times the tokens": ("effect", "about 50 % (30x)"),
    "another data mix": ("effect", "6 to 10 %"),
}
# A run's partner is its name with a pattern replaced; the last column says on which
# losses.
PARTNERS = (
    ("same weights, evaluated again", r"-(again|late)$", "", WORDS),
    ("same recipe, another seed", r"^(ladder-w\d+)-s[1-4]-", r"\1-s0-", OWN),
    ("same recipe, trained again", r"^(olmo-7b)-twin-2t$", r"\1", ANY),
    ("same recipe, trained again", r"^(schedules-constant)-24000", r"\1-72000", OWN),
    (
        "trained again, loss on last words",
        r"^pythia-v1-(70m|1b)(|-deduped)$",
        r"pythia-v0-\1\2",
        WORDS,
    ),
    # not v1 2.8b: one of its two evaluations stands for the wrong corpus
    (
        "deduplicated or not",
        r"^(pythia-v[01]-(?!2\.8b)[\d.]+[mb]|pythia-v0-2\.8b)-deduped$",
        r"\1",
        WORDS,
    ),
    ("2 to 4 epochs, not 1", r"-[234]ep$", "-1ep", OWN),
    ("5 or 7 epochs, not 1", r"-[57]ep$", "-1ep", OWN),
    ("14 or 44 epochs, not 1", r"-(14|44)ep$", "-1ep", OWN),
    *(
        ("twice the tokens", rf"^(overtrain-.*)-{2 * k}x$", rf"\1-{k}x", OWN)
        for k in (1, 2, 4, 8, 16)
    ),
    ("32 times the tokens", r"^(overtrain-.*)-32x$", r"\1-1x", OWN),
    ("another data mix", r"^(bimix-\w+)-\w+$", r"\1-baseline", OWN),
    ("another data mix", r"^(datablations-code-mix-4.2b)-\d0c4$", r"\1-90c4", OWN),
    ("another data mix", r"^overtrain-re\w+(-7b-1x)$", r"overtrain-c4\1", ANY),
    (
        "another data mix",
        r"^overtrain-redpajama(-7b-1x)$",
        r"overtrain-refinedweb\1",
        ANY,
    ),
)
BANDS = {
    "below 2 %": (0.0, 0.02),
    "2 to 5 %": (0.02, 0.05),
    "5 to 10 %": (0.05, 0.1),
    "10 to 20 %": (0.1, 0.2),
    "20 to 50 %": (0.2, 0.5),
    "any": (0.0, np.inf),
}
ALIKE, APART = "two forecasts made alike", "two forecasts made differently"
NO_LAW = "no law: best loss of small runs"
PRICES = {
    "below 1 %": 0.01,
    "1 to 3 %": 0.03,
    "3 to 10 %": 0.1,
    "10 to 30 %": 0.3,
    "30 to 100 %": 1.0,
    "above 100 %": np.inf,
}


def floor_evidence():
    """ARE with every smaller size seen to its end, a row a family and estimator.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, method, scale_up, are``.
    """
    grid = size_grid()
    most = grid.groupby(KEYS)["n_sizes"].transform("max")
    full = grid[(grid["n_sizes"] == most) & grid["method"].isin(METHODS)]
    return full[[*KEYS, "method", "scale_up", "are"]].replace({"method": METHODS})


def price_evidence():
    """ARE of our fit by the share of the target's FLOPs that the small runs cost.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, flops_share, price`` (a band of `PRICES`) ``,
        are``, a row a cell of the grids of sizes and shares.
    """
    table = pd.concat([size_grid(), share_grid()])
    table = table[(table["method"] == "fit") & (table["n_sizes"] > 1)].copy()
    edges = [0.0, *PRICES.values()]
    table["price"] = pd.cut(table["flops_share"], edges, labels=list(PRICES)).astype(
        str
    )
    return table[[*KEYS, "flops_share", "price", "are"]].reset_index(drop=True)


def gap(first, second):
    """ARE of one run's losses as a forecast of another's, and its sign.

    Over the last 30 % of the training that both have, at the tokens (steps, where those
    are unknown) of checkpoints of both, or between those of the second; finished runs
    with one loss each are compared at their ends, whatever their length.
    """
    if min(len(first), len(second)) > 1:
        end = min(first["at"].max(), second["at"].max())
        first = first[first["at"].between((1 - TARGET_TAIL) * end, end)]
        shared = first["at"].isin(second["at"])
        first = first[shared] if shared.any() else first
    other = np.interp(
        first["at"], *second.sort_values("at")[["at", "loss"]].to_numpy().T
    )
    ratio = first["loss"] / other - 1
    return {"gap": ratio.abs().mean(), "signed": ratio.mean()}


@cached
def ladder_evidence():
    """How far apart two losses are that differ in one thing, noise or recipe.

    Returns
    -------
    DataFrame
        ``rung`` (of `RUNGS`) ``, source, run, partner, loss_kind, gap`` (as an ARE)
        ``, signed`` (below zero: the run is better than its partner).
    """
    runs = load_runs()
    runs["at"] = runs["tokens_seen"].fillna(runs["step"])
    runs = runs[runs["loss_kind"] != "train"]
    later = runs["note"].str.contains(LATER, na=False)
    series = dict(list(runs[~later].groupby(["run", "loss_kind"])))
    rows = []
    for rung, pattern, partner, kinds in PARTNERS:
        for (run, kind), own in series.items():
            name = re.sub(pattern, partner, run)
            if name != run and (name, kind) in series and re.fullmatch(kinds, kind):
                facts = {
                    "rung": rung,
                    "source": own["source"].iloc[0],
                    "run": run,
                    "partner": name,
                    "loss_kind": kind,
                }
                rows.append({**facts, **gap(own, series[name, kind])})
    return pd.concat(
        [pd.DataFrame(rows), _around_laws(), _later_runs()], ignore_index=True
    )


def _off_law(runs, fitted):
    """Each run's distance from the law of some runs, over the last 30 % of its tokens."""
    law = fit(early_cut(fitted)).law
    own = runs["tokens_seen"].groupby(runs["run"]).transform("max")
    ends = runs[runs["tokens_seen"] >= (1 - TARGET_TAIL) * own]
    ratio = ends["loss"] / law.predict(ends["num_params"], ends["tokens_seen"]) - 1
    table = ends.assign(
        gap=ratio.abs(), signed=ratio, partner="law of " + ends["family"]
    )
    keys = ["source", "family", "run", "partner", "loss_kind"]
    return table.groupby(keys, sort=False)[["gap", "signed"]].mean().reset_index()


def _around_laws():
    """Median distance of a family's runs from the law fitted to all of them, a row a family."""
    tables = pd.concat(
        _off_law(family, family) for family in eligible_families(min_checkpoints=1)
    )
    keys = ["source", "family", "partner", "loss_kind"]
    table = tables.groupby(keys, sort=False)[["gap", "signed"]].median().reset_index()
    return table.assign(rung="runs about their family's law").rename(
        columns={"family": "run"}
    )


def _later_runs():
    """Distance of overtrain's second series from the law of its first, short runs left out."""
    runs = load_runs("overtrain", loss_kind="validation-c4-val")
    runs = runs[runs["tokens_seen"] > 19 * runs["num_params"]]
    later = runs["note"].str.contains(LATER)
    parts = [
        _off_law(runs[later & (runs["family"] == name)], own)
        for name, own in runs[~later].groupby("family")
    ]
    return (
        pd.concat(parts)
        .drop(columns="family")
        .assign(rung="trained again later, elsewhere")
    )


def _comparable():
    """Results of the grids, and more of their kind, in groups whose targets can be compared.

    Two recipes are compared on one text at one size: epochs within a corpus, early or
    retrained Pythia deduplicated or not, three corpora on eight texts, two
    architectures.
    """
    grids = pd.concat([size_grid(), share_grid().query("share < 1")])
    grids = grids[
        grids["family"].str.match("gpt2|pythia|overtrain")
        & (grids["loss_kind"] != "train")
    ]
    texts = load_runs(
        "overtrain", loss_kind=[k for k in FURTHER_KINDS if "lambada" not in k]
    )
    mad = load_runs("mad")
    mad = mad.assign(model=mad["num_params"].map("{:.1e}".format))
    mad = mad[
        mad["model"].map(mad.groupby("model")["family"].nunique()) == 2
    ]  # sizes both have
    more = []
    for _, runs in pd.concat([texts, mad]).groupby(KEYS, sort=False):
        scores = evaluate(
            runs, (*METHODS, "best_seen"), sizes=windows(runs), protocol=PROTOCOLS
        )
        more.append(scores)
    table = pd.concat([grids, *more], ignore_index=True)
    table["group"] = (
        table["family"].str.extract(r"(gpt2-[a-z0-9]+|pythia-v\d)")[0].fillna("all")
    )
    return table


@cached
def chance_evidence():
    """How often two forecasts rank two recipes as they were measured, by their ARE.

    Both forecasts have an ARE within the band.  Made alike: same estimator, sizes and
    share of training; made differently: any two of them.  The order is that of the
    losses at the end of the target.

    Returns
    -------
    DataFrame
        ``how, source, band`` (of `BANDS`) ``, least`` (smallest measured difference
        counted) ``, right`` (share) ``, comparisons, pairs``.
    """
    table = _comparable()
    columns = ["family", "method", *CELL, "are", "forecast", "target_loss"]
    parts = []
    for (source, _, _), own in table.groupby(
        ["source", "loss_kind", "group"], sort=False
    ):
        for first, second in combinations(sorted(own["family"].unique()), 2):
            one, two = (
                own.loc[own["family"] == name, columns] for name in (first, second)
            )
            laws = [t[t["method"].isin(METHODS)] for t in (one, two)]
            none = [t[t["method"] == "best_seen"] for t in (one, two)]
            for how, (a, b), key in (
                (ALIKE, laws, ["method", *CELL]),
                (APART, laws, None),
                (NO_LAW, none, CELL),
            ):
                both = a.merge(b, how="inner" if key else "cross", on=key)
                parts.append(
                    both.assign(how=how, source=source, pair=f"{first} {second}")
                )
    return _by_band(pd.concat(parts))


def _by_band(both):
    """Count right orders by how the forecasts were made, source and band of ARE."""
    both = both.dropna(
        subset=["are_x", "are_y"]
    )  # a selection without any rows has none
    difference = both["target_loss_x"] - both["target_loss_y"]
    both = both.assign(
        right=(both["forecast_x"] - both["forecast_y"]) * difference > 0,
        size=difference.abs() / both[["target_loss_x", "target_loss_y"]].min(axis=1),
    )
    rows = []
    for least in (0.0, 0.02):
        for band, (low, high) in BANDS.items():
            inside = (both[["are_x", "are_y"]].min(axis=1) >= low) & (
                both[["are_x", "are_y"]].max(axis=1) < high
            )
            kept = both[inside & (both["size"] >= least)].groupby(
                ["how", "source"], sort=False
            )
            counts = kept.agg(
                right=("right", "mean"),
                comparisons=("right", "size"),
                pairs=("pair", "nunique"),
            )
            rows.append(counts.reset_index().assign(band=band, least=least))
    return pd.concat(rows, ignore_index=True)


def right_picks(chances, how=ALIKE, band="10 to 20 %", least=0.0):
    """Share of right orders, every source weighing the same, and its range when one is left out.

    Examples
    --------
    >>> made = {"how": ALIKE, "band": "10 to 20 %", "least": 0.0}
    >>> right_picks(pd.DataFrame([{"source": "a", "right": 0.5, **made},
    ...                           {"source": "b", "right": 1.0, **made}]))
    (0.75, 0.5, 1.0)
    """
    kept = chances[
        (chances["how"] == how)
        & (chances["band"] == band)
        & (chances["least"] == least)
    ]
    without = [over_studies(kept[kept["source"] != s], "right") for s in kept["source"]]
    return over_studies(kept, "right"), min(without), max(without)


def _floor(errors=None, apart=None):
    """Both F and the R of the rule; the grid's "paper" makes its own choice of rows."""
    errors = floor_evidence() if errors is None else errors
    apart = ladder_seeds.seed_spread()["apart"].max() if apart is None else apart
    middle = {
        n: over_studies(own, "are") for n, own in errors.groupby("method", sort=False)
    }
    inside = [0.02 <= value <= 0.06 for value in (*middle.values(), apart)]
    words = [
        f"{name}: median ARE {100 * value:.1f} %" for name, value in middle.items()
    ]
    words.append(f"two seeds of our ladder differ by up to {100 * apart:.1f} %")
    return "; ".join(words), verdict_of_parts(*inside)


def _useful(chances=None, how=ALIKE):
    """P of the rule for two forecasts made alike, as anyone who chooses would make them.

    The rule does not say how the two are made; made differently is given beside it.
    """
    chances = chance_evidence() if chances is None else chances
    alike, low, high = right_picks(chances)
    apart = right_picks(chances, APART)[0]
    right = right_picks(chances, how)[0]
    verdict = (
        "holds"
        if right >= 0.75
        else "does not hold"
        if right <= 0.6
        else "holds in part"
    )
    return (
        f"right in {100 * alike:.0f} % of comparisons made alike ({100 * low:.0f} to "
        f"{100 * high:.0f} % without any one study), {100 * apart:.0f} % made differently"
    ), verdict


TESTS = {"floor": _floor, "useful": _useful}
