"""Claims family by family, and the number of laws: complete, and true to the rules."""

import importlib
import pkgutil

import numpy as np
import pandas as pd
import pytest

import experiments
from experiments import claims, law_count, margins, studies
from hitchhiker.runs.data import read_table


def test_margin():
    """Least value, most value, a band, and no value at all."""
    rows = [
        (0.2, 0.1, np.nan),
        (0.2, np.nan, 0.1),
        (0.04, 0.02, 0.06),
        (np.nan, np.nan, 0.1),
        (0.0, np.nan, 0.1),
        (0.0, 0.4, np.nan),
    ]
    table = pd.DataFrame(rows, columns=["value", "low", "high"])
    found = margins.margin(table["value"], table["low"], table["high"])
    assert found.tolist() == pytest.approx([2.0, 0.5, 1.5, 0.0, np.inf, 0.0])


def test_every_claim_has_a_row():
    ledger = set(read_table("claims")["id"])
    assert set(margins.ROWS) == ledger == set(margins.VALUES)
    assert set(claims.TESTS) == ledger, "a claim without a test"


def test_dots():
    """Every claim has dots; the verdict of a rule about a share is that of its dots."""
    table = margins.dots()
    assert set(table["id"]) == set(margins.ROWS)
    assert not table["margin"].isna().any()
    assert (table["meets"] == (table["margin"] >= 1)).all()
    partial = table[table["id"] == "partial"]
    good = studies.share_over_studies(partial, partial["meets"])
    assert f"{100 * good:.0f} % of families" in claims.result("partial")[0]
    early = table[(table["id"] == "early") & (table["method"] == "our fit")]
    assert (
        f"our fit: better in {100 * studies.share_over_studies(early, early['meets']):.0f} %"
        in claims.result("early")[0]
    )
    down = table[(table["id"] == "down") & (table["method"] == "our fit")]
    assert (
        f"our fit: {100 * studies.share_over_studies(down, down['meets']):.0f} % of"
        in claims.result("down")[0]
    )
    met = table.dropna(subset="source").groupby("id")["meets"].mean()
    assert ((met > 0) & (met < 1)).all(), (
        "the chapter says: no claim is true of every family, none false of all"
    )
    opt = table[(table["id"] == "borrow") & (table["source"] == "opt")].iloc[0]
    assert not opt["meets"]


def test_by_study():
    table = pd.DataFrame(
        {
            "id": ["a", "a", "b"],
            "source": ["x", "x", None],
            "meets": [True, False, True],
        }
    )
    assert margins.by_study(table).to_dict() == {"a": {"x": 0.5}}


def test_every_table_of_evidence_is_counted_or_said_to_hold_no_law():
    """A new experiment must say how many laws it estimates."""
    modules = [
        importlib.import_module(f"experiments.{m.name}")
        for m in pkgutil.iter_modules(experiments.__path__)
    ]
    inside = [
        module
        for module in modules
        if module.__name__.split(".")[-1] not in law_count.BEYOND
    ]
    tables = {
        f
        for module in inside
        for f in vars(module).values()
        if hasattr(f, "__wrapped__") and f.__module__ == module.__name__
    }
    listed = [table for _, table, _ in law_count.COUNTED]
    assert len(listed) == len(set(listed))
    rest = {table.__name__ for table in tables - set(listed)}
    assert rest <= set(law_count.NONE), (
        "say in claims/counted.py how many laws these hold"
    )


def test_counts():
    """Rows without parameters, failures and the clean fits of planted faults."""
    laws = pd.DataFrame(
        {"E": [1.0, 1.0], "A": [1.0, np.nan], "alpha": 0.3, "B": 1.0, "beta": 0.3}
    )
    assert law_count._recorded(laws) == 1
    scores = pd.DataFrame(
        {"forecast": [2.0, np.nan, 2.0], "status": ["ok", "ok", "failed"]}
    )
    assert law_count._scored(scores) == 1
    planted = pd.DataFrame(
        {"source": "a", "family": "b", "loss_kind": "c", "n_sizes": [4, 4]}
    )
    assert law_count._planted(planted) == 15


def test_laws():
    """More than a thousand by every count, none counted twice among those on record."""
    table = law_count.laws_counted()
    assert (table["different"] <= table["laws"]).all()
    assert table["different"].sum() > 3000
    assert table["resamples"].sum() == 8000
    assert law_count.judge(law_count.PAPERS) == "does not hold"
    assert law_count.judge(law_count.PAPERS + 1) == "holds"
