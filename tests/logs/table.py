"""The count of verdicts by kind of log."""

from collections import Counter

from .judging import VERDICTS

TITLES = {
    "right": "right",
    "asked": "asked clearly",
    "untold": "note missing",
    "unclear": "error unclear",
    "refused": "false refusal",
    "silent": "wrong in silence",
    "traceback": "traceback",
}


def table_of(found):
    """A table of text: kinds by verdicts, from pairs of both."""
    kinds = list(dict.fromkeys(kind for kind, _ in found))
    counts = Counter(found)
    widths = [max(len(TITLES[verdict]), 5) for verdict in VERDICTS]
    lines = [_row("kind", "tried", [TITLES[v] for v in VERDICTS], widths)]
    for kind in [*kinds, None]:
        of = [sum(counts[k, v] for k in kinds if kind in (k, None)) for v in VERDICTS]
        lines.append(_row(kind or "all", sum(of), of, widths))
    return "\n".join(lines)


def _row(kind, tried, cells, widths):
    shown = [f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True)]
    return "  ".join([f"{kind:<22}", f"{tried:>5}", *shown])
