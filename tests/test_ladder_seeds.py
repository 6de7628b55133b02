"""What seeds move: losses, forecasts, and what a second seed is worth beside a size."""

import numpy as np
import pandas as pd
import pytest

from experiments import ladder_seeds


@pytest.fixture(scope="module")
def draws():
    return ladder_seeds.draw_evidence()


def test_spread_over_seeds_is_pooled_with_its_degrees_of_freedom():
    table = pd.DataFrame(
        {"num_params": [1, 1, 2], "n_seeds": [3, 5, 2], "spread": [0.1, 0.2, 0.3]}
    )
    pooled = ladder_seeds.pooled_spread(table)
    assert pooled[1] == pytest.approx(np.sqrt((2 * 0.01 + 4 * 0.04) / 6))
    assert pooled[2] == pytest.approx(0.3)


def test_draws_choose_seeds_and_count_what_was_spent(draws):
    assert set(draws["kind"]) == {"ladder", "one size", "equal FLOPs"}
    cells = draws.groupby(["kind", "largest", "n_sizes", "n_seeds", "method"])
    assert cells.size().max() <= ladder_seeds.SEED_DRAWS
    ladders = draws[draws["kind"] == "ladder"]
    shares = ladders.groupby(["n_sizes", "n_seeds"])["flops_share"].first()
    np.testing.assert_allclose(shares.xs(3, level=1), 3 * shares.xs(1, level=1))
    assert shares.xs(1, level=1).is_monotonic_increasing
    pairs = draws[draws["kind"] != "ladder"]
    pairs = pairs.groupby(["kind", "largest"])["flops_share"].first()
    ratio = np.sort(pairs["equal FLOPs"]) / np.sort(pairs["one size"])
    assert ((ratio > 0.7) & (ratio < 1.1)).all()
    assert np.isfinite(draws["error"]).all()


def test_seeds_explain_a_share(draws):
    parts = ladder_seeds.seed_share(draws)
    assert parts["share"].between(0, 1).all()
    assert set(parts["n_sizes"]) == {2, 3, 4, 5, 6}


def test_seeds_move_the_loss_by_a_per_cent():
    pooled = ladder_seeds.pooled_spread(ladder_seeds.seed_spread())
    assert pooled.between(0.005, 0.015).all()


def test_several_small_sizes_beat_one_larger_at_equal_flops(draws):
    cells = draws[(draws["kind"] != "ladder") & (draws["method"] == "forecast")]
    cells = cells.assign(are=cells["error"].abs())
    middle = cells.groupby(["kind", "flops_share"])["are"].median()
    several, one = (middle[kind].to_numpy() for kind in ("equal FLOPs", "one size"))
    assert (several < one / 1.5).all()


def test_from_three_sizes_on_a_second_seed_beats_a_fourth_size(draws):
    cells = draws[(draws["kind"] == "ladder") & (draws["method"] == "forecast")]
    cells = cells.assign(are=cells["error"].abs())
    middle = cells.groupby(["n_sizes", "n_seeds"])["are"].median()
    assert middle[3, 2] < 0.8 * middle[4, 1]
    shares = ladder_seeds.seed_share(draws).set_index(["method", "n_sizes"])["share"]
    assert shares["forecast", 3] > shares["forecast", 4] > shares["forecast", 6]
