"""Example files are what the code makes of our tables, and hold no target."""

import jupytext
import nbformat
import numpy as np
import pandas as pd
import pytest

from experiments import example_files
from hitchhiker import load_runs, read_export, selection
from hitchhiker.runs.data import tables_folder
from tools.book import ROOT

FOLDER = tables_folder() / "examples"


@pytest.mark.parametrize("name", example_files.FILES)
def test_shipped_file_is_what_the_code_makes(name):
    made = example_files.FILES[name]().to_csv(index=False)
    shipped = (FOLDER / f"{name}.csv").read_text(encoding="utf-8")
    assert shipped == made, "run: python -m experiments.example_files"


@pytest.mark.parametrize("name", ["ladder", "recipe_a", "recipe_b"])
def test_ladders_hold_the_smaller_sizes_only(name):
    runs = pd.read_csv(FOLDER / f"{name}.csv")
    family = load_runs(family=runs["family"][0], loss_kind=runs["loss_kind"][0])
    assert runs["num_params"].max() < selection.target(family)["num_params"].min()


def test_targets_are_hidden():
    runs = pd.read_csv(FOLDER / "run_in_progress.csv")
    watched = runs[runs["run"] == example_files.WATCHED_RUN]
    whole = load_runs("gpt3", loss_kind="validation")
    end = whole.loc[whole["run"] == example_files.WATCHED_RUN, "tokens_seen"].max()
    assert watched["tokens_seen"].max() <= example_files.WATCHED_UNTIL * end
    assert not watched["is_final"].any()
    one = pd.read_csv(FOLDER / "one_small_model.csv")
    assert one["run"].unique().tolist() == ["opt-1.3b"]
    assert not any("1.4" in c for c in pd.read_csv(FOLDER / "tracker_export.csv"))


def test_the_tracker_export_gives_the_real_losses_back():
    batches = dict(example_files.TRACKED.values())
    runs, notes = read_export(FOLDER / "tracker_export.csv", batch_tokens=batches)
    for words in (
        "column Step",
        "4 columns",
        "batch of each run",
        "names of runs",
        "before the first step",
        "restart",
    ):
        assert words in " ".join(notes), notes
    real = load_runs("overtrain", "overtrain-c4", "train")
    for run, (name, batch) in example_files.TRACKED.items():
        read, truth = runs[runs["run"] == name], real[real["run"] == run]
        assert len(read) >= example_files.TRACKED_ROWS
        size = truth["num_params"].iloc[0]
        assert read["num_params"].iloc[0] == pytest.approx(size, rel=0.05)
        loss = np.interp(read["tokens_seen"], truth["tokens_seen"], truth["loss"])
        where = f"{name}, {batch}"
        np.testing.assert_allclose(read["loss"], loss, rtol=0.01, err_msg=where)


def test_the_starter_notebook_is_its_chapter():
    page = jupytext.read(ROOT / "chapters" / "starter.md", fmt="md:myst")
    stored = nbformat.read(FOLDER / "starter.ipynb", as_version=4)
    kept = [c for c in page.cells if "remove-cell" not in c.metadata.get("tags", [])]
    assert [c.source for c in stored.cells] == [c.source for c in kept]
