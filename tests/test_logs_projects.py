"""Five projects, from the logs of their runs to a report, as typed at a shell."""

import json
import re
from inspect import signature

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from logs.files import by_run, lightning, scalars, state
from logs.ladders import BATCH, TRUTH, ladder, wide
from logs.texts import nanogpt_lines
from logs.writers import csv, text

from hitchhiker.cli import main

pytestmark = pytest.mark.slow  # five reports with figures

LADDER = {"gpt-44M": 44e6, "gpt-125M": 125e6, "gpt-210M": 210e6, "gpt-350M": 350e6}
TARGET = ("--params", "1.3B", "--tokens", "26B", "--finished")
CLOSE = 0.02  # of the truth


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A function that writes files into the working directory and types a command."""
    monkeypatch.chdir(tmp_path)
    mixes = "mix_stderr" in signature(CliRunner).parameters
    runner = CliRunner(mix_stderr=False) if mixes else CliRunner()

    def forecast(files, *words, out="report"):
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return runner.invoke(main, ["forecast", *words, *TARGET, "--out", out])

    return forecast


def check_report(found, folder, runs, *notes):
    """The number is near the truth, the notes are there, so are the three files."""
    assert found.exit_code == 0, found.stderr or found.exception
    assert {"report.md", "forecast.json", "forecast.svg"} <= {
        path.name for path in folder.iterdir()
    }
    facts = json.loads((folder / "forecast.json").read_text("utf-8"))
    row = facts["table"][0]
    assert abs(row["loss"] / TRUTH - 1) < CLOSE
    assert row["low_90"] < TRUTH < row["high_90"]
    assert facts["n_runs"] == runs
    report = (folder / "report.md").read_text("utf-8")
    assert "1.3e+09" in report or "1.3B" in report
    for words in notes:
        assert re.search(words, found.stderr + found.stdout, re.IGNORECASE), words
    assert (folder / "forecast.svg").read_text("utf-8").lstrip().startswith("<?xml")


def rungs(rows=20, **options):
    """A ladder of four sizes to ten thousand million tokens."""
    return ladder(LADDER, rows, seed=5, **options)


def test_a_tracker_export_with_a_diverged_run_and_two_seeds(project, tmp_path):
    runs = rungs()
    again = runs[runs["run"] == "gpt-125M"].assign(run="gpt-125M-seed2")
    again["loss"] = (again["loss"] * 1.002).round(4)
    broken = runs[runs["run"] == "gpt-210M"].assign(run="gpt-210M-hot")
    late = np.arange(len(broken)) >= 8
    broken["loss"] = np.where(late, 7.4, broken["loss"])
    everything = pd.concat([runs, again, broken]).assign(rate=3e-4)
    export = wide(everything, {"eval/loss": "loss", "train/lr": "rate"})
    files = {"wandb_export.csv": csv(export)}
    words = ("wandb_export.csv", "--batch-tokens", "512 x 1024")
    spoilt = project(files, *words)
    assert "gpt-210M-hot" in spoilt.stdout + spoilt.stderr
    assert "--without" in spoilt.stdout + spoilt.stderr
    found = project(files, *words, "--without", "gpt-210M-hot", out="second")
    check_report(found, tmp_path / "second", 5, "gpt-210M-hot", "batch|steps")


def test_a_folder_of_nanogpt_logs(project, tmp_path):
    runs = rungs()
    runs = runs.assign(val=runs["loss"], loss=runs["loss"] - 0.05)
    files = {f"logs/{n}.log": text(nanogpt_lines(r)) for n, r in by_run(runs).items()}
    words = ("logs", "--loss", "val_loss", "--batch-tokens", "8 x 64 x 1024")
    found = project(files, *words)
    check_report(found, tmp_path / "report", 4, "steps|batch", "names? |as the log")


def test_a_trainer_state_a_run(project, tmp_path):
    runs = rungs()
    files = {f"out/{n}/trainer_state.json": state(r) for n, r in by_run(runs).items()}
    words = ("out", "--loss", "loss", "--batch-tokens", str(BATCH))
    found = project(files, *words)
    check_report(found, tmp_path / "report", 4, "steps|batch", "gpt-44M")


def test_metrics_of_lightning_in_folders_of_versions(project, tmp_path):
    runs = rungs()
    place = runs.groupby("run").cumcount()
    runs = runs.assign(place=place, val=runs["loss"], loss=runs["loss"] - 0.05)
    files = {
        f"{n}/version_0/metrics.csv": lightning(r, "train_loss", "val_loss")
        for n, r in by_run(runs).items()
    }
    found = project(files, *files, "--batch-tokens", f"{BATCH:,}")
    check_report(found, tmp_path / "report", 4, "train_loss", "--loss")


def test_a_tensorboard_export_a_run(project, tmp_path):
    names = dict(zip(LADDER, ("tiny", "small", "medium", "large"), strict=True))
    runs = rungs().assign(run=lambda t: t["run"].map(names))
    files = {f"run-{n}-tag-loss.csv": scalars(r) for n, r in by_run(runs).items()}
    sizes = [w for n, s in LADDER.items() for w in ("--size", f"{names[n]}={s / 1e6}M")]
    words = [*files, *sizes, "--batch-tokens", "512x1024"]
    found = project(files, *words)
    check_report(found, tmp_path / "report", 4, "before the first step|step 0")
