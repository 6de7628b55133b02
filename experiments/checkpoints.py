"""Claims about which checkpoints to fit on, and how much of the beginning to leave out."""

import pandas as pd

from hitchhiker.evaluation.evaluating import evaluate
from hitchhiker.runs.data import load_runs
from hitchhiker.runs.selection import EARLY_TOKENS, eligible, hold_out, last_checkpoints

from .cache import cached
from .rules import verdict_of_shares
from .studies import ESTIMATORS, KEYS, over_studies, share_over_studies

CUTS = {"none": 0.0, "1B": 1e9, "3B": 3e9, "10B": 10e9, "30B": 30e9, "guide": "guide"}


@cached
def trail_evidence():
    """ARE with all checkpoints and with the last of each run, a row a family and estimator.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, method, all, last, lengths``: the longest run
        seen over the shortest, in tokens.
    """
    runs = eligible(load_runs())
    choices = {"all": None, "last": last_checkpoints}
    table = _spread(
        {
            name: evaluate(runs, ESTIMATORS, sizes=choice)
            for name, choice in choices.items()
        }
    )
    lengths = runs.groupby(KEYS).apply(_length_ratio).rename("lengths").reset_index()
    return table.merge(lengths, on=KEYS)


def _length_ratio(runs):
    """Tokens of the longest run over those of the shortest, the target left out."""
    train, _ = hold_out(runs)
    end = train.groupby("run")["tokens_seen"].max()
    return end.max() / end.min()


@cached
def early_evidence():
    """ARE under several early cuts, for families whose logs begin early enough to tell.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, method``, then a column a cut of `CUTS`.
    """
    runs = eligible(load_runs(), first_tokens=EARLY_TOKENS)
    return _spread(
        {name: evaluate(runs, ESTIMATORS, early=cut) for name, cut in CUTS.items()}
    )


def _spread(results):
    """One column of ARE a result table, side by side."""
    parts = [
        t.set_index([*KEYS, "method"])["are"].rename(name)
        for name, t in results.items()
    ]
    return pd.concat(parts, axis=1).reset_index()


def _compare(pairs, before, after):
    """Text and verdict of a rule about the share of families that improve."""
    shares, words = [], []
    for name in ESTIMATORS:
        own = pairs[pairs["method"] == name]
        shares.append(share_over_studies(own, own[after] < own[before]))
        words.append(
            f"{name}: better in {100 * shares[-1]:.0f} % of families, median ARE "
            f"{100 * over_studies(own, before):.1f} % to {100 * over_studies(own, after):.1f} %"
        )
    return "; ".join(words), verdict_of_shares(shares)


def _checkpoints():
    return _compare(trail_evidence(), "last", "all")


def _early():
    return _compare(early_evidence(), "none", "10B")


TESTS = {"checkpoints": _checkpoints, "early": _early}
