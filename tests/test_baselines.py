"""Baselines: the third one, the cells, and the rule on made-up numbers."""

import pandas as pd
import pytest

from experiments import baselines, studies
from experiments.baselines import BETTER, NEAREST, PAPER_BASELINES


@pytest.fixture(scope="module", params=["shares", "sizes"])
def cells(request):
    return request.param, baselines.cells(request.param)


def test_nearest_size_takes_the_largest_seen_at_the_nearest_tokens():
    runs = pd.DataFrame(
        {
            "num_params": [1e8, 1e8, 1e9, 1e9],
            "tokens_seen": [1e10, 9e10, 1e10, 4e10],
            "loss": [4.0, 2.0, 3.0, 2.5],
        }
    )
    assert baselines.nearest_size(runs, [7e9] * 2, [1.2e10, 9e10]).tolist() == [
        3.0,
        2.5,
    ]
    assert baselines.nearest_size(runs, [1e8], [5e10]).tolist() == [2.0]


def test_cells_have_every_method_once(cells):
    _, table = cells
    assert not table.duplicated(baselines.CELL).any()
    assert table[[*PAPER_BASELINES, NEAREST, "fit"]].notna().all(axis=None)
    assert (table[BETTER] <= table[PAPER_BASELINES].min(axis=1)).all()
    assert set(table["scale_ups"]) <= set(baselines.SCALE_UPS)


def test_laws_beat_baselines_with_two_sizes_or_more():
    """The order that the chapter's box and title state."""
    table = baselines.cells("sizes")
    wins = table["fit"] < table[[BETTER, NEAREST]].min(axis=1)
    one, more = table["n_sizes"] == 1, table["n_sizes"] >= 2
    assert studies.share_over_studies(table[one], wins[one]) < 0.6
    assert studies.share_over_studies(table[more], wins[more]) > 0.7


def test_the_two_are_nearly_one():
    """Less so where a size has several seeds: best seen takes the luckiest."""
    table = baselines.cells("shares")
    apart = (table["best_seen"] - table["most_trained"]).abs()
    assert studies.share_over_studies(table, apart < 1e-9) > 1 / 2
    same = (apart < 1e-9).groupby(table["source"]).mean()
    assert same.idxmin() == "ladder"


@pytest.mark.parametrize(
    ("numbers", "verdict"),
    [
        ((0.18, 0.6, 0.1), "holds"),
        ((0.12, 0.5, 0.2), "holds"),
        ((0.25, 0.6, 0.1), "holds in part"),
        ((0.05, 0.4, 0.3), "does not hold"),
    ],
)
def test_verdict_follows_the_rule(numbers, verdict):
    assert baselines.verdict(*numbers, baselines.CLAIMS[0].limits) == verdict


def test_summary_weighs_sources_alike():
    table = pd.DataFrame({"source": ["a"] * 3 + ["b"], BETTER: [0.2, 0.2, 0.2, 0.04]})
    assert baselines.summary(table) == pytest.approx((0.12, 0.5, 0.5))
