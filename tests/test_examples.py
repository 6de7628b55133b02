"""The example files are what the package makes of our tables, and their targets are not in them."""

import io

import jupytext
import nbformat
import numpy as np
import pandas as pd
import pytest

from experiments import examples
from hitchhiker import load_runs
from hitchhiker.forecasts.watching import RUNNING_WIDTH
from hitchhiker.runs.data import tables_folder
from hitchhiker.runs.trackers import read_export
from tools.book import ROOT

FOLDER = tables_folder() / "examples"


@pytest.mark.parametrize("name", examples.FILES)
def test_shipped_file_is_what_the_code_makes(name):
    made = examples.FILES[name]().to_csv(index=False, float_format="%.8g")
    fresh, shipped = pd.read_csv(io.StringIO(made)), pd.read_csv(FOLDER / f"{name}.csv")
    pd.testing.assert_frame_equal(fresh, shipped)


def test_targets_are_hidden():
    watched = pd.read_csv(FOLDER / "run_in_progress.csv")
    own = watched[watched["run"] == examples.WATCHED]
    end = load_runs("gpt3", loss_kind="validation").query("run == @examples.WATCHED")
    assert own["tokens_seen"].max() <= examples.PART * end["tokens_seen"].max()
    assert not own["is_final"].any()
    assert pd.read_csv(FOLDER / "one_small_model.csv")["run"].unique().tolist() == [
        "opt-1.3b"
    ]
    assert not any("1.4" in c for c in pd.read_csv(FOLDER / "tracker_export.csv"))


def test_the_tracker_export_gives_the_real_losses_back():
    batches = {name: batch for name, batch in examples.TRACKED.values()}
    runs, notes = read_export(FOLDER / "tracker_export.csv", batch_tokens=batches)
    told = " ".join(notes)
    for words in (
        "column Step",
        "4 columns",
        "batch of each run",
        "names of runs",
        "before the first step",
        "restart",
    ):
        assert words in told, notes
    real = load_runs("overtrain", "overtrain-c4", "train")
    for run, (name, batch) in examples.TRACKED.items():
        own, truth = runs[runs["run"] == name], real[real["run"] == run]
        assert len(own) >= 40
        assert own["num_params"].iloc[0] == pytest.approx(
            truth["num_params"].iloc[0], rel=0.05
        )
        loss = np.interp(own["tokens_seen"], truth["tokens_seen"], truth["loss"])
        np.testing.assert_allclose(
            own["loss"], loss, rtol=0.01, err_msg=f"{name}, {batch}"
        )


def test_the_starter_notebook_is_its_chapter():
    page = jupytext.read(ROOT / "chapters" / "starter.md", fmt="md:myst")
    stored = nbformat.read(FOLDER / "starter.ipynb", as_version=4)
    kept = [c for c in page.cells if "remove-cell" not in c.metadata.get("tags", [])]
    assert [c.source for c in stored.cells] == [c.source for c in kept]


def test_a_run_is_forecast_better_the_more_of_it_is_seen():
    table = examples.end_evidence()
    error = examples.by_share(table.assign(error=table["error"].abs()), "error")
    assert set(error.index) == {examples.ALONE, examples.BESIDE, examples.SHAPE}
    for seen in error.index:
        assert error.loc[seen, 0.9] < 0.7 * error.loc[seen, 0.1]


def test_intervals_of_a_run_under_way_are_widened_as_other_studies_ask():
    table = examples.widening(examples.end_evidence())
    assert table["factor"].between(RUNNING_WIDTH - 0.2, RUNNING_WIDTH).all(), (
        "the chapter says: `watch` errs to the wide side"
    )
    assert 0.75 <= table["inside"].mean() <= 0.9


def test_alarms_are_rare_in_health_and_frequent_in_a_fault():
    table = examples.alarm_evidence()
    rate = table.groupby(["seen", "fault", "source"])[["alarm", "found"]].mean()
    rate = rate.groupby(["seen", "fault"]).mean()
    assert rate.loc[(examples.BESIDE, 0.0), "alarm"] < 0.15
    assert rate.loc[(examples.BESIDE, 0.05), "found"] == pytest.approx(0.76, abs=0.03)
    logged = (
        table[table["source"] != "ladder"]
        .groupby(["seen", "fault", "source"])["found"]
        .mean()
    )
    assert logged.groupby(["seen", "fault"]).mean()[examples.BESIDE, 0.05] > 0.8
    assert not table.loc[
        table["source"] == "ladder", "alarm"
    ].any()  # too few checkpoints
    assert rate.loc[examples.BESIDE, "found"].is_monotonic_increasing
    assert (
        rate.loc[(examples.ALONE, 0.0), "alarm"]
        > rate.loc[(examples.BESIDE, 0.0), "alarm"]
    )
