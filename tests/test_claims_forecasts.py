"""What the pooled forecast reaches, judged on studies that its prior has not seen."""

import numpy as np
import pandas as pd
import pytest

from experiments import forecast_errors, how_much_to_borrow
from hitchhiker.forecasts.forecasting import load_prior
from hitchhiker.runs.data import read_table


@pytest.fixture(scope="module")
def grid():
    return forecast_errors.window_grid()


def test_no_rival_has_a_smaller_error(grid):
    table = forecast_errors.standing(grid)
    assert list(table.index) == list(forecast_errors.METHODS)
    assert table["mean"].idxmin() == table["median"].idxmin() == "forecast"
    assert table.loc["forecast", "mean"] < 0.6 * table.loc["paper", "mean"]
    assert table.loc["forecast", "failed"] == 0


@pytest.mark.parametrize("n_sizes", [1, 2, 3, 4, 5])
def test_at_few_sizes_it_is_best_in_the_middle(grid, n_sizes):
    table = forecast_errors.standing(grid[grid["n_sizes"] == n_sizes])
    assert table["median"].idxmin() == "forecast"
    if n_sizes > 1:  # one size of an unusual kind of loss cannot say that it is unusual
        assert table["high"].idxmin() == "forecast"


def test_with_many_sizes_it_is_no_worse_than_a_fit(grid):
    table = forecast_errors.standing(grid[grid["n_sizes"] >= 8])
    assert table.loc["forecast", "mean"] <= table.loc["fit", "mean"]


def test_intervals_cover_what_they_say(grid):
    table = forecast_errors.coverage(grid)
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
    assert forecast_errors.capped(made)["are"].tolist() == [0.2, 0.2, 0.5, 0.1]


# --- the table of expected errors -------------------------------------------------------------


def test_shipped_table_of_errors_is_what_the_code_computes():
    shipped, fresh = (
        read_table(forecast_errors.ERRORS.removesuffix(".csv")),
        forecast_errors.error_table(),
    )
    assert list(shipped) == list(fresh), "run: python -m experiments.forecast_errors"
    assert len(shipped) == len(fresh)
    for column in fresh:
        if column in ("way", "method"):
            assert (shipped[column] == fresh[column]).all(), column
        else:
            np.testing.assert_allclose(
                shipped[column].astype(float),
                fresh[column].astype(float),
                rtol=0.02,
                atol=5e-4,
            )


def test_table_of_errors_can_be_looked_up():
    table = forecast_errors.error_table()
    by_cost = table["flops_share_low"].notna()
    assert set(table.loc[by_cost, "way"]) == set(forecast_errors.WAYS)
    assert (by_cost == table["n_sizes"].isna()).all()
    assert (table["low"] <= table["middle"]).all()
    assert (table["middle"] <= table["high"]).all()
    keys = ["way", "flops_share_low", "n_sizes", "scale_up_low"]
    assert not table.duplicated(keys).any()
    assert set(table.loc[~by_cost, "n_sizes"]) == set(forecast_errors.COUNTS)


def made_cells(**facts):
    cell = {
        "source": "a",
        "family": "f",
        "loss_kind": "k",
        "way": forecast_errors.ONE,
        "n_sizes": 1,
        "method": "forecast",
        "scale_up": 3.0,
        "flops_share": 0.05,
        "are": 0.04,
    }
    return pd.DataFrame([cell | facts])


def test_each_study_weighs_the_same():
    crowd = [made_cells(source="a", family=str(i), are=0.01) for i in range(9)]
    alone = [made_cells(source="b", are=0.05), made_cells(source="c", are=0.09)]
    table = forecast_errors.error_table(pd.concat(crowd + alone, ignore_index=True))
    assert table["middle"].tolist() == pytest.approx([0.05, 0.05])
    assert table["n_studies"].tolist() == [3, 3]
    assert table["n_families"].tolist() == [11, 11]


def test_envelope_leaves_out_what_few_studies_tell():
    cheap = [made_cells(source=s, are=0.03) for s in "abcd"]
    rare = [
        made_cells(source=s, are=0.01, way=forecast_errors.MANY, n_sizes=5)
        for s in "ab"
    ]
    table = forecast_errors.error_table(pd.concat(cheap + rare, ignore_index=True))
    assert forecast_errors.envelope(table)["way"].tolist() == [forecast_errors.ONE]


def test_two_ways_are_compared_in_the_same_families():
    one = [made_cells(source=s, are=0.04) for s in "abc"]
    two = [made_cells(source=s, are=0.02, way=forecast_errors.FEW) for s in "ab"]
    dear = made_cells(source="c", are=9.0, way=forecast_errors.FEW, flops_share=0.5)
    cells = pd.concat([*one, *two, dear], ignore_index=True)
    ratio, studies = forecast_errors.against(
        cells, forecast_errors.FEW, forecast_errors.ONE, 0.03, 0.1
    )
    assert ratio == pytest.approx(0.5)
    assert studies == 2


def test_an_envelope_has_an_answer_from_a_hundredth_to_the_whole_target():
    best = forecast_errors.envelope(forecast_errors.error_table()).set_index(
        "flops_share_low"
    )
    assert {0.01, 0.03, 0.1, 0.3, 1.0} <= set(best.index)
    assert best.loc[0.1, "way"] == forecast_errors.FEW
    assert best.loc[0.3, "way"] == forecast_errors.SHAPE
    assert best.loc[0.3, "middle"] < best.loc[0.03, "middle"]


def test_shapes_of_a_belief_are_one_at_the_reference_and_fall():
    prior = load_prior()
    drawn = how_much_to_borrow.shapes(prior, [1e8, 1e9, 1e10], 2e10, n=500)
    assert drawn.shape == (500, 3)
    np.testing.assert_allclose(drawn[:, 1], 1.0)
    assert (np.diff(drawn, axis=1) < 0).all()


# --- the aims ---------------------------------------------------------------------------------


def test_aims_that_are_met_and_those_that_are_not(grid):
    """As the chapter says in words; a change here means that its sentences are to be read again."""
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
        ("n_sizes", how_much_to_borrow.COUNTS),
        ("scale_up", how_much_to_borrow.SCALES),
    ):
        table = how_much_to_borrow.standing_by(grid, column, bands)
        assert list(dict.fromkeys(table["band"])) == list(bands)
        cells = table.drop_duplicates("band")["cells"].sum()
        assert cells == (grid["method"] == "forecast").sum(), column


def test_unfinished_runs_are_forecast_worse():
    table = how_much_to_borrow.by_share(forecast_errors.partial_grid()).set_index("share")
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
