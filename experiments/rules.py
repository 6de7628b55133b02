"""A claim of the paper as one object, and the shapes that rules of verdicts have.

The limits of a rule stand in the claim, once: its words, its verdict and the margin of
every family are made from them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from string import Formatter

import numpy as np

from .studies import KEYS

VERDICTS = (
    "holds",
    "holds in part",
    "does not hold",
    "cannot be tested here",
    "not yet tested",
)
STRICTLY_BELOW_ONE = 1 - 1e-9  # the most that a ratio which must be below one may be
NUMBER_WORDS = {1 / 5: "a fifth", 1 / 2: "half", 3: "three", 4: "four", 5: "five"}


def in_percent(share, form="g"):
    """Print a share as per cent.

    Examples
    --------
    >>> in_percent(0.1), in_percent(0.1234, ".0f")
    ('10 %', '12 %')
    """
    return f"{100 * share:{form}} %"


# How a limit can be printed in a sentence: "{share:percent}" where share is 0.4.
FORMS = {
    "percent": in_percent,
    "points": lambda value: f"{100 * value:g}",
    "rest": lambda value: in_percent(1 - value),
    "fraction": lambda value: str(Fraction(value).limit_denominator(9)),
    "word": lambda value: NUMBER_WORDS[value],
    "billions": lambda value: f"{value / 1e9:g}B",
    "power": lambda value: f"1e{np.log10(value):g}",
}


class _Words(Formatter):
    def format_field(self, value, form):
        """Print one limit, or several of them with "and" before the last."""
        if isinstance(value, tuple):
            *others, last = (self.format_field(each, form) for each in value)
            return f"{', '.join(others)} and {last}"
        return FORMS[form](value) if form in FORMS else format(value, form)


def in_words(template, limits):
    """Print a sentence with its limits.

    Parameters
    ----------
    template : str
        As for `str.format`; after the colon may stand one of `FORMS`. A line break is
        a space.
    limits : dict
        Numbers, or tuples of them, by name.

    Examples
    --------
    >>> in_words("at least {share:fraction}", {"share": 2 / 3})
    'at least 2/3'
    >>> in_words("{sizes:billions}", {"sizes": (6.7e9, 13e9, 30e9)})
    '6.7B, 13B and 30B'
    """
    return _Words().vformat(" ".join(template.split()), (), limits)


@dataclass(frozen=True)
class Claim:
    """A claim of the paper with what tests it.

    Parameters
    ----------
    id : str
        As in ``data/claims.csv``, which has the paper's words.
    name : str
        The claim in a few words.
    asks : str
        What number is taken of a family, and its limit; a template, see `in_words`.
    rule : str
        When the claim holds, in part or not; a template, see `in_words`.
    limits : dict
        Every number of the rule, by name.
    evidence : callable
        Gives the table that the claim is judged by, with the column ``source``.
    judge : callable
        From that table and the limits: our value as a sentence, and the verdict.
    families : callable
        From the same two: ``value`` of each family with the least (``low``) and the
        most (``high``) that agree with the claim, where there are such; ``method``
        where the rule asks for two estimators. Where the rule asks about pairs or
        averages it is the nearest sentence about one family; a claim without a number
        for a family gives rows without ``source``.
    """

    id: str
    name: str
    asks: str
    rule: str
    limits: dict
    evidence: Callable
    judge: Callable
    families: Callable

    def rule_in_words(self):
        """The rule as a sentence with its limits."""
        return in_words(self.rule, self.limits)

    def asks_in_words(self):
        """What the rule asks of one family, with its limit."""
        return in_words(self.asks, self.limits)

    def result(self, table=None):
        """Our value in words and the verdict, on the evidence or such a table."""
        return self.judge(self.evidence() if table is None else table, self.limits)

    def by_family(self, table=None):
        """How far each family meets what the rule asks, or misses it.

        Returns
        -------
        DataFrame
            ``id, source, family, loss_kind, method, value, low, high, margin`` (see
            `margin`) ``, meets``.
        """
        table = self.evidence() if table is None else table
        table = self.families(table, self.limits)
        if "method" not in table:
            table = table.assign(method="")
        numbers = ["value", "low", "high"]
        table = table.reindex(columns=[*KEYS, "method", *numbers])
        table = table.astype(dict.fromkeys(numbers, float))
        times = margin(*table[numbers].to_numpy().T)
        table.insert(0, "id", self.id)
        return table.assign(margin=times, meets=times >= 1)


def margin(value, low, high):
    """How many times better values are than limits ask; below one they miss them.

    Parameters
    ----------
    value, low, high : array, shape (n,)
        Values, and the least and the most that they may be, nan where there is no such
        limit. A missing value misses its limit.

    Examples
    --------
    >>> margin(np.array([0.2, 0.2]), np.array([0.1, np.nan]), np.array([np.nan, 0.1]))
    array([2. , 0.5])
    """
    value = np.asarray(value, dtype=float)
    with np.errstate(divide="ignore"):
        times = np.fmin(value / np.asarray(low), np.asarray(high) / value)
    return np.where(np.isnan(value), 0.0, times)


def verdict_of_shares(shares, holds, fails):
    """Verdict of a rule "holds if all are at least this, not if all are below that".

    Examples
    --------
    >>> verdict_of_shares([0.9, 0.6], holds=2 / 3, fails=1 / 2)
    'holds in part'
    """
    if min(shares) >= holds:
        return "holds"
    return "does not hold" if max(shares) < fails else "holds in part"


def verdict_of_value(value, holds, fails):
    """Verdict of a rule "holds if it is at least this, not if it is at most that".

    Examples
    --------
    >>> verdict_of_value(0.6, holds=3 / 4, fails=0.6)
    'does not hold'
    """
    if value >= holds:
        return "holds"
    return "does not hold" if value <= fails else "holds in part"


def verdict_of_parts(*parts):
    """Verdict of a rule "holds if all parts are met, does not hold if none is".

    Examples
    --------
    >>> verdict_of_parts(True, False)
    'holds in part'
    """
    return "holds" if all(parts) else "holds in part" if any(parts) else "does not hold"
