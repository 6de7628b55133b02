"""The ladder of this project: what was forecast before, what checkpoints did."""

import hashlib
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from experiments import ladder
from hitchhiker.evaluation.methods import METHODS
from hitchhiker.runs.data import read_table
from tools.book import ROOT


@pytest.fixture(scope="module")
def checked():
    return ladder.check()


def git(*arguments):
    found = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return found.stdout.splitlines() if found.returncode == 0 else []


def test_the_forecast_is_older_than_the_runs_it_forecasts():
    """When the forecast came there was no row of the largest size; it never changed."""
    commits = git(
        "log", "--format=%H", "--diff-filter=AM", "--", "data/ladder/forecast.csv"
    )
    if not commits or git("rev-parse", "--is-shallow-repository") != ["false"]:
        pytest.skip("no history here")
    assert len(commits) == 1, "the forecast was changed after it was written"
    digest = hashlib.sha256(
        (ROOT / "data" / "ladder" / "forecast.csv").read_bytes()
    ).hexdigest()
    assert digest in git("log", "-1", "--format=%B", commits[0])
    then = "\n".join(git("show", f"{commits[0]}:data/ladder/losses.csv"))
    assert "ladder-w64-" in then
    assert "ladder-w84-" not in then
    assert read_table("ladder/losses")["model"].eq("ladder-w84").sum() == 3 * (5 + 15)


def test_the_small_runs_are_those_the_forecast_saw():
    written = read_table("ladder/forecast").groupby("n_sizes")["n_runs"].first()
    size = ladder.finished_runs()["num_params"].rank(method="dense")
    assert {n: (size <= n).sum() for n in written.index} == written.to_dict()


def test_the_forecast_is_what_the_recipe_gives_without_the_ladder(checked):
    """By today's prior without the ladder: nearly that of the day it was made."""
    runs = ladder.finished_runs()
    target = runs["num_params"].max()
    written = checked[(checked["method"] == "forecast") & (checked["n_sizes"] == 6)]
    smaller = runs[runs["num_params"] < target]
    fresh = METHODS["forecast"](
        smaller, np.full(len(written), target), written["tokens_seen"]
    )
    np.testing.assert_allclose(fresh["loss"], written["loss"], rtol=0.005)


def test_the_script_writes_the_forecast_once_and_then_compares(tmp_path):
    """What `make ladder` does before and after the largest size is trained."""
    record = read_table("ladder/losses")
    command = [sys.executable, str(ROOT / "ladder" / "forecast.py"), str(tmp_path)]
    record[record["model"] != "ladder-w84"].to_csv(tmp_path / "losses.csv", index=False)
    before = subprocess.run(
        command, cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    made = pd.read_csv(tmp_path / "forecast.csv")
    shipped = read_table("ladder/forecast")
    assert before.count("not trained yet") == 5
    pd.testing.assert_frame_equal(
        made.drop(columns="loss").iloc[:, :6], shipped.drop(columns="loss").iloc[:, :6]
    )
    plain = made["method"].isin(["fit", "borrowed"])
    np.testing.assert_allclose(made["loss"][plain], shipped["loss"][plain], rtol=1e-4)
    written = (tmp_path / "forecast.csv").read_bytes()
    shutil.copy(ROOT / "data" / "ladder" / "losses.csv", tmp_path)
    after = subprocess.run(
        command, cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    assert after.count("measured 1.") == 5
    assert (tmp_path / "forecast.csv").read_bytes() == written


def test_the_cost_of_a_seed_is_its_trunk_and_its_decays():
    record = read_table("ladder/losses").query("model == 'ladder-w16' and seed == 0")
    steps = record.groupby("run")["step"].max()
    trunk = steps.filter(like="constant").item()
    decays = sum(
        step - (step - int(0.2 * step))
        for step in steps.drop(steps.filter(like="constant").index)
    )
    per_step = record["flops"].iloc[0] / record["step"].iloc[0]
    assert ladder.cost_by_size().iloc[0] == pytest.approx(
        per_step * (trunk + decays), rel=0.001
    )


def test_long_runs_came_as_forecast_and_the_shortest_did_not(checked):
    six = checked[(checked["method"] == "forecast") & (checked["n_sizes"] == 6)]
    errors = six.sort_values("tokens_seen")["error"].to_numpy()
    assert (np.abs(errors[2:]) < 0.02).all()
    assert errors[0] < -0.02
    assert six["inside_90"].sum() > six["inside_80"].sum()


def test_finished_runs_forecast_best_and_the_mixture_worst():
    table = ladder.checkpoint_evidence()
    table = table.assign(are=table["error"].abs())
    middle = table.groupby(["method", "seen"])["are"].median()
    for method in ladder.LADDER_METHODS:
        assert middle[method].idxmin() == "finished runs"
        assert middle[method].idxmax() == "both"


def test_a_checkpoint_lies_ever_further_above_the_finished_run():
    excess = ladder.excess_of_checkpoints().groupby("tokens_seen")["excess"].mean()
    assert excess.is_monotonic_increasing
    assert excess.iloc[-1] > 3 * excess.iloc[0]


def test_without_a_borrowed_size_term_half_a_log_tells_the_end():
    """What the chapter on training part of the way says of the ladder."""
    errors = ladder.without_size_term([0.3, 0.5])
    assert errors[0.5] < 0.005 < 0.1 < errors[0.3]


def test_the_advised_ladder_kept_its_promise_but_not_from_its_first_run():
    advice = ladder.advised(0.35)
    assert advice["came"].iloc[0] > advice["promised_80"].iloc[0]
    assert advice["came"].iloc[-1] < advice["promised_80"].iloc[-1]
