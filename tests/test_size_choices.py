"""Choices of sizes: facts stay with their scores, errors pooled by source."""

import pandas as pd
import pytest

from experiments import size_choices
from experiments.grids import eligible_families
from hitchhiker import evaluate, selection


def test_facts_stay_with_the_choice_they_describe(monkeypatch):
    """Also where a choice comes twice and shares multiply the rows."""
    opt = next(t for t in eligible_families(5) if t["family"].iloc[0] == "opt")
    monkeypatch.setattr(size_choices, "eligible_families", lambda _: [opt])

    def plan(params):
        for end in (5, 3, 3):
            yield {"end": end, "largest": params[end - 1]}, range(end)

    table = size_choices.scored(plan, ["fit", "best_seen"], share=[1.0, 0.5])
    assert len(table) == 3 * 2 * 2
    assert (table["n_sizes"] == table["end"]).all()
    target = selection.sizes(opt).iloc[-1]
    assert (target / table["scale_up"]).to_numpy() == pytest.approx(table["largest"])
    plain = evaluate(opt, "fit", sizes=[3])["are"].item()
    three = table.query("end == 3 and method == 'fit' and share == 1")
    assert three["are"].tolist() == pytest.approx([plain, plain], rel=1e-3)


def test_a_family_without_a_choice_has_no_row(monkeypatch):
    families = eligible_families(5)[:2]
    monkeypatch.setattr(size_choices, "eligible_families", lambda _: families)
    count = len(selection.sizes(families[0])) - 1

    def plan(params):
        return [({}, range(2))] if len(params) == count else []

    found = size_choices.scored(plan, ["best_seen"])["family"]
    assert set(found) <= {t["family"].iloc[0] for t in families}
    assert families[0]["family"].iloc[0] in set(found)


def family(source, are, family="f"):
    names = {"source": source, "family": family, "loss_kind": "train"}
    return pd.DataFrame([names | {"method": "fit", "scale_up": 2.0, "are": are}])


def test_pooled_errors_weigh_sources_alike():
    many = [family("a", 0.1, f"a{i}") for i in range(9)]
    table = pd.concat([*many, family("b", 0.3), family("c", 0.5)])
    row = size_choices.pooled_errors(table, "scale_up").iloc[0]
    assert (row["n_sources"], row["n_families"], row["band"]) == (3, 11, "up to 3x")
    assert [row["low"], row["middle"], row["high"]] == pytest.approx([0.1, 0.3, 0.5])
