"""Promises of plans: one a window, kept on average, and the worked ladder."""

import pandas as pd
import pytest

from experiments import plan_a_ladder
from experiments.example_files import LADDER_SERIES
from experiments.forecast_grids import window_grid
from hitchhiker import load_prior, load_runs, plan, read_runs, selection
from hitchhiker.runs.data import tables_folder

TARGET = (6.9e9, 138e9)


@pytest.fixture(scope="module")
def promises():
    return plan_a_ladder.promise_evidence()


@pytest.fixture(scope="module")
def planned():
    share, prior = plan_a_ladder.PLANNED_SHARE, load_prior("overtrain")
    return plan(*TARGET, share, prior=prior).ladder


@pytest.fixture
def runs():
    return read_runs(tables_folder() / "examples" / "ladder.csv")


def test_every_window_with_rows_has_its_promise(promises):
    cells = window_grid().query("method == 'forecast' and n_rows > 0")
    assert len(promises) == len(cells)
    assert promises.notna().all().all()
    assert (promises["promised_80"] > promises["promised"]).all()


def test_a_promise_is_made_for_the_runs_that_its_cell_shows():
    opt = load_runs("opt")
    cells = window_grid().query("method == 'forecast' and family == 'opt'")
    cells = cells.set_index("cell")
    ends = plan_a_ladder.window_ends(opt)
    assert set(ends) == set(cells.index)
    for cell, rows in ends.items():
        assert len(rows) == cells["n_runs"][cell]
        cost = (6 * rows["num_params"] * rows["tokens_seen"]).sum()
        assert cost == pytest.approx(cells["flops"][cell], rel=0.01)


def test_promises_are_kept_on_average_and_not_by_every_study(promises):
    kept = plan_a_ladder.kept(promises)
    assert 0.4 < kept["median"].mean() < 0.6
    assert 0.7 < kept["bound"].mean() < 0.9
    # losses of answer words and of spans, and models a thousand times smaller
    assert set(kept.index[:3]) == {"pythia", "t5_pile", "ladder"}
    assert (kept["bound"].iloc[:3] < 0.6).all()
    assert (kept["bound"].iloc[3:] > 0.6).all()


def test_promises_about_running_text_are_kept_more_often(promises):
    text = ~promises["loss_kind"].str.contains("last-word|span")
    of_text, of_words = (
        plan_a_ladder.kept(promises[rows])["bound"].mean() for rows in (text, ~text)
    )
    assert of_words < 1 / 2 < 0.8 < of_text


def test_smaller_promises_meet_smaller_errors(promises):
    bands = plan_a_ladder.by_band(promises, "promised", [0, 0.02, 0.04, 0.5])
    assert bands["error"].is_monotonic_increasing
    assert bands["n"].sum() == len(promises)


def test_every_study_weighs_the_same_in_a_band():
    table = pd.DataFrame(
        {
            "source": [*"aaaaaaaaa", "b", "c"],
            "error": [*[0.01] * 9, 0.02, 0.03],
            "promised": 0.01,
            "promised_80": 0.05,
        }
    )
    row = plan_a_ladder.by_band(table, "promised", [0, 1]).iloc[0]
    assert row[["error", "error_80"]].tolist() == [0.02, 0.03]
    assert row[["n_studies", "n", "promised_80"]].tolist() == [3, 11, 0.05]


def test_the_runs_nearest_to_a_plan_are_taken_once_each(planned, runs):
    bought = plan_a_ladder.nearest_runs(planned, runs)
    assert bought["run"].is_unique
    assert len(bought) == len(planned)
    pd.testing.assert_frame_equal(plan_a_ladder.nearest_runs(bought, runs), bought)


def test_the_worked_ladder_hits_its_target(planned, runs):
    bought = plan_a_ladder.nearest_runs(planned, runs)
    steps = plan_a_ladder.step_by_step(bought, TARGET)
    truth = selection.target(load_runs(**LADDER_SERIES))["loss"].iloc[-1]
    last = steps.iloc[-1]
    assert last["low_80"] < truth < last["high_80"]
    assert abs(last["loss"] / truth - 1) < 0.02
    assert steps["promised"].is_monotonic_decreasing
    assert last["share"] == pytest.approx(plan_a_ladder.PLANNED_SHARE, rel=0.2)
