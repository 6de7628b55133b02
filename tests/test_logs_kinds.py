"""Every kind of log that people have: read right, or asked about in one line."""

import pytest
from logs import KINDS, cases
from logs.judging import answer, judge
from logs.table import table_of

CASES = list(cases())
FEWEST = 11  # variants of a kind
QUICK = 3  # of them that a contributor waits for


def parameters():
    """Every case; those of a kind after the first few are slow ones."""
    seen = {}
    for case in CASES:
        seen[case.kind] = seen.get(case.kind, 0) + 1
        marks = [pytest.mark.slow] if seen[case.kind] > QUICK else []
        yield pytest.param(case, id=f"{case.kind}-{case.label}", marks=marks)


@pytest.mark.parametrize("case", list(parameters()))
def test_read_right_or_asked_about(case, tmp_path):
    verdict, why = judge(case, answer(case, tmp_path))
    assert verdict in ("right", "asked"), f"{verdict}: {why}"


def test_each_kind_has_many_variants():
    for kind in KINDS:
        labels = [case.label for case in CASES if case.kind == kind.__name__]
        assert len(labels) >= FEWEST, kind.__name__
        assert len(labels) == len(set(labels)), kind.__name__


def test_the_table_counts_every_case():
    table = table_of([("a", "right"), ("a", "silent"), ("b", "asked")]).splitlines()
    assert [line.split()[:2] for line in table[1:]] == [
        ["a", "2"],
        ["b", "1"],
        ["all", "3"],
    ]
