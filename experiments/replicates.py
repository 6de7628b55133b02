"""How far apart two losses are that differ in one thing: noise, or the recipe.

Belongs to the chapter on the budget.
"""

import re

import numpy as np
import pandas as pd

from hitchhiker.fits.fitting import fit
from hitchhiker.runs.data import load_runs
from hitchhiker.runs.selection import TARGET_TAIL, early_cut

from .cache import cached
from .grids import eligible_families

LATER_NOTE = "not of the series"  # in the notes of overtrain's second series
LEAST_TOKENS_PER_PARAMETER = 19  # of its runs; those with fewer are short
ANY_KIND, WORD_KINDS = ".*", "lambada-last-word|wikitext-word"
MAIN_KINDS = (
    "validation|validation-c4|validation-openlm|validation-(pile|slimpajama)-mean"
)
# What two losses differ in, what that is, and what the paper reports for it.
COMPARISONS = {
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
# A comparison, a pattern in a run's name, what it is replaced with to name the partner,
# and a pattern of the kinds of loss on which the two are compared.
REPLICATES = (
    ("same weights, evaluated again", r"-(again|late)$", "", WORD_KINDS),
    ("same recipe, another seed", r"^(ladder-w\d+)-s[1-4]-", r"\1-s0-", MAIN_KINDS),
    ("same recipe, trained again", r"^(olmo-7b)-twin-2t$", r"\1", ANY_KIND),
    (
        "same recipe, trained again",
        r"^(schedules-constant)-24000",
        r"\1-72000",
        MAIN_KINDS,
    ),
    (
        "trained again, loss on last words",
        r"^pythia-v1-(70m|1b)(|-deduped)$",
        r"pythia-v0-\1\2",
        WORD_KINDS,
    ),
    # not v1 2.8b: one of its two evaluations stands for the wrong corpus
    (
        "deduplicated or not",
        r"^(pythia-v[01]-(?!2\.8b)[\d.]+[mb]|pythia-v0-2\.8b)-deduped$",
        r"\1",
        WORD_KINDS,
    ),
    ("2 to 4 epochs, not 1", r"-[234]ep$", "-1ep", MAIN_KINDS),
    ("5 or 7 epochs, not 1", r"-[57]ep$", "-1ep", MAIN_KINDS),
    ("14 or 44 epochs, not 1", r"-(14|44)ep$", "-1ep", MAIN_KINDS),
    *(
        ("twice the tokens", rf"^(overtrain-.*)-{2 * k}x$", rf"\1-{k}x", MAIN_KINDS)
        for k in (1, 2, 4, 8, 16)
    ),
    ("32 times the tokens", r"^(overtrain-.*)-32x$", r"\1-1x", MAIN_KINDS),
    ("another data mix", r"^(bimix-\w+)-\w+$", r"\1-baseline", MAIN_KINDS),
    (
        "another data mix",
        r"^(datablations-code-mix-4.2b)-\d0c4$",
        r"\1-90c4",
        MAIN_KINDS,
    ),
    ("another data mix", r"^overtrain-re\w+(-7b-1x)$", r"overtrain-c4\1", ANY_KIND),
    (
        "another data mix",
        r"^overtrain-redpajama(-7b-1x)$",
        r"overtrain-refinedweb\1",
        ANY_KIND,
    ),
)


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


def replicates(names):
    """Runs that differ from another in one thing, by the patterns of `REPLICATES`.

    Yields
    ------
    tuple of str
        Comparison, run, its partner, and a pattern of kinds of loss.
    """
    for comparison, pattern, replacement, kinds in REPLICATES:
        for run in names:
            partner = re.sub(pattern, replacement, run)
            if partner != run and partner in names:
                yield comparison, run, partner, kinds


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
    later = runs["note"].str.contains(LATER_NOTE, na=False)
    series = {
        run: dict(list(table.groupby("loss_kind")))
        for run, table in runs[~later].groupby("run")
    }
    rows = []
    for comparison, run, partner, kinds in replicates(series):
        for kind, losses in series[run].items():
            if kind in series[partner] and re.fullmatch(kinds, kind):
                facts = {
                    "comparison": comparison,
                    "source": losses["source"].iloc[0],
                    "run": run,
                    "partner": partner,
                    "loss_kind": kind,
                }
                rows.append({**facts, **gap(losses, series[partner][kind])})
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
    later = runs["note"].str.contains(LATER_NOTE)
    parts = [
        _off_law(runs[later & (runs["family"] == name)], first)
        for name, first in runs[~later].groupby("family")
    ]
    return (
        pd.concat(parts)
        .drop(columns="family")
        .assign(comparison="trained again later, elsewhere")
    )
