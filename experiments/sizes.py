"""Claims about how large and how many the fitted models should be."""

from .grids import size_grid
from .how_big import nearness, smallest_evidence
from .how_many import count_evidence, count_shares
from .rules import verdict_of_parts
from .studies import KEYS

FOUR = (
    "gpt3",
    "chinchilla",
    "opt",
)  # families the paper forecasts from the four smallest


def size_verdict(cells, smallest):
    """Value and verdict of ``size`` from cells of our fit and ARE of the four smallest.

    Read as: windows of every count in the grid, a correlation from three windows on,
    its mean over counts, then the median over families; a step is one to the next
    larger window of as many sizes; a family passes if either estimator does, for each
    loss kind.
    """
    rank, worse = nearness(cells)
    four = smallest[smallest["family"].isin(FOUR)]
    four = four.groupby(KEYS)["are"].min().groupby("family").max().reindex(FOUR)
    words = ", ".join(f"{name} {100 * are:.1f} %" for name, are in four.items())
    text = f"rank correlation {rank:.2f}; worse in {100 * worse:.0f} % of steps; four smallest: "
    parts = 0 <= rank <= 0.6, worse >= 0.2, bool((four < 0.1).all())
    return text + words, verdict_of_parts(*parts)


def count_verdict(cells):
    """Value and verdict of ``count``: largest sizes that have both three and five below them."""
    found = count_shares(cells)
    words = [
        f"{name}: five better than three in {100 * s:.0f} % of cells, at most 10 % off in "
        f"{100 * q:.0f} %"
        for name, (s, q) in found.iterrows()
    ]
    parts = [*(found["S"] >= 2 / 3), *(found["Q"] >= 3 / 4)]
    return "; ".join(words), verdict_of_parts(*parts)


def _size():
    grid = size_grid()
    return size_verdict(grid[grid["method"] == "fit"], smallest_evidence())


def _count():
    return count_verdict(count_evidence())


TESTS = {"size": _size, "count": _count}
