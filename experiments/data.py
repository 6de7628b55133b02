"""The claim about the released corpus: how much there is of it."""

from hitchhiker.runs.data import load_evaluations, load_runs

from .rules import verdict_of_parts

PAPER_MODELS, PAPER_FAMILIES = 485, 40


def _dataset():
    table = load_runs()
    runs, families = table["run"].nunique(), table["family"].nunique()
    words = (
        f"{runs} runs in {families} families, {table['n_averaged'].sum() / 1e6:.2f}M steps, "
        f"{len(load_evaluations()) / 1e6:.2f}M scores"
    )
    return words, verdict_of_parts(runs >= PAPER_MODELS, families >= PAPER_FAMILIES)


TESTS = {"dataset": _dataset}
