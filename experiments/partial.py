"""Claim about training the target itself part of the way, and what else the same FLOPs buy."""

from functools import partial

import numpy as np
import pandas as pd

from hitchhiker.evaluation.evaluating import evaluate
from hitchhiker.evaluation.methods import BORROWED, METHODS, LawMethod, most_trained
from hitchhiker.laws import training_flops
from hitchhiker.runs import selection
from hitchhiker.runs.data import load_runs

from .cache import cached
from .grids import eligible_families
from .rules import Claim, percent, verdict_of_shares
from .studies import KEYS, over_studies, share_over_studies

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7)
CLAIMED, USEFUL = (
    0.3,
    0.05,
)  # the paper's share of the target, the error it should reach
PART, LAST, SHAPE = (
    "law on the part",
    "last loss of the part",
    "shape of the next smaller run",
)
SQUARES = "law on the part, squares"
TO_END, PART_WAY = "small sizes to the end", "all small sizes part of the way"
BOTH = "all small sizes and the part"
# Runs that have no smaller size here; one kind of loss each.
SINGLE_KINDS = {
    "olmo": ["validation-c4-en", "validation-v3-small-c4-en"],
    "red_pajama": ["train"],
    "bimix": ["validation-pile-mean", "validation-slimpajama-mean"],
    "llm360": ["train", "validation-amber-mean"],
    "schedules": ["validation"],
}
FROM_PART = {
    PART: LawMethod(fixed=BORROWED),
    LAST: most_trained,
    SQUARES: LawMethod(objective="ls", fixed=BORROWED),
}
STEP_TOKENS = (
    1e6  # where a source counts steps only: the unit of tokens does not move a forecast
)


def longest_run(runs):
    """Rows of the run with the most tokens."""
    return runs[runs["run"] == runs.loc[runs["tokens_seen"].idxmax(), "run"]]


def same_shape(train_runs, num_params, tokens_seen):
    """The last loss of the target's part, falling on as the next smaller size did.

    No law is fitted.  The forecast is the last loss of the largest size in the table
    times the ratio by which the loss of the next smaller size changed from that share
    of its own tokens to the share asked for, so its schedule comes along.

    Parameters
    ----------
    train_runs : DataFrame
        Runs with the next smaller size trained to its end and the part of the target.
    num_params : ignored
    tokens_seen : array, shape (n,) tokens
        The last of them is the planned end of the target.
    """
    names = selection.sizes(train_runs).index
    part, whole = (
        longest_run(selection.with_sizes(train_runs, [n])) for n in names[[-1, -2]]
    )
    last = part.loc[part["tokens_seen"].idxmax()]
    asked = np.append(last["tokens_seen"], tokens_seen) / np.max(tokens_seen)
    curve = np.interp(
        asked, whole["tokens_seen"] / whole["tokens_seen"].max(), whole["loss"]
    )
    return last["loss"] * curve[1:] / curve[0]


def small_fit(train_runs, num_params, tokens_seen):
    """Our default fit; with fewer than three sizes A and alpha are borrowed, as for the part."""
    few = selection.size_names(train_runs).nunique() < 3
    return LawMethod(fixed=BORROWED if few else {})(train_runs, num_params, tokens_seen)


def with_part(runs):
    """A family in which the target's own run also stands as a size that a method may see.

    The beginnings are cut off, as a share of the whole run; of the largest size only
    the run with the most tokens is kept.
    """
    runs = selection.early_cut(runs)
    own = longest_run(selection.max_params(runs))
    small = runs[selection.size_names(runs) != own["model"].iloc[0]]
    return pd.concat([small, own.assign(run=PART, model=PART), own], ignore_index=True)


def seen(train, part, small=0.0, sizes=()):
    """Rows in the first share ``part`` of the target's part, and ``small`` of some sizes' runs."""
    end = train.groupby("run")["tokens_seen"].transform("max")
    limit = np.where(train["model"].isin(list(sizes)), small, 0.0)
    limit = np.where(train["model"] == PART, part, limit)
    return train[train["tokens_seen"] <= limit * end]


@cached
def partial_evidence():
    """Forecasts of the target from its own part and from small models of the same FLOPs.

    Returns
    -------
    DataFrame
        Rows of `hitchhiker.evaluate`, a row a family, share of the target's FLOPs and
        method, and ``schedule`` of the target, in words.
    """
    return pd.concat(
        [_family(runs) for runs in eligible_families(5)], ignore_index=True
    )


def _family(runs):
    table = with_part(runs)
    small = table[~selection.size_names(table).isin(selection.sizes(table).index[-2:])]
    names, whole = (
        selection.sizes(small).index,
        selection.cost(table[table["run"] == PART]),
    )
    paid = [selection.cost(selection.smallest(small, k + 1)) for k in range(len(names))]
    bought = {q: names[np.array(paid) <= q * whole] for q in SHARES}
    fewer = [min(1, q * whole / paid[-1]) for q in SHARES]
    choices = {
        SHAPE: (
            same_shape,
            [partial(seen, part=q, small=1, sizes=names[-1:]) for q in SHARES],
        ),
        BOTH: (
            METHODS["fit"],
            [partial(seen, part=q, small=1, sizes=names) for q in SHARES],
        ),
        TO_END: (
            small_fit,
            [partial(seen, part=0, small=1, sizes=bought[q]) for q in SHARES],
        ),
        PART_WAY: (
            small_fit,
            [partial(seen, part=0, small=s, sizes=names) for s in fewer],
        ),
    }
    plans = [(FROM_PART, [partial(seen, part=q) for q in SHARES])]
    plans += [({name: method}, chosen) for name, (method, chosen) in choices.items()]
    return pd.concat([_scored(table, *plan) for plan in plans])


def _scored(table, methods, choices):
    """Rows of `evaluate`, a choice a share of `SHARES`, with the schedule of the target."""
    scores = evaluate(table, methods, sizes=choices, early=0.0)
    own = table.iloc[-1]
    schedule = "not stated" if pd.isna(own["schedule"]) else own["schedule"]
    schedule += ", repeated data" if own["epochs"] >= 2 else ""
    return scores.assign(share=np.tile(SHARES, len(methods)), schedule=schedule)


@cached
def single_evidence():
    """The same for single runs: forecasts of their ends from their own parts.

    Returns
    -------
    DataFrame
        As `partial_evidence`, with the run's name for ``family``.
    """
    runs = load_runs(list(SINGLE_KINDS))
    runs = runs[
        [k in SINGLE_KINDS[s] for s, k in runs[["source", "loss_kind"]].to_numpy()]
    ]
    tokens = runs["tokens_seen"].fillna(STEP_TOKENS * runs["step"])
    flops = training_flops(runs["num_params"], tokens)
    runs = runs.assign(tokens_seen=tokens, flops=flops, family=runs["run"])
    choices = [partial(seen, part=q) for q in SHARES]
    tables = [with_part(own) for _, own in runs.groupby("run", sort=False)]
    return pd.concat(
        [_scored(t, FROM_PART, choices) for t in tables], ignore_index=True
    )


def within(scores, method, level=USEFUL):
    """Share of families whose ARE is at most ``level``, by share of the target.

    Every source weighs the same.  No forecast counts as a miss.
    """
    rows = scores[scores["method"] == method]
    return {
        q: share_over_studies(own, own["are"] <= level)
        for q, own in rows.groupby("share")
    }


def _judge(table, limits):
    """Judge families of three sizes or more with a log, as in the other experiments.

    The target's single run is one of the largest size with the most tokens; where
    nothing is left after the early cut there is no forecast, and that counts as a miss.
    """
    are, part = limits["are"], limits["part"]
    good = within(table, PART, are)
    median = over_studies(table[table["share"] == part], "are", over="median")
    shares = {share: percent(value, ".0f") for share, value in good.items()}
    value = (
        f"within {percent(are)} are {shares[part]} of families from the first "
        f"{percent(part)} of the target (median ARE {percent(median, '.1f')}), "
        f"{shares[0.4]} from 40 %, {shares[0.5]} from half of it"
    )
    return value, verdict_of_shares([good[part]], limits["holds"], limits["fails"])


def _families(table, limits):
    rows = table[table["share"] == limits["part"]]
    return (
        rows[[*KEYS, "are"]].rename(columns={"are": "value"}).assign(high=limits["are"])
    )


CLAIMS = (
    Claim(
        id="partial",
        name="30 % of the target is enough",
        asks="error, {are:percent} or less",
        rule="""W is the share of families whose ARE is at most {are:percent} when our
        fit sees only the first {part:percent} of the target's own tokens, A and alpha
        borrowed, every source weighing the same. Holds if W is at least
        {holds:fraction}; does not hold if W is below {fails:fraction}; else holds in
        part""",
        limits={"are": USEFUL, "part": CLAIMED, "holds": 2 / 3, "fails": 1 / 3},
        evidence=lambda: partial_evidence().query("method == @PART"),
        judge=_judge,
        families=_families,
    ),
)
