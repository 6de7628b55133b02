"""The trail, its beginning, checkpoints amid a schedule, and the check that warns."""

import pandas as pd
import pytest

from experiments import checkpoints, studies
from hitchhiker.runs.checks import schedule_warnings
from hitchhiker.runs.data import load_runs


def errors(ratios, method="our fit"):
    """Families of studies of their own, with these ratios of errors after to before."""
    names = [f"s{i}" for i in range(len(ratios))]
    table = pd.DataFrame({"source": names, "family": names, "last": 0.1})
    after = [0.1 * ratio for ratio in ratios]
    return table.assign(loss_kind="train", method=method, all=after)


@pytest.mark.parametrize(
    ("papers", "ours", "verdict"),
    [
        ([0.5, 0.9, 1.1], [0.5, 0.9, 0.2], "holds"),
        ([0.5, 1.0, 1.1], [0.5, 0.9, 0.2], "holds in part"),
        ([0.5, 1.0, 1.1], [1.0, 1.0, 1.0], "does not hold"),
    ],
)
def test_rule(papers, ours, verdict):
    """An error that stays the same is no improvement."""
    parts = errors(papers, "the paper's fit"), errors(ours)
    table = checkpoints.improvement(pd.concat(parts), "last", "all")
    claim, _ = checkpoints.CLAIMS
    value, judged = claim.result(table)
    assert judged == verdict
    assert "the paper's fit: better in" in value
    met = claim.by_family(table).groupby("method")["meets"].sum()
    assert met["our fit"] == sum(ratio < 1 for ratio in ours)


def test_trail_evidence():
    """It helps where all runs end at one length, not where they end at several."""
    table = checkpoints.trail_evidence()
    assert not table.duplicated([*studies.KEYS, "method"]).any()
    gpt3 = table[(table["family"] == "gpt3") & (table["loss_kind"] == "validation")]
    ours = gpt3.set_index("method").loc["our fit"]
    assert ours["last"] > 2 * ours["all"]
    overtrain = table[(table["source"] == "overtrain") & (table["method"] == "our fit")]
    assert (overtrain["lengths"] > 100).all()
    assert (overtrain["last"] < overtrain["all"]).mean() > 0.5


def test_early_evidence():
    """The cut decides the paper's estimator on Pythia v1, and hardly moves ours."""
    table = checkpoints.early_evidence().set_index(["family", "loss_kind", "method"])
    paper = table.loc[("pythia-v1", "lambada-last-word", "the paper's fit")]
    ours = table.loc[("pythia-v1", "lambada-last-word", "our fit")]
    assert paper["none"] > 5 * paper["10B"]
    assert ours["none"] < 1.5 * ours["10B"]


def test_unfinished_checkpoints_lie_above_finished_runs():
    table = checkpoints.unfinished_evidence()
    excess = table.pivot_table(index="checkpoint", columns="size", values="excess")
    third = excess.loc["three times too long, a third of the way"]
    assert (third > excess.loc["three times too long, half-way"]).all()
    assert (excess.loc["constant rate, long"] > third).all()
    assert (excess.loc["warm-up, stable, decay"] < 0).all()
    assert third["400m"] > third["100m"] > third["25m"]


def test_forecasts_across_schedules_err_more_than_within():
    table = checkpoints.mismatch_evidence()
    error = table.pivot_table(
        index="trained_on", columns="target", values="signed_error"
    )
    assert (table["status"] == "ok").all()
    same = abs(error.loc["constant rate", "constant rate"])
    assert same < error.loc["constant rate", "cosine"] / 3
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
    (warning,) = schedule_warnings(runs(schedule=["wsd", "wsd", "cosine", "cosine"]))
    assert "wsd: 1" in warning
    assert "cosine: 1" in warning


def test_a_stopped_run_beside_finished_ones_is_named():
    (warning,) = schedule_warnings(runs(schedule_tokens=[1e10, 1e10, 4e10, 4e10]))
    assert "b at 25 %" in warning


def test_checkpoints_midway_where_shorter_runs_are_finished():
    longer = runs(
        tokens_seen=[5e9, 1e10, 1.5e10, 4e10], schedule_tokens=[1e10, 1e10, 4e10, 4e10]
    )
    (warning,) = schedule_warnings(longer)
    assert "4.0 times" in warning
    ends = longer[~longer.duplicated("run", keep="last")]
    assert schedule_warnings(ends) == []


@pytest.mark.parametrize(
    ("family", "expected"), [("gpt3", 0), ("opt", 0), ("gpt2-c4-1ep", 1)]
)
def test_real_families(family, expected):
    assert len(schedule_warnings(load_runs(family=family))) == expected
