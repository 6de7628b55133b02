"""Promises of plans and stated chances of comparisons, and the tables of the worked examples."""

import numpy as np
import pandas as pd
import pytest

from experiments import practice
from experiments.forecast_grids import window_grid
from hitchhiker import load_prior, load_runs, plan, read_runs, selection
from hitchhiker.runs.data import tables_folder

EXAMPLES = tables_folder() / "examples"


@pytest.fixture(scope="module")
def promises():
    return practice.promise_evidence()


@pytest.fixture(scope="module")
def pairs():
    return practice.pair_evidence()


def test_every_window_with_rows_has_its_promise(promises):
    cells = window_grid().query("method == 'forecast' and n_rows > 0")
    assert len(promises) == len(cells)
    assert promises.notna().all().all()
    assert (promises["promised_80"] > promises["promised"]).all()


def test_windows_are_those_of_the_grid():
    opt = load_runs("opt")
    rows = window_grid().query("method == 'forecast' and family == 'opt'")
    seen = list(practice.windows(opt))
    assert [len(ends) for ends, _ in seen] == rows["n_runs"].tolist()
    cost = [(6 * ends["num_params"] * ends["tokens_seen"]).sum() for ends, _ in seen]
    assert np.allclose(cost, rows["flops"], rtol=0.01)


def test_promises_are_kept_on_average_and_not_by_every_study(promises):
    kept = practice.kept(promises)
    assert kept["median"].mean() == pytest.approx(0.52, abs=0.03)
    assert kept["bound"].mean() == pytest.approx(0.80, abs=0.05)
    # losses of answer words and of spans, and models a thousand times smaller than the others
    assert set(kept.index[:3]) == {"pythia", "t5_pile", "ladder"}
    assert (kept["bound"].iloc[:3] < 0.6).all()
    assert (kept["bound"].iloc[3:] > 0.6).all()


def test_promises_about_running_text_are_kept_more_often(promises):
    text = ~promises["loss_kind"].str.contains("last-word|span")
    assert practice.kept(promises[text])["bound"].mean() == pytest.approx(
        0.90, abs=0.05
    )
    assert practice.kept(promises[~text])["bound"].mean() == pytest.approx(
        0.41, abs=0.06
    )


def test_smaller_promises_meet_smaller_errors(promises):
    bands = practice.by_band(promises, "promised", [0, 0.02, 0.04, 0.5])
    assert bands["error"].is_monotonic_increasing
    assert bands["n"].sum() == len(promises)


def test_stated_chances_are_not_overconfident(pairs):
    by_study = pairs.groupby("source")[["chance", "right", "inside_80"]].mean()
    assert set(by_study.index) == {"datablations", "overtrain", "pythia"}
    assert by_study["right"].mean() == pytest.approx(0.96, abs=0.03)
    assert by_study["chance"].mean() == pytest.approx(0.88, abs=0.03)
    assert by_study["inside_80"].mean() == pytest.approx(0.76, abs=0.05)
    assert by_study["inside_80"].idxmin() == "pythia"
    found = practice.reliability(pairs)
    assert found["n"].sum() == len(pairs)
    assert (found["right"] >= found["stated"] - 0.1)[found["n"] > 5].all()


def test_pairs_are_judged_by_sign_and_size():
    made = practice.judged(
        pd.DataFrame(
            {
                "source": ["opt", "opt"],
                "first": "a",
                "second": "b",
                "loss_kind": "k",
                "apart": 0.0,
                "beyond": 0.0,
                "difference": [0.01, -0.01],
                "truth": [0.011, 0.2],
            }
        )
    )
    assert made["right"].tolist() == [True, False]
    assert made["inside_80"].tolist() == [True, False]
    assert made["chance"].between(0.5, 1).all()


def test_pairs_are_nearer_for_repeated_data_and_forecasts_for_corpora(pairs):
    ways = practice.pairs_or_forecasts(pairs)
    assert ways.loc["datablations", "pair"] < ways.loc["datablations", "apart"]
    assert ways.loc["overtrain", "pair"] > ways.loc["overtrain", "apart"]


@pytest.mark.parametrize("name", ["ladder", "recipe_a", "recipe_b"])
def test_shipped_examples_are_what_the_tables_give(name):
    made = practice.examples()[name]
    pd.testing.assert_frame_equal(
        pd.read_csv(EXAMPLES / f"{name}.csv"), made, check_dtype=False
    )
    target = selection.target(
        load_runs(family=made["family"][0], loss_kind=made["loss_kind"][0])
    )
    assert made["num_params"].max() < target["num_params"].min()


def test_the_runs_nearest_to_a_plan_are_taken_once_each():
    runs = read_runs(EXAMPLES / "ladder.csv")
    ladder = plan(6.9e9, 138e9, practice.SHARE, prior=load_prior("overtrain")).ladder
    bought = practice.nearest_runs(ladder, runs)
    assert bought["run"].is_unique
    assert len(bought) == len(ladder)
    same = practice.nearest_runs(bought, runs)
    pd.testing.assert_frame_equal(same, bought)


def test_the_worked_ladder_hits_its_target():
    runs = read_runs(EXAMPLES / "ladder.csv")
    ladder = plan(6.9e9, 138e9, practice.SHARE, prior=load_prior("overtrain")).ladder
    rungs = practice.rung_by_rung(practice.nearest_runs(ladder, runs), (6.9e9, 138e9))
    truth = selection.target(load_runs(**practice.LADDER))["loss"].iloc[-1]
    last = rungs.iloc[-1]
    assert last["low_80"] < truth < last["high_80"]
    assert abs(last["loss"] / truth - 1) < 0.02
    assert rungs["promised"].is_monotonic_decreasing
    assert rungs["share"].iloc[-1] == pytest.approx(practice.SHARE, rel=0.2)


def test_the_worked_comparison_is_settled_below_the_target_and_right():
    first, second = (read_runs(EXAMPLES / f"recipe_{x}.csv") for x in "ab")
    stages = practice.stages(first, second, (6.9e9, 138e9))
    assert stages["chance"].iloc[0] < 0.5  # the smallest pair leans to the wrong side
    assert stages["chance"].iloc[1:4].max() > 0.9
    assert "no further run" in stages["advice"].iloc[-1]
    assert (stages["share"].diff().dropna() > 0).all()
