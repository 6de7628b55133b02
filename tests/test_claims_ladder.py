"""The ladder of this project: what was forecast before, what seeds and checkpoints did."""

import hashlib
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from experiments import ladder
from hitchhiker.runs.data import read_table
from tools.book import ROOT


@pytest.fixture(scope="module")
def draws():
    return ladder.draw_evidence()


@pytest.fixture(scope="module")
def checked():
    return ladder.check()


def git(*arguments):
    found = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return found.stdout.splitlines() if found.returncode == 0 else []


def test_the_forecast_is_older_than_the_runs_it_forecasts():
    """In the history: when the forecast came, no row of the largest size was there, and it never changed."""
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
    told = (
        read_table("ladder/forecast")
        .drop_duplicates("n_sizes")
        .set_index("n_sizes")["n_runs"]
    )
    runs = ladder.ends()
    sizes = sorted(runs["num_params"].unique())
    assert {
        n: runs["num_params"].isin(sizes[:n]).sum() for n in told.index
    } == told.to_dict()


def test_the_forecast_is_what_the_recipe_gives_without_the_ladder(checked):
    """By the prior of today that has not seen the ladder: nearly that of the day it was made."""
    runs = ladder.ends()
    target = runs["num_params"].max()
    own = checked[(checked["method"] == "forecast") & (checked["n_sizes"] == 6)]
    made = ladder.METHODS["forecast"](
        runs[runs["num_params"] < target], np.full(len(own), target), own["tokens_seen"]
    )
    np.testing.assert_allclose(made["loss"], own["loss"], rtol=0.005)


def test_the_script_writes_the_forecast_once_and_then_compares(tmp_path):
    """What `make ladder` does before and after the largest size is trained."""
    record = read_table("ladder/losses")
    command = [sys.executable, str(ROOT / "ladder" / "forecast.py"), str(tmp_path)]
    record[record["model"] != "ladder-w84"].to_csv(tmp_path / "losses.csv", index=False)
    before = subprocess.run(
        command, cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    made, shipped = (
        pd.read_csv(tmp_path / "forecast.csv"),
        read_table("ladder/forecast"),
    )
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


def test_spread_over_seeds_is_pooled_with_its_degrees_of_freedom():
    made = pd.DataFrame(
        {"num_params": [1, 1, 2], "n_seeds": [3, 5, 2], "spread": [0.1, 0.2, 0.3]}
    )
    pooled = ladder.pooled_spread(made)
    assert pooled[1] == pytest.approx(np.sqrt((2 * 0.01 + 4 * 0.04) / 6))
    assert pooled[2] == pytest.approx(0.3)


def test_draws_choose_seeds_and_count_what_was_spent(draws):
    assert set(draws["kind"]) == {"ladder", "one size", "equal FLOPs"}
    assert (
        draws.groupby(["kind", "largest", "n_sizes", "n_seeds", "method"]).size().max()
        <= ladder.DRAWS
    )
    shares = (
        draws[draws["kind"] == "ladder"]
        .groupby(["n_sizes", "n_seeds"])["flops_share"]
        .first()
    )
    np.testing.assert_allclose(shares.xs(3, level=1), 3 * shares.xs(1, level=1))
    assert shares.xs(1, level=1).is_monotonic_increasing
    pairs = (
        draws[draws["kind"] != "ladder"]
        .groupby(["kind", "largest"])["flops_share"]
        .first()
    )
    ratio = np.sort(pairs["equal FLOPs"]) / np.sort(pairs["one size"])
    assert ((ratio > 0.7) & (ratio < 1.1)).all()
    assert np.isfinite(draws["error"]).all()


def test_the_cost_of_a_seed_is_its_trunk_and_its_decays():
    record = read_table("ladder/losses").query("model == 'ladder-w16' and seed == 0")
    steps = record.groupby("run")["step"].max()
    trunk = steps.filter(like="constant").item()
    decays = sum(
        step - (step - int(0.2 * step))
        for step in steps.drop(steps.filter(like="constant").index)
    )
    per_step = record["flops"].iloc[0] / record["step"].iloc[0]
    assert ladder.spent().iloc[0] == pytest.approx(
        per_step * (trunk + decays), rel=0.001
    )


def test_seeds_explain_a_share(draws):
    parts = ladder.seed_share(draws)
    assert parts["share"].between(0, 1).all()
    assert set(parts["n_sizes"]) == {2, 3, 4, 5, 6}


# --- what the text says ---------------------------------------------------------------------


def test_long_runs_came_as_forecast_and_the_shortest_did_not(checked):
    own = checked[(checked["method"] == "forecast") & (checked["n_sizes"] == 6)]
    errors = own.sort_values("tokens_seen")["error"].to_numpy()
    assert (np.abs(errors[2:]) < 0.02).all()
    assert errors[0] == pytest.approx(-0.047, abs=0.002)
    assert own["inside_80"].sum() == 2
    assert own["inside_90"].sum() == 4


def test_seeds_move_the_loss_by_a_per_cent():
    spread = ladder.seed_spread()
    assert spread["apart"].max() == pytest.approx(0.0338, abs=1e-3)
    pooled = ladder.pooled_spread(spread)
    assert pooled.between(0.006, 0.013).all()


def test_several_small_sizes_beat_one_larger_at_equal_flops(draws):
    own = draws[(draws["kind"] != "ladder") & (draws["method"] == "forecast")]
    middle = (
        own.assign(are=own["error"].abs())
        .groupby(["kind", "flops_share"])["are"]
        .median()
    )
    assert (
        middle["equal FLOPs"].to_numpy() < middle["one size"].to_numpy() / 1.5
    ).all()


def test_from_three_sizes_on_a_second_seed_beats_a_fourth_size(draws):
    own = draws[(draws["kind"] == "ladder") & (draws["method"] == "forecast")]
    middle = (
        own.assign(are=own["error"].abs())
        .groupby(["n_sizes", "n_seeds"])["are"]
        .median()
    )
    assert middle[3, 2] < 0.8 * middle[4, 1]
    parts = ladder.seed_share(draws).set_index(["method", "n_sizes"])["share"][
        "forecast"
    ]
    assert parts[3] > 0.9 > 0.6 > parts[4] > parts[6]


def test_finished_runs_forecast_best_and_the_mixture_worst():
    trail = ladder.trail_evidence()
    middle = (
        trail.assign(are=trail["error"].abs())
        .groupby(["method", "seen"])["are"]
        .median()
    )
    for method in ladder.WAYS:
        assert middle[method].idxmin() == "finished runs"
        assert middle[method].idxmax() == "both"


def test_a_checkpoint_lies_ever_further_above_the_finished_run():
    excess = ladder.unfinished().groupby("tokens_seen")["excess"].mean()
    assert excess.is_monotonic_increasing
    assert excess.iloc[-1] > 3 * excess.iloc[0]


def test_without_a_borrowed_size_term_half_a_log_tells_the_end():
    """What the chapter on training part of the way says of the ladder."""
    errors = ladder.without_size_term([0.3, 0.5])
    assert errors[0.3] == pytest.approx(0.13, abs=0.01)
    assert errors[0.5] < 0.005


def test_the_advised_ladder_kept_its_promise_but_not_from_its_first_run():
    advice = ladder.advised(0.35)
    assert advice["came"].iloc[0] > advice["promised_80"].iloc[0]
    assert advice["came"].iloc[-1] < advice["promised_80"].iloc[-1]
