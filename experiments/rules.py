"""What the tests of several claims share: verdicts from shares and from parts."""

VERDICTS = (
    "holds",
    "holds in part",
    "does not hold",
    "cannot be tested here",
    "not yet tested",
)


def verdict_of_shares(shares, high=2 / 3, low=1 / 2):
    """Verdict of a rule "holds if all are at least high, not if all are below low".

    Examples
    --------
    >>> verdict_of_shares([0.9, 0.6])
    'holds in part'
    """
    if min(shares) >= high:
        return "holds"
    return "does not hold" if max(shares) < low else "holds in part"


def verdict_of_parts(*parts):
    """Verdict of a rule "holds if all parts are met, does not hold if none is".

    Examples
    --------
    >>> verdict_of_parts(True, False)
    'holds in part'
    """
    return "holds" if all(parts) else "holds in part" if any(parts) else "does not hold"
