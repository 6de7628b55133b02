"""How far apart two losses are that differ in one thing: noise, or the recipe.

Belongs to the chapter on the budget.
"""

import numpy as np
import pandas as pd

from hitchhiker.fits.fitting import fit
from hitchhiker.runs.data import load_runs, read_table
from hitchhiker.runs.selection import TARGET_TAIL, early_cut

from .cache import cached
from .corpus import LATER, SECOND_EVALUATION, further_kinds, run_pairs
from .grids import eligible_families

LEAST_TOKENS_PER_PARAMETER = 19  # of overtrain's runs; those with fewer are short
# What two losses differ in, what that is, and what the paper reports for it; those of
# pairs of runs are the comparisons of the table run_pairs.
COMPARISONS = {
    SECOND_EVALUATION: ("noise", ""),
    "same recipe, another seed": ("noise", "up to 3.5 to 4 %"),
    "same recipe, trained again": ("noise", ""),
    "trained again, loss on last words": ("noise", ""),
    LATER: ("noise", ""),
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
def gap_evidence():
    """How far apart two losses are that differ in one thing, noise or recipe.

    Returns
    -------
    DataFrame
        ``comparison`` (of `COMPARISONS`) ``, source, run, partner, loss_kind, gap`` (as
        an ARE) ``, signed`` (below zero: the run is better than its partner).
    """
    runs = load_runs()
    runs["at"] = runs["tokens_seen"].fillna(runs["step"])
    runs = runs[runs["loss_kind"] != "train"]
    logs = dict(list(runs.groupby(["run", "loss_kind"])))
    kinds = runs.groupby("run")["loss_kind"].agg(set)
    pairs = read_table("run_pairs").dropna(subset="partner")
    rows = []
    for pair in pairs[pairs["comparison"].isin(COMPARISONS)].itertuples():
        left_out = set(further_kinds()) if pair.loss_kinds == "main" else set()
        for kind in sorted((kinds[pair.run] & kinds[pair.partner]) - left_out):
            first, second = logs[pair.run, kind], logs[pair.partner, kind]
            facts = {
                "comparison": pair.comparison,
                "source": first["source"].iloc[0],
                "run": pair.run,
                "partner": pair.partner,
                "loss_kind": kind,
            }
            rows.append({**facts, **gap(first, second)})
    return pd.concat(
        [pd.DataFrame(rows), _around_laws(), _later_runs()], ignore_index=True
    )


def _off_law(runs, fitted):
    """Distance of each run's last 30 % of tokens from the law of some runs."""
    law = fit(early_cut(fitted)).law
    end = runs["tokens_seen"].groupby(runs["run"]).transform("max")
    ends = runs[runs["tokens_seen"] >= (1 - TARGET_TAIL) * end]
    ratio = ends["loss"] / law.predict(ends["num_params"], ends["tokens_seen"]) - 1
    table = ends.assign(
        gap=ratio.abs(), signed=ratio, partner="law of " + ends["family"]
    )
    keys = ["source", "family", "run", "partner", "loss_kind"]
    return table.groupby(keys, sort=False)[["gap", "signed"]].mean().reset_index()


def _around_laws():
    """Median distance of each family's runs from the law fitted to all of them."""
    tables = pd.concat(
        _off_law(family, family) for family in eligible_families(min_checkpoints=1)
    )
    keys = ["source", "family", "partner", "loss_kind"]
    table = tables.groupby(keys, sort=False)[["gap", "signed"]].median().reset_index()
    return table.assign(comparison="runs about their family's law").rename(
        columns={"family": "run"}
    )


def _later_runs():
    """Distance of overtrain's second series from the law of its first."""
    runs = load_runs("overtrain", loss_kind="validation-c4-val")
    runs = runs[runs["tokens_seen"] > LEAST_TOKENS_PER_PARAMETER * runs["num_params"]]
    later = runs["run"].isin(run_pairs(LATER)["run"])
    parts = [
        _off_law(runs[later & (runs["family"] == name)], first)
        for name, first in runs[~later].groupby("family")
    ]
    return pd.concat(parts).drop(columns="family").assign(comparison=LATER)
