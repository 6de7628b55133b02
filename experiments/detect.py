"""Claim about finding the size that spoils a fit, by leaving out one size at a time."""

import numpy as np
import pandas as pd

from hitchhiker.evaluation.methods import paper
from hitchhiker.evaluation.scoring import absolute_relative_error as are
from hitchhiker.fits.fitting import fit_many
from hitchhiker.laws import PARAMETERS, ScalingLaw
from hitchhiker.runs.selection import (
    early_cut,
    hold_out,
    size_names,
    sizes,
    target,
    with_sizes,
)

from .cache import cached
from .grids import eligible_families, evenly_spaced
from .rules import Claim, in_percent, verdict_of_value
from .studies import KEYS, OUR_FIT, PAPERS_FIT, over_studies, share_over_studies

FEWEST_SIZES = 5  # sizes of a family in the rule, the target among them
MOST_DROPPED = 4  # sizes dropped one after the other, while three are left
FAULTS = (0.02, 0.05, 0.10)  # by how much the losses of one size are raised
MOST_SIZES_WITH_FAULT = 6  # sizes a family is thinned to before a fault is planted
# How a size can be told to be bad, a column of `each_way` each; the largest is flagged.
DETECTORS = {
    "left_out": "error when left out",
    "inside": "error inside the fit",
    "influence": "moves the forecast",
}


def our_laws(train, masks):
    """Our fit of each selection of rows."""
    return fit_many(train, weights=masks).laws


def paper_laws(train, masks):
    """The paper's fit of each selection; a failure forecasts the lowest loss seen."""
    laws = []
    for mask in masks:
        try:
            row = paper(train[mask], [1e9], [1e9]).iloc[0]
            laws.append(ScalingLaw(*row[list(PARAMETERS)]))
        except RuntimeError:
            laws.append(ScalingLaw(train["loss"][mask].min(), 0, 1, 0, 1))
    return laws


def _read(law, rows):
    """Loss that a law gives for some rows."""
    return law.predict(rows["num_params"], rows["tokens_seen"])


def each_way(train, aim, names, laws=our_laws):
    """Drop each of the sizes ``names`` in turn, a row a size.

    Returns
    -------
    DataFrame
        ``size``; errors over the last stretch of the size itself, ``left_out`` of the
        fit without it and ``inside`` of the fit with it; ``influence``, the mean shift
        of the forecast of ``aim`` as a share; ``are`` of that forecast without the
        size, with all sizes (``are_all``) and of the median of the forecasts without
        one (``are_median``).
    """
    label = size_names(train).to_numpy()
    kept = [names] + [[n for n in names if n != name] for name in names]
    whole, *without = laws(train, np.array([np.isin(label, some) for some in kept]))
    ends = [target(train[label == name]) for name in names]
    all_in, moved = _read(whole, aim), np.array([_read(law, aim) for law in without])
    return pd.DataFrame(
        {
            "size": names,
            "left_out": [
                are(e["loss"], _read(w, e)) for e, w in zip(ends, without, strict=True)
            ],
            "inside": [are(e["loss"], _read(whole, e)) for e in ends],
            "influence": np.abs(moved / all_in - 1).mean(axis=1),
            "are": [are(aim["loss"], one) for one in moved],
            "are_all": are(aim["loss"], all_in),
            "are_median": are(aim["loss"], np.median(moved, axis=0)),
        }
    )


def _families():
    """Names, training rows and target of each family that is large enough."""
    for runs in eligible_families(min_checkpoints=1):
        if len(sizes(runs)) >= FEWEST_SIZES:
            train, aim = hold_out(runs)
            yield dict(runs.iloc[0][KEYS]), early_cut(train).reset_index(drop=True), aim


@cached
def drop_evidence():
    """Every way to drop one size; the flagged one is gone in the next step.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, method, step`` and the columns of `each_way`,
        sizes from small to large.
    """
    parts = []
    for facts, train, aim in _families():
        for method, laws in {OUR_FIT: our_laws, PAPERS_FIT: paper_laws}.items():
            names = list(sizes(train).index)
            for step in range(1, MOST_DROPPED + 1):
                if len(names) < 4:
                    break
                ways = each_way(train, aim, names, laws)
                parts.append(ways.assign(**facts, method=method, step=step))
                names.remove(ways["size"][ways["left_out"].idxmax()])
    return pd.concat(parts, ignore_index=True)


@cached
def planted_evidence():
    """Raise the losses of one size and see which detector flags it.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, level`` (of the fault) ``, bad, place`` (end or
        middle) ``, n_sizes``; ARE of the target ``clean`` (no fault), ``kept`` (nothing
        dropped), ``known`` (the bad size dropped), ``median`` (of the forecasts
        without one); for each of `DETECTORS` whether it found the bad size,
        ``found_...``, and ARE without the size it flags, ``are_...``.
    """
    rows = []
    for facts, train, aim in _families():
        every = sizes(train).index
        names = [every[i - 1] for i in evenly_spaced(len(every), MOST_SIZES_WITH_FAULT)]
        train = with_sizes(train, names).reset_index(drop=True)
        clean = each_way(train, aim, names)["are_all"].iloc[0]
        rows += [
            {**facts, **_with_fault(train, aim, names, bad, level), "clean": clean}
            for level in FAULTS
            for bad in names
        ]
    return pd.DataFrame(rows)


def _with_fault(train, aim, names, bad, level):
    """What the detectors flag when the losses of one size are raised by a share."""
    fault = np.where(size_names(train) == bad, 1 + level, 1)
    ways = each_way(train.assign(loss=train["loss"] * fault), aim, names)
    index = names.index(bad)
    row = {
        "level": level,
        "bad": bad,
        "place": "end" if bad in (names[0], names[-1]) else "middle",
        "n_sizes": len(names),
        "kept": ways["are_all"][0],
        "known": ways["are"][index],
        "median": ways["are_median"][0],
    }
    for name in DETECTORS:
        flagged = ways[name].idxmax()
        row[f"found_{name}"] = flagged == index
        row[f"are_{name}"] = ways["are"][flagged]
    return row


def rank_of(values, index):
    """Rank of one among several, 0 the smallest and 1 the largest; ties share.

    Examples
    --------
    >>> float(rank_of([0.1, 0.3, 0.2], 2))
    0.5
    """
    values = np.asarray(values)
    below, same = (values < values[index]).sum(), (values == values[index]).sum() - 1
    return (below + same / 2) / (len(values) - 1)


def outcomes(table, detector="left_out"):
    """What dropping the flagged size does, a row a family, method and step.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, method, step, n_sizes, flagged, rank`` (among all
        ways to drop one, by ARE) ``, flagged_are, kept, best, worst, median`` (AREs).
    """
    rows = []
    for keys, ways in table.groupby([*KEYS, "method", "step"], sort=False):
        at = ways[detector].to_numpy().argmax()
        loss = ways["are"].to_numpy()
        rows.append(
            [
                *keys,
                len(ways),
                ways["size"].iloc[at],
                rank_of(loss, at),
                loss[at],
                ways["are_all"].iloc[0],
                loss.min(),
                loss.max(),
                ways["are_median"].iloc[0],
            ]
        )
    names = (
        "method step n_sizes flagged rank flagged_are kept best worst median".split()
    )
    return pd.DataFrame(rows, columns=[*KEYS, *names])


def hits(planted):
    """How often each detector finds the planted fault, every source weighing the same.

    Returns
    -------
    DataFrame
        A row a level: ``level, chance`` and a column a detector of `DETECTORS`.
    """
    rows = []
    planted = planted.assign(chance=1 / planted["n_sizes"])
    for level, faults in planted.groupby("level"):
        shares = {"level": level, "chance": over_studies(faults, "chance", "mean")}
        for name in DETECTORS:
            shares[name] = over_studies(faults, f"found_{name}", "mean")
        rows.append(shares)
    return pd.DataFrame(rows)


def first_outcomes():
    """`outcomes` of the whole family's first step; five sizes count the target."""
    return outcomes(drop_evidence().query("step == 1"))


def _judge(table, limits):
    """Judge by our fit; the paper's stands beside it."""
    mean_rank, words = {}, []
    for name, rows in table.groupby("method", sort=False):
        mean_rank[name] = over_studies(rows, "rank", "mean")
        worst = share_over_studies(rows, rows["rank"] == 1)
        words.append(
            f"{name}: R = {mean_rank[name]:.2f}, worst in {in_percent(worst, '.0f')}"
        )
    verdict = verdict_of_value(mean_rank[OUR_FIT], limits["holds"], limits["fails"])
    return "; ".join(words), verdict


def _family_ranks(table, limits):
    ours = table.loc[table["method"] == OUR_FIT, [*KEYS, "rank"]]
    return ours.rename(columns={"rank": "value"}).assign(low=limits["holds"])


CLAIMS = (
    Claim(
        id="detect",
        name="The bad size is not found",
        asks="rank of the flagged, {holds} or more",
        rule="""In families of {fewest:word} sizes or more the size with the largest
        error when left out is flagged. R is the mean rank of dropping the flagged size
        among all ways to drop one (0 best, 1 worst, chance is 0.5), every source
        weighing the same. Holds if R is at least {holds}; does not hold if R is at most
        {fails}; else holds in part""",
        limits={"fewest": FEWEST_SIZES, "holds": 0.4, "fails": 0.25},
        evidence=first_outcomes,
        judge=_judge,
        families=_family_ranks,
    ),
)
