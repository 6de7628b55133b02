"""Stated chances of comparisons against what came, and the worked choice."""

import pandas as pd
import pytest

from experiments import two_recipes
from hitchhiker import read_runs
from hitchhiker.runs.data import tables_folder


@pytest.fixture(scope="module")
def pairs():
    return two_recipes.pair_evidence()


def test_stated_chances_are_not_overconfident(pairs):
    by_study = pairs.groupby("source")[["chance", "right", "inside_80"]].mean()
    assert set(by_study.index) == {"datablations", "overtrain", "pythia"}
    assert by_study["right"].mean() > by_study["chance"].mean() > 0.8
    assert 0.7 < by_study["inside_80"].mean() < 0.9
    bands = two_recipes.reliability(pairs)
    assert bands["n"].sum() == len(pairs)
    assert (bands["right"] >= bands["stated"] - 0.1)[bands["n"] > 5].all()


def test_pairs_are_judged_by_sign_and_size():
    pairs = pd.DataFrame(
        {
            "source": ["opt", "opt"],
            "first": "a",
            "second": "b",
            "loss_kind": "k",
            "apart": 0.0,
            "extrapolation": 0.0,
            "difference": [0.01, -0.01],
            "truth": [0.011, 0.2],
        }
    )
    judged = two_recipes.judged(pairs)
    assert judged["right"].tolist() == [True, False]
    assert judged["inside_80"].tolist() == [True, False]
    assert judged["chance"].between(0.5, 1).all()


def test_pairs_are_nearer_for_repeated_data_and_forecasts_for_corpora(pairs):
    ways = two_recipes.pairs_or_forecasts(pairs)
    assert ways.loc["datablations", "pair"] < ways.loc["datablations", "apart"]
    assert ways.loc["overtrain", "pair"] > ways.loc["overtrain", "apart"]


def test_the_worked_comparison_is_settled_below_the_target_and_right():
    folder = tables_folder() / "examples"
    first, second = (read_runs(folder / f"recipe_{x}.csv") for x in "ab")
    stages = two_recipes.stages(first, second, (6.9e9, 138e9))
    assert stages["chance"].iloc[0] < 0.5  # the smallest pair leans to the wrong side
    assert stages["chance"].iloc[1:4].max() > 0.9
    assert "no further run" in stages["advice"].iloc[-1]
    assert (stages["share"].diff().dropna() > 0).all()
