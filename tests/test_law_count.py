"""The number of laws: every table is counted, none of its laws twice."""

import importlib
import pkgutil

import numpy as np
import pandas as pd
import pytest

import experiments
from experiments import cache, detect, law_count
from hitchhiker.laws import PARAMETERS

COUNTED = [table for tables in law_count.TABLES.values() for table in tables]


def test_every_table_of_evidence_is_counted_or_said_to_hold_no_law():
    """A new experiment must say how many laws it estimates."""
    for module in pkgutil.iter_modules(experiments.__path__):
        importlib.import_module(f"experiments.{module.name}")
    of_the_paper = {
        (module, name)
        for module, name in cache.EXPERIMENTS
        if module.split(".")[-1] not in law_count.NOT_OF_THE_PAPER
        and name not in law_count.WITHOUT_LAWS
    }
    listed = [(table.__module__, table.__name__) for table in COUNTED]
    assert len(listed) == len(set(listed))
    assert set(listed) == of_the_paper, "name it in TABLES or WITHOUT_LAWS"
    names = {module.split(".")[-1] for module, _ in cache.EXPERIMENTS}
    assert set(law_count.NOT_OF_THE_PAPER) <= names


def test_rows_without_parameters_and_failures_are_no_laws():
    laws = pd.DataFrame({key: [0.3, 0.3] for key in PARAMETERS})
    laws.loc[1, "A"] = np.nan
    assert law_count.count_laws(laws.assign(forecast=2.0, status="failed")) == 1
    scores = {"forecast": [2.0, np.nan, 2.0], "status": ["ok", "ok", "failed"]}
    assert law_count.count_laws(pd.DataFrame(scores)) == 1


def test_a_planted_fault_takes_the_fits_without_it_once():
    """Four ways to drop one of four sizes and none, with two faults and without one."""
    table = {"source": "a", "family": "b", "loss_kind": "c", "n_sizes": [4, 4]}
    count = law_count.COUNTING_RULES[detect.planted_evidence]
    assert count(pd.DataFrame(table)) == 15


def test_a_law_on_record_counts_once(monkeypatch):
    """In two tables, and among the resamples of a bootstrap."""
    laws = pd.DataFrame({key: [0.3, 0.4, 0.5] for key in PARAMETERS})
    laws = laws.assign(source="a", family="b", loss_kind="c")
    drawn = laws.assign(draw=[0, 1, 2])

    def first():
        return laws

    def second():
        return drawn

    monkeypatch.setattr(law_count, "TABLES", {"one": (first, second)})
    counted = law_count.laws_counted().set_index("table")
    assert counted["laws"].to_dict() == {"first": 3, "second": 1}
    assert counted["different"].to_dict() == {"first": 3, "second": 0}
    assert counted["resamples"].to_dict() == {"first": 0, "second": 2}


def test_laws():
    table = law_count.laws_counted()
    assert len(table) == len(COUNTED)
    assert (table["laws"] > 0).all()
    assert (table["different"] <= table["laws"]).all()


@pytest.mark.parametrize(
    ("different", "verdict"), [(1000, "does not hold"), (1001, "holds")]
)
def test_rule(different, verdict):
    table = pd.DataFrame({"laws": [9000], "different": different, "resamples": 0})
    assert law_count.CLAIMS[0].result(table)[1] == verdict
