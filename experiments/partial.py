"""Claim about training the target part of the way, and what the same FLOPs buy."""

from functools import partial

import numpy as np
import pandas as pd

from hitchhiker.evaluation.evaluating import evaluate
from hitchhiker.evaluation.methods import BORROWED, METHODS, LawMethod, most_trained
from hitchhiker.laws import training_flops
from hitchhiker.runs import selection
from hitchhiker.runs.data import load_runs

from .cache import cached
from .corpus import next_token_kinds, with_plain_law
from .grids import eligible_families
from .rules import Claim, in_percent, verdict_of_shares
from .studies import KEYS, over_studies, share_over_studies

TARGET_SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7)
CLAIMED, USEFUL = 0.3, 0.05  # the paper's share of the target, the error to reach
PART_RUN = "part of the target"  # name of its run and size among those that are seen
LAW_ON_PART = "law on the part"
LAST_LOSS = "last loss of the part"
SMALLER_SHAPE = "shape of the next smaller run"
LAW_ON_PART_SQUARES = "law on the part, squares"
SMALL_TO_END = "small sizes to the end"
SMALL_PART_WAY = "all small sizes part of the way"
SMALL_AND_PART = "all small sizes and the part"
PART_METHODS = {
    LAW_ON_PART: LawMethod(fixed=BORROWED),
    LAST_LOSS: most_trained,
    LAW_ON_PART_SQUARES: LawMethod(objective="ls", fixed=BORROWED),
}
# Where a source counts steps only: the unit of tokens does not move a forecast.
TOKENS_OF_A_STEP = 1e6


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
    known = whole["tokens_seen"] / whole["tokens_seen"].max()
    curve = np.interp(asked, known, whole["loss"])
    return last["loss"] * curve[1:] / curve[0]


def small_fit(train_runs, num_params, tokens_seen):
    """Our default fit; from fewer than three sizes A and alpha are borrowed."""
    few = selection.size_names(train_runs).nunique() < 3
    return LawMethod(fixed=BORROWED if few else {})(train_runs, num_params, tokens_seen)


def with_part(runs):
    """A family in which the target's own run also stands as a size that may be seen.

    The beginnings are cut off, as a share of the whole run; of the largest size only
    the run with the most tokens is kept.
    """
    runs = selection.early_cut(runs)
    target = longest_run(selection.max_params(runs))
    small = runs[selection.size_names(runs) != target["model"].iloc[0]]
    part = target.assign(run=PART_RUN, model=PART_RUN)
    return pd.concat([small, part, target], ignore_index=True)


def rows_seen(train, part, small=0.0, sizes=()):
    """Rows in the first share ``part`` of the target, and ``small`` of some sizes."""
    end = train.groupby("run")["tokens_seen"].transform("max")
    limit = np.where(train["model"].isin(list(sizes)), small, 0.0)
    limit = np.where(train["model"] == PART_RUN, part, limit)
    return train[train["tokens_seen"] <= limit * end]


def part_choices(sizes=()):
    """Choices for `hitchhiker.evaluate`, by the share of the target that they show.

    Parameters
    ----------
    sizes : collection of str
        Sizes of which all is seen besides.
    """
    return {
        share: partial(rows_seen, part=share, small=1, sizes=sizes)
        for share in TARGET_SHARES
    }


@cached
def partial_evidence():
    """Forecasts of the target from its own part, and from small models as costly.

    Returns
    -------
    DataFrame
        Rows of `hitchhiker.evaluate`, a row a family, share of the target's FLOPs and
        method, and ``schedule`` of the target, in words.
    """
    parts = [_family_scores(runs) for runs in eligible_families(5)]
    return pd.concat(parts, ignore_index=True)


def _family_scores(runs):
    table = with_part(runs)
    small = table[~selection.size_names(table).isin(selection.sizes(table).index[-2:])]
    names = selection.sizes(small).index
    flops = selection.cost(table[table["run"] == PART_RUN])
    paid = [selection.cost(selection.smallest(small, k + 1)) for k in range(len(names))]
    to_end, part_way = {}, {}
    for q in TARGET_SHARES:
        bought = names[np.array(paid) <= q * flops]
        to_end[q] = partial(rows_seen, part=0, small=1, sizes=bought)
        seen = min(1, q * flops / paid[-1])
        part_way[q] = partial(rows_seen, part=0, small=seen, sizes=names)
    plans = [
        (PART_METHODS, part_choices()),
        ({SMALLER_SHAPE: same_shape}, part_choices(names[-1:])),
        ({SMALL_AND_PART: METHODS["fit"]}, part_choices(names)),
        ({SMALL_TO_END: small_fit}, to_end),
        ({SMALL_PART_WAY: small_fit}, part_way),
    ]
    return pd.concat([scored_by_share(table, *plan) for plan in plans])


def scored_by_share(table, methods, choices):
    """Rows of `hitchhiker.evaluate` with the share of the target and its schedule.

    Parameters
    ----------
    table : DataFrame
        As from `with_part`.
    methods : str or dict
        As for `hitchhiker.evaluate`.
    choices : dict of float to callable
        By share of the target, as from `part_choices`.
    """
    scores = evaluate(table, methods, sizes=choices, early=None)
    target = table.iloc[-1]
    schedule = "not stated" if pd.isna(target["schedule"]) else target["schedule"]
    schedule += ", repeated data" if target["epochs"] >= 2 else ""
    scores = scores.assign(share=scores["cell"], schedule=schedule)
    return scores.drop(columns="cell")


@cached
def single_evidence():
    """The same for single runs: forecasts of their ends from their own parts.

    They are those in nats per token, on one text each, of the sources that have no
    family with three sizes.

    Returns
    -------
    DataFrame
        As `partial_evidence`, with the run's name for ``family``.
    """
    runs = with_plain_law(load_runs(loss_kind=list(next_token_kinds())))
    with_sizes = {table["source"].iloc[0] for table in eligible_families(1)}
    runs = runs[~runs["source"].isin(with_sizes)]
    tokens = runs["tokens_seen"].fillna(TOKENS_OF_A_STEP * runs["step"])
    flops = training_flops(runs["num_params"], tokens)
    runs = runs.assign(tokens_seen=tokens, flops=flops, family=runs["run"])
    parts = [
        scored_by_share(with_part(run), PART_METHODS, part_choices())
        for _, run in runs.groupby("run", sort=False)
    ]
    return pd.concat(parts, ignore_index=True)


def within(scores, method, level=USEFUL):
    """Share of families whose ARE is at most ``level``, by share of the target.

    Every source weighs the same.  No forecast counts as a miss.
    """
    by_share = scores[scores["method"] == method].groupby("share")
    return {
        q: share_over_studies(cells, cells["are"] <= level) for q, cells in by_share
    }


def _judge(table, limits):
    """Judge families of three sizes or more with a log, as in the other experiments.

    The target's single run is one of the largest size with the most tokens; where
    nothing is left after the early cut there is no forecast, and that counts as a miss.
    """
    are, part = limits["are"], limits["part"]
    good = within(table, LAW_ON_PART, are)
    median = over_studies(table[table["share"] == part], "are", over="median")
    shares = {share: in_percent(value, ".0f") for share, value in good.items()}
    value = (
        f"within {in_percent(are)} are {shares[part]} of families from the first "
        f"{in_percent(part)} of the target (median ARE {in_percent(median, '.1f')}), "
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
        evidence=lambda: partial_evidence().query("method == @LAW_ON_PART"),
        judge=_judge,
        families=_families,
    ),
)
