"""The aims of the forecast, its errors by band, and its prior in numbers."""

import numpy as np
import pytest

from experiments import forecast_grids, how_much_to_borrow
from hitchhiker.forecasts.prior import load_prior


@pytest.fixture(scope="module")
def grid():
    return forecast_grids.window_grid()


def test_shapes_of_a_prior_are_one_at_the_reference_and_fall():
    prior = load_prior()
    drawn = how_much_to_borrow.shapes(prior, [1e8, 1e9, 1e10], 2e10, n=500)
    assert drawn.shape == (500, 3)
    np.testing.assert_allclose(drawn[:, 1], 1.0)
    assert (np.diff(drawn, axis=1) < 0).all()


def test_aims_that_are_met_and_those_that_are_not(grid):
    """As the chapter says in words; after a change here read its sentences again."""
    assert how_much_to_borrow.aims(grid)["met"].tolist() == [
        "no",
        "yes",
        "in part",
        "yes",
        "yes",
        "yes",
        "in part",
    ]


def test_bands_of_counts_hold_every_cell_once(grid):
    for column, bands in (
        ("n_sizes", how_much_to_borrow.COUNT_BANDS),
        ("scale_up", how_much_to_borrow.SCALE_UP_BANDS),
    ):
        table = how_much_to_borrow.standing_by(grid, column, bands)
        assert list(dict.fromkeys(table["band"])) == list(bands)
        cells = table.drop_duplicates("band")["cells"].sum()
        assert cells == (grid["method"] == "forecast").sum(), column


def test_unfinished_runs_are_forecast_worse():
    table = how_much_to_borrow.by_share(forecast_grids.unfinished_grid()).set_index(
        "share"
    )
    assert table.loc[1.0, "are"] == table["are"].min()
    assert table["inside_80"].between(0.4, 0.95).all()
    assert (table["lowest"] <= table["inside_80"]).all()
    assert (table["inside_80"] <= table["inside_90"]).all()


def test_what_is_learned_is_in_the_range_of_published_laws():
    table = how_much_to_borrow.learned().set_index("quantity")
    assert (table["low"] < table["middle"]).all()
    assert (table["middle"] < table["high"]).all()
    assert (table["least"] <= table["most"]).all()
    assert 0.2 < table.loc["alpha", "middle"] < 0.4
    assert 0.3 < table.loc["beta", "middle"] < 0.6
    shares = table["middle"].filter(like="share")
    assert shares.sum() == pytest.approx(1, abs=0.1)
