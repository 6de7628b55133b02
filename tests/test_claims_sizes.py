"""How large and how many: the rules on made-up tables, the evidence of the two chapters."""

import numpy as np
import pandas as pd
import pytest

from experiments import sizes
from experiments.grids import size_grid
from experiments.rules import KEYS, by_source


def cells(source, ares, n_sizes=3, **columns):
    """Windows of one family from the farthest to the nearest, with these errors."""
    scale_up = 2.0 ** np.arange(len(ares), 0, -1)
    names = {
        "source": source,
        "family": source,
        "loss_kind": "train",
        "n_sizes": n_sizes,
    }
    return pd.DataFrame({"are": ares, "scale_up": scale_up}).assign(**(names | columns))


def smallest(**ares):
    """ARE of two estimators a family."""
    rows = [(name, name, "train", are) for name, pair in ares.items() for are in pair]
    return pd.DataFrame(rows, columns=[*KEYS, "are"])


def test_ladders():
    table = sizes.ladders(
        pd.concat([cells("a", [0.4, 0.3, 0.2]), cells("a", [0.1, 0.2], 4)])
    )
    assert table["steps"].tolist() == [2, 1]
    assert table["rises"].tolist() == [0, 1]
    assert table["rank"].iloc[0] == pytest.approx(1)
    assert np.isnan(table["rank"].iloc[1]), "two windows have no rank correlation"


def test_nearness_weighs_sources_alike():
    up, down = [0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1]
    table = pd.concat([cells("a", up, k) for k in (1, 2, 3)] + [cells("b", down)])
    assert sizes.nearness(table) == pytest.approx((0, 0.5))


GOOD, BAD = (0.2, 0.05), (0.2, 0.11)
MIXED, STEEP = [0.3, 0.2, 0.25, 0.28], [0.4, 0.3, 0.2, 0.1]


@pytest.mark.parametrize(
    ("ares", "chinchilla", "verdict"),
    [
        (MIXED, GOOD, "holds"),
        (MIXED, BAD, "holds in part"),
        (STEEP, GOOD, "holds in part"),
        (STEEP, BAD, "does not hold"),
    ],
)
def test_size_rule(ares, chinchilla, verdict):
    four = smallest(gpt3=GOOD, chinchilla=chinchilla, opt=GOOD, pythia=BAD)
    text, found = sizes.size_verdict(cells("a", ares), four)
    assert found == verdict
    assert f"chinchilla {100 * min(chinchilla):.1f} %" in text


def test_a_family_that_is_missing_does_not_pass():
    assert (
        sizes.size_verdict(cells("a", STEEP), smallest(gpt3=GOOD))[1] == "does not hold"
    )


@pytest.mark.parametrize(
    ("five", "verdict"),
    [
        ({"a": [0.05] * 4, "b": [0.05] * 4}, "holds"),
        ({"a": [0.05] * 4, "b": [0.25] * 4}, "holds in part"),
        ({"a": [0.25] * 4, "b": [0.25] * 4}, "does not hold"),
    ],
)
def test_count_rule(five, verdict):
    parts = []
    for method, ares in five.items():
        for n_sizes, values in ((3, [0.2] * 4), (5, ares)):
            parts.append(cells("s", values, n_sizes, method=method, end=range(4)))
    parts.append(
        cells("other", [0.01], 3, method="a", end=9)
    )  # no five sizes to compare with
    assert sizes.count_verdict(pd.concat(parts))[1] == verdict


def test_pooled_weighs_sources_alike():
    many = pd.concat(
        [cells("a", [0.1], family=f"a{i}", method="fit") for i in range(9)]
    )
    table = pd.concat(
        [many, cells("b", [0.3], method="fit"), cells("c", [0.5], method="fit")]
    )
    row = sizes.pooled(table, "scale_up").iloc[0]
    assert (row["n_sources"], row["n_families"], row["band"]) == (3, 11, "up to 3x")
    assert [row["low"], row["middle"], row["high"]] == pytest.approx([0.1, 0.3, 0.5])


def test_spread_positions():
    params = np.geomspace(1e7, 1e10, 10)
    placed = sizes.spread_positions(params, 4, 10)
    assert placed == {
        "in a row": [6, 7, 8, 9],
        "evenly spread": [0, 3, 6, 9],
        "smallest and one large": [0, 1, 2, 9],
    }
    crowd = np.array([1.0, 1.01, 1.02, 100.0])
    assert sizes.spread_positions(crowd, 4, 4)["evenly spread"] == [0, 1, 2, 3]


def test_smallest_evidence():
    table = sizes.smallest_evidence().set_index(["family", "loss_kind", "method"])[
        "are"
    ]
    assert table["opt"].max() < 0.05
    assert table["chinchilla", "train", "our fit"] == pytest.approx(0.162, abs=5e-3)
    assert table["chinchilla", "train", "the paper's fit"] == pytest.approx(
        0.101, abs=5e-3
    )


def test_count_evidence():
    """Every largest size of every family with five sizes or more below the target."""
    table = sizes.count_evidence()
    assert not table.duplicated([*KEYS, "method", "n_sizes", "end"]).any()
    five = table[(table["n_sizes"] == 5) & (table["method"] == "our fit")]
    ends = {
        "chinchilla": 38,
        "mad": 30,
        "pythia": 15,
        "gpt3": 6,
        "overtrain": 3,
        "opt": 1,
    }
    ends["ladder"] = 4
    assert five["source"].value_counts().to_dict() == ends
    found = sizes.count_shares(table)
    assert found["S"].to_numpy() == pytest.approx([0.47, 0.47], abs=0.06)
    assert found["Q"].to_numpy() == pytest.approx([0.86, 0.88], abs=0.06)


def test_nearness_of_the_grid():
    grid = size_grid()
    ours = grid[grid["method"] == "fit"]
    assert sizes.nearness(ours) == pytest.approx((0.38, 0.38), abs=0.1)
    three = sizes.nearness(ours[ours["n_sizes"] >= 3])
    assert three == pytest.approx((0.60, 0.35), abs=0.05)


def test_spread_evidence():
    """With four sizes an even spread errs less than neighbours, and costs less."""
    table = sizes.spread_evidence().query("method == 'our fit' and n_sizes == 4")
    are = {name: by_source(own, "are") for name, own in table.groupby("spread")}
    assert are["evenly spread"] == pytest.approx(0.023, abs=5e-3)
    assert are["in a row"] == pytest.approx(0.048, abs=1e-2)
    flops = table.pivot(index=[*KEYS, "end"], columns="spread", values="flops")
    assert (flops["evenly spread"] < flops["in a row"]).mean() > 0.8


def test_moves():
    table = sizes.moves()
    assert (table["n_sizes"] == table["n_sizes_all"] - 1).all()
    ours = table[table["method"] == "our fit"]
    inner = ~ours["rank"].isin([0, 1])
    assert by_source(ours[~inner], "moved") > 3 * by_source(ours[inner], "moved")


def test_equal_flops():
    table = sizes.equal_flops()
    assert (table["scale_up_first"] > table["scale_up_second"]).all()
    assert table["cost"].between(0.5, 1.25).all()
    one = table[table["comparison"] == "several small or one large"]
    assert (one["n_sizes_second"] == 1).all()
    assert (one["n_sizes_first"] >= 3).all()
    assert not one.duplicated([*KEYS, "scale_up_second"]).any()


def test_reach_evidence():
    table = sizes.reach_evidence()
    assert (table["n_sizes"] == 3).all()
    assert not table.duplicated([*KEYS, "scale_up", "share"]).any()


def test_same_largest():
    """Every largest size has all five counts."""
    table = sizes.same_largest()
    counts = table.groupby([*KEYS, "method", "scale_up"])["n_sizes"].apply(list)
    assert counts.map(lambda n: n == [1, 2, 3, 4, 5]).all()
