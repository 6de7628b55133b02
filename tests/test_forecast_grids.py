"""The forecast beside its rivals, judged by a prior that has not seen the study."""

import pandas as pd
import pytest

from experiments import forecast_grids


@pytest.fixture(scope="module")
def grid():
    return forecast_grids.window_grid()


def test_no_rival_has_a_smaller_error(grid):
    table = forecast_grids.standing(grid)
    assert list(table.index) == list(forecast_grids.RIVALS)
    assert table["mean"].idxmin() == table["median"].idxmin() == "forecast"
    assert table.loc["forecast", "mean"] < 0.6 * table.loc["paper", "mean"]
    assert table.loc["forecast", "failed"] == 0


@pytest.mark.parametrize("n_sizes", [1, 2, 3, 4, 5])
def test_at_few_sizes_it_is_best_in_the_middle(grid, n_sizes):
    table = forecast_grids.standing(grid[grid["n_sizes"] == n_sizes])
    assert table["median"].idxmin() == "forecast"
    if n_sizes > 1:  # one size of an unusual kind of loss cannot say that it is unusual
        assert table["high"].idxmin() == "forecast"


def test_with_many_sizes_it_is_no_worse_than_a_fit(grid):
    table = forecast_grids.standing(grid[grid["n_sizes"] >= 8])
    assert table.loc["forecast", "mean"] <= table.loc["fit", "mean"]


def test_intervals_cover_what_they_say(grid):
    table = forecast_grids.coverage_by_study(grid)
    assert 0.75 <= table["inside_80"].mean() <= 0.85
    assert 0.86 <= table["inside_90"].mean() <= 0.94
    assert table["width_80"].mean() < table["usual"].mean()


def test_a_cell_without_rows_is_scored_as_the_best_loss_seen():
    made = pd.DataFrame(
        {
            "source": "s",
            "family": "f",
            "loss_kind": "k",
            "cell": [0, 0, 1, 1],
            "method": ["paper", "best_seen"] * 2,
            "are": [float("nan"), 0.2, 0.9, 0.1],
        }
    )
    assert forecast_grids.capped(made)["are"].tolist() == [0.2, 0.2, 0.5, 0.1]
