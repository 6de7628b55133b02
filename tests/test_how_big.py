"""How big: the order of windows, ways to spread sizes, the rule on made-up tables."""

import numpy as np
import pandas as pd
import pytest

from experiments import how_big
from experiments.grids import size_grid
from experiments.studies import KEYS, over_studies


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


def test_distance_order():
    table = how_big.distance_order(
        pd.concat([cells("a", [0.4, 0.3, 0.2]), cells("a", [0.1, 0.2], 4)])
    )
    assert table["steps"].tolist() == [2, 1]
    assert table["rises"].tolist() == [0, 1]
    assert table["rank"].iloc[0] == pytest.approx(1)
    assert np.isnan(table["rank"].iloc[1]), "two windows have no rank correlation"


def test_nearness_weighs_sources_alike():
    up, down = [0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1]
    table = pd.concat([cells("a", up, k) for k in (1, 2, 3)] + [cells("b", down)])
    assert how_big.nearness(table) == pytest.approx((0, 0.5))


LIMITS = how_big.CLAIMS[0].limits
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
    value, judged = how_big.size_verdict(cells("a", ares), four, LIMITS)
    assert judged == verdict
    assert f"chinchilla {100 * min(chinchilla):.1f} %" in value


def test_a_family_that_is_missing_does_not_pass():
    four = smallest(gpt3=GOOD)
    assert how_big.size_verdict(cells("a", STEEP), four, LIMITS)[1] == "does not hold"


def test_spread_ranks():
    params = np.geomspace(1e7, 1e10, 10)
    placed = how_big.spread_ranks(params, 4, 10)
    assert placed == {
        "in a row": [6, 7, 8, 9],
        "evenly spread": [0, 3, 6, 9],
        "smallest and one large": [0, 1, 2, 9],
    }
    crowd = np.array([1.0, 1.01, 1.02, 100.0])
    assert how_big.spread_ranks(crowd, 4, 4)["evenly spread"] == [0, 1, 2, 3]


def test_the_four_smallest_are_enough_for_opt_and_not_for_chinchilla():
    table = how_big.smallest_evidence().groupby("family")["are"]
    assert table.max()["opt"] < 0.05 < 0.1 < table.min()["chinchilla"]


def test_nearer_windows_err_less_but_not_at_every_step():
    grid = size_grid()
    fits = grid[grid["method"] == "fit"]
    rank, worse = how_big.nearness(fits)
    rank_three, worse_three = how_big.nearness(fits[fits["n_sizes"] >= 3])
    assert 0 < rank < rank_three < 1
    assert 0 < worse_three < worse < 0.5


def test_an_even_spread_of_four_errs_less_than_neighbours_and_costs_less():
    table = how_big.spread_evidence().query("method == 'our fit' and n_sizes == 4")
    are = {name: over_studies(t, "are") for name, t in table.groupby("spread")}
    assert are["evenly spread"] < 0.7 * are["in a row"]
    flops = table.pivot(index=[*KEYS, "end"], columns="spread", values="flops")
    assert (flops["evenly spread"] < flops["in a row"]).mean() > 0.8


def test_distance_evidence_has_one_row_a_place_and_share():
    table = how_big.distance_evidence()
    assert (table["n_sizes"] == 3).all()
    assert not table.duplicated([*KEYS, "scale_up", "share"]).any()
