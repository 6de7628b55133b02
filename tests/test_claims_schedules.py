"""Checkpoints in the middle of a schedule: evidence, and the check that warns."""

import pandas as pd
import pytest

from experiments import schedules
from hitchhiker.runs.checks import schedule_warnings
from hitchhiker.runs.data import load_runs


def test_unfinished_checkpoints_lie_above_finished_runs():
    table = schedules.unfinished_evidence()
    excess = table.pivot_table(index="checkpoint", columns="size", values="excess")
    third = excess.loc["three times too long, a third of the way"]
    assert third.to_dict() == pytest.approx(
        {"25m": 0.011, "100m": 0.015, "400m": 0.022}, abs=1e-3
    )
    assert (third > excess.loc["three times too long, half-way"]).all()
    assert (excess.loc["constant rate, long"] > third).all()
    assert (excess.loc["warm-up, stable, decay"] < 0).all()
    assert third["400m"] > third["100m"] > third["25m"]


def test_forecasts_across_schedules_err_more_than_within():
    table = schedules.mismatch_evidence()
    error = table.pivot_table(
        index="trained_on", columns="target", values="signed_error"
    )
    assert len(table) == 24
    assert (table["status"] == "ok").all()
    assert error.loc["constant rate", "constant rate"] == pytest.approx(0.006, abs=2e-3)
    others = table[
        (table["trained_on"] != "cosine, finished") & (table["target"] == "cosine")
    ]
    assert (others["signed_error"] > 0.02).all()
    finished = table[table["trained_on"] == "cosine, finished"]
    assert (finished["signed_error"] < 0).all()


def runs(**columns):
    rows = {
        "run": ["a", "a", "b", "b"],
        "num_params": 1e8,
        "loss": 3.0,
        "tokens_seen": [5e9, 1e10, 5e9, 1e10],
        "schedule": "cosine",
        "schedule_tokens": 1e10,
    }
    return pd.DataFrame(rows | columns)


def test_nothing_is_said_of_runs_that_agree_or_tell_nothing():
    assert schedule_warnings(runs()) == []
    assert (
        schedule_warnings(runs(schedule_tokens=3e10)) == []
    )  # all stopped: one kind of run
    assert schedule_warnings(runs().drop(columns=["schedule", "schedule_tokens"])) == []
    assert schedule_warnings(runs(schedule=None, schedule_tokens=None)) == []


def test_two_schedules_are_named():
    (told,) = schedule_warnings(runs(schedule=["wsd", "wsd", "cosine", "cosine"]))
    assert "wsd: 1" in told
    assert "cosine: 1" in told


def test_a_stopped_run_beside_finished_ones_is_named():
    (told,) = schedule_warnings(runs(schedule_tokens=[1e10, 1e10, 4e10, 4e10]))
    assert "b at 25 %" in told


def test_checkpoints_midway_where_shorter_runs_are_finished():
    longer = runs(
        tokens_seen=[5e9, 1e10, 1.5e10, 4e10], schedule_tokens=[1e10, 1e10, 4e10, 4e10]
    )
    (told,) = schedule_warnings(longer)
    assert "4.0 times" in told
    ends = longer[~longer.duplicated("run", keep="last")]
    assert schedule_warnings(ends) == []


@pytest.mark.parametrize(
    ("family", "expected"), [("gpt3", 0), ("opt", 0), ("gpt2-c4-1ep", 1)]
)
def test_real_families(family, expected):
    assert len(schedule_warnings(load_runs(family=family))) == expected
