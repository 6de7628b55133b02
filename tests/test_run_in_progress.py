"""A run in progress: errors by the share seen, widths of intervals, alarms."""

import pandas as pd
import pytest

from experiments import run_in_progress
from experiments.partial import SMALLER_SHAPE
from experiments.run_in_progress import ALONE, BESIDE
from hitchhiker.forecasts.watching import RUNNING_WIDTH


def test_a_run_is_forecast_better_the_more_of_it_is_seen():
    table = run_in_progress.end_evidence()
    table = table.assign(error=table["error"].abs())
    error = run_in_progress.by_share_seen(table, "error")
    assert set(error.index) == {ALONE, BESIDE, SMALLER_SHAPE}
    for seen in error.index:
        assert error.loc[seen, 0.9] < 0.7 * error.loc[seen, 0.1]


def test_intervals_of_a_run_under_way_are_widened_as_other_studies_ask():
    table = run_in_progress.widening(run_in_progress.end_evidence())
    assert table["factor"].between(RUNNING_WIDTH - 0.2, RUNNING_WIDTH).all(), (
        "the chapter says: `watch` errs to the wide side"
    )
    assert 0.75 <= table["inside"].mean() <= 0.9


def test_alarms_are_rare_in_health_and_frequent_in_a_fault():
    table = run_in_progress.alarm_evidence()
    rate = table.groupby(["seen", "fault", "source"])[["alarm", "found"]].mean()
    rate = rate.groupby(["seen", "fault"]).mean()
    assert rate.loc[(BESIDE, 0.0), "alarm"] < 0.15
    assert rate.loc[BESIDE, "found"].is_monotonic_increasing
    assert rate.loc[(ALONE, 0.0), "alarm"] > rate.loc[(BESIDE, 0.0), "alarm"]


def test_an_alarm_needs_a_log():
    table = run_in_progress.alarm_evidence().query("seen == @BESIDE and fault == 0.05")
    logged = table[table["source"] != "ladder"].groupby("source")["found"].mean()
    assert logged.mean() > 0.8
    few_checkpoints = table[table["source"] == "ladder"]
    assert not few_checkpoints["alarm"].any()


def test_a_fault_raises_one_run_from_some_token_on():
    runs = pd.DataFrame({"run": ["a", "a", "b"], "tokens_seen": [1.0, 2.0, 2.0]})
    damaged = run_in_progress.with_fault(runs.assign(loss=2.0), "a", after=1.0, by=0.1)
    assert damaged["loss"].tolist() == pytest.approx([2.0, 2.2, 2.0])


def test_every_study_weighs_the_same_by_share():
    table = pd.DataFrame(
        {"seen": ALONE, "share": 0.1, "source": [*"aaab"], "error": [1, 1, 1, 3.0]}
    )
    assert run_in_progress.by_share_seen(table, "error").loc[ALONE, 0.1] == 2
