"""Laws compared at one point: intervals, pairs, lent laws, the rule of the verdict."""

import numpy as np
import pandas as pd
import pytest
from surfaces import SURFACES

from experiments import new_law, studies
from experiments.corpus import next_token_kinds
from hitchhiker import ScalingLaw


@pytest.mark.parametrize("name", SURFACES)
def test_slopes_are_those_of_the_law(name):
    """Against a finite difference of the log loss."""
    law, n, d, step = SURFACES[name], 1e9, 1e11, 1e-6
    row = new_law.at_reference(pd.DataFrame([law.as_dict()])).iloc[0]
    loss = law.predict(n, d)
    assert row["loss"] == pytest.approx(loss)
    size = -np.log(law.predict(n * (1 + step), d) / loss) / np.log1p(step)
    tokens = -np.log(law.predict(n, d * (1 + step)) / loss) / np.log1p(step)
    assert row["size_slope"] == pytest.approx(size, rel=1e-4)
    assert row["token_slope"] == pytest.approx(tokens, rel=1e-4)


def drawn(families):
    """Draws of a column ``x`` by source and family, the first one the whole fit."""
    parts = [
        pd.DataFrame({"draw": range(len(x)), "x": x}).assign(
            source=source, family=family
        )
        for (source, family), x in families.items()
    ]
    table = pd.concat(parts, ignore_index=True)
    return table.assign(loss_kind="k", arch="decoder", runs=9)


FAR = drawn(
    {
        ("a", "1"): [1, 1, 1],
        ("a", "2"): [2, 2, 2],
        ("b", "1"): [2, 2, 2],
        ("c", "1"): [3, 3, 3],
    }
)


def test_intervals():
    table = new_law.intervals(drawn({("a", "1"): [5, *range(101)]}), "x").iloc[0]
    assert table[["low", "middle", "high"]].tolist() == pytest.approx([10, 5, 90])


def test_pairs_are_of_different_sources():
    pairs = new_law.pairs(new_law.intervals(FAR, "x"))
    assert len(pairs) == 5
    assert pairs["apart"].sum() == 4


def test_every_two_sources_weigh_the_same():
    table = new_law.intervals(FAR, "x")
    assert new_law.share_apart(table, each_pair=True) == pytest.approx(4 / 5)
    assert new_law.share_apart(table) == pytest.approx((0.5 + 1 + 1) / 3)


def test_relative_width():
    """Four families from 0 to 9, each with an interval a tenth of that wide."""
    rows = {
        ("a", str(i)): [3 * i, *np.linspace(3 * i, 3 * i + 0.9, 1001)] for i in range(4)
    }
    assert new_law.relative_width(drawn(rows), "x") == pytest.approx(
        0.8 * 0.9 / (0.8 * 9), rel=1e-2
    )


def test_logs_of_a_zero():
    laws = pd.DataFrame([ScalingLaw(0, 0, 0.3, 1, 0.3).as_dict()])
    assert np.isfinite(new_law.logs(laws)["ln A"]).all()


def test_bootstrap_evidence():
    laws = new_law.bootstrap_evidence()
    sizes = laws.groupby(studies.KEYS).size()
    assert (sizes == new_law.BOOTSTRAP_RESAMPLES + 1).all()
    gpt3 = laws.query("family == 'gpt3' and loss_kind == 'validation'")
    slope = new_law.intervals(new_law.at_reference(gpt3), "size_slope").iloc[0]
    assert slope["low"] < slope["middle"] < slope["high"]


def test_architectures_of_mad_differ_in_size_only():
    laws = new_law.at_reference(new_law.bootstrap_evidence().query("source == 'mad'"))
    size, tokens = (
        new_law.intervals(laws, name).sort_values("middle") for name in new_law.SLOPES
    )
    assert size["high"].iloc[0] < size["low"].iloc[1]
    assert tokens["high"].iloc[0] > tokens["low"].iloc[1]


def test_lent_evidence():
    table = new_law.lent_evidence()
    lender = table[[f"lender_{k}" for k in studies.KEYS]].to_numpy()
    assert (lender != table[studies.KEYS].to_numpy()).any(axis=1).all()
    assert set(table["loss_kind"]) <= set(next_token_kinds())
    other = table[table["source"] != table["lender_source"]]
    ways = ["own", "as_is", "levelled"]
    middle = other.groupby(studies.KEYS)[ways].median().reset_index()
    are = {way: studies.over_studies(middle, way, over="median") for way in ways}
    assert 10 * are["own"] < are["as_is"]
    assert 3 * are["own"] < are["levelled"] < are["as_is"] / 2
    tiny = middle[middle["source"] == "ladder"]
    # laws of models thousands of times larger: no mean is of use
    assert (tiny["as_is"] > 5).all()


@pytest.mark.parametrize(
    ("shares", "verdict"),
    [
        ((0.6, 0.7), "holds"),
        ((0.34, 0.57), "holds in part"),
        ((0.2, 0.24), "does not hold"),
        ((0.2, 0.3), "holds in part"),
    ],
)
def test_judge(shares, verdict):
    assert new_law.judge(shares, new_law.CLAIMS[0].limits) == verdict


def test_a_family_is_compared_with_other_studies_by_the_lower_slope():
    """Two families lie apart in both slopes, a third of another study in one only."""
    rows = [
        ("a", "one", "size_slope", 0.0, 0.1),
        ("a", "one", "token_slope", 0.0, 0.1),
        ("b", "two", "size_slope", 0.2, 0.3),
        ("b", "two", "token_slope", 0.2, 0.3),
        ("c", "three", "size_slope", 0.4, 0.5),
        ("c", "three", "token_slope", 0.25, 0.5),
    ]
    columns = ["source", "family", "slope", "low", "high"]
    table = pd.DataFrame(rows, columns=columns).assign(loss_kind="train")
    claim = new_law.CLAIMS[0]
    values = claim.by_family(table).set_index("family")["value"]
    assert values.to_dict() == {"one": 1.0, "two": 0.5, "three": 0.5}
    assert "size: D = 100 %" in claim.result(table)[0]
    assert "tokens: D = 67 %" in claim.result(table)[0]
