"""The command line, as a reader types it."""

import json
import sys
from inspect import signature

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from test_forecasting import ladder

from hitchhiker.cli import main
from hitchhiker.cli.output import as_text

TARGET = ["--params", "10B", "--tokens", "20B"]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "runs.csv"
    ladder().to_csv(path, index=False)
    return str(path)


def call(*words):
    """Run the command; click 8.1 mixes both streams unless it is told not to."""
    mixes = "mix_stderr" in signature(CliRunner).parameters
    runner = CliRunner(mix_stderr=False) if mixes else CliRunner()
    return runner.invoke(main, list(words))


@pytest.mark.parametrize(
    "command", ["forecast", "plan", "compare", "watch", "report", "allocate"]
)
def test_every_command_has_help_with_an_example(command):
    found = call(command, "--help")
    assert found.exit_code == 0
    assert f"hitchhiker {command} " in found.output


def test_forecast_prints_and_saves(file, tmp_path):
    out = tmp_path / "made"
    found = call("forecast", file, *TARGET, "--out", str(out))
    assert found.exit_code == 0, found.output
    assert "loss" in found.stdout
    assert {p.name for p in out.iterdir()} == {
        "forecast.svg",
        "report.md",
        "forecast.json",
        "forecast.csv",
    }
    assert "## Question" in (out / "report.md").read_text()
    assert (out / "forecast.svg").read_text().lstrip().startswith("<?xml")


def test_json_holds_the_numbers(file):
    found = json.loads(call("forecast", file, *TARGET, "--json").stdout)
    row = found["table"][0]
    assert row["low_80"] < row["loss"] < row["high_80"]
    assert {"law", "warnings", "advice"} <= set(found)


def test_odd_names_and_units(tmp_path):
    path = tmp_path / "odd.csv"
    runs = ladder()
    pd.DataFrame(
        {
            "who": runs["run"],
            "M": runs["num_params"] / 1e6,
            "B": runs["tokens_seen"] / 1e9,
            "ppl": np.exp(runs["loss"]),
        }
    ).to_csv(path, index=False)
    found = call(
        "forecast",
        str(path),
        *TARGET,
        "--map",
        "who=run",
        "--map",
        "M=num_params",
        "--map",
        "B=tokens_seen",
        "--params-unit",
        "1M",
        "--tokens-unit",
        "1B",
        "--loss-unit",
        "perplexity",
        "--json",
    )
    assert found.exit_code == 0, found.output
    assert 1.5 < json.loads(found.stdout)["table"][0]["loss"] < 3
    assert "note: column ppl read as loss" in found.stderr


def test_without_plots_the_numbers_are_saved_all_the_same(file, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    out = tmp_path / "made"
    found = call("forecast", file, *TARGET, "--out", str(out))
    assert found.exit_code == 0, found.output
    written = {"report.md", "forecast.json", "forecast.csv"}
    assert {p.name for p in out.iterdir()} == written
    assert "for the figure: pip install matplotlib seaborn" in found.stderr


def test_finished_runs_are_said_so(tmp_path):
    path = tmp_path / "runs.csv"
    ladder().drop(columns="is_final", errors="ignore").to_csv(path, index=False)
    words = ["forecast", str(path), "--params", "10B", "--tokens", "40B"]
    assert "is_final" in call(*words).stdout
    assert "is_final" not in call(*words, "--finished").stdout


def test_batches_by_run(tmp_path):
    path, runs = tmp_path / "steps.csv", ladder()
    steps = runs.assign(step=runs["tokens_seen"] / 1e6).drop(columns="tokens_seen")
    steps.to_csv(path, index=False)
    options = [
        w for run in runs["run"].unique() for w in ("--batch-tokens", f"{run}=1M")
    ]
    one = call("forecast", str(path), *TARGET, "--batch-tokens", "1M", "--json")
    each = call("forecast", str(path), *TARGET, *options, "--json")
    assert each.exit_code == 0, each.output
    assert json.loads(one.stdout)["table"] == json.loads(each.stdout)["table"]
    bad = call(
        "forecast", str(path), *TARGET, "--batch-tokens", "1M", "--batch-tokens", "2M"
    )
    assert "write a=b" in bad.stderr


@pytest.mark.parametrize(
    "budget",
    [
        ["--share", "0.05"],
        ["--flops", "3e20"],
        ["--gpu-hours", "200", "--flops-per-second", "4e14"],
    ],
)
def test_plans_for_every_kind_of_budget(budget, tmp_path):
    csv = tmp_path / "ladder.csv"
    found = call(
        "plan", "--params", "7B", "--tokens", "140B", *budget, "--csv", str(csv)
    )
    assert found.exit_code == 0, found.output
    assert list(pd.read_csv(csv))[:3] == ["order", "num_params", "tokens_seen"]


def test_compare_watch_report_and_allocate(file):
    same = call("compare", file, file, *TARGET, "--json")
    assert json.loads(same.stdout)["probability"] == pytest.approx(0.5, abs=0.01)
    watched = call("watch", file, "--run", "r1e+09", "--tokens", "100B")
    assert watched.exit_code == 0, watched.output
    assert "inside the bands" in watched.stdout
    assert "## Fit" in call("report", file, *TARGET).stdout
    assert (
        "optimum"
        in call("allocate", file, "--flops", "1e22", "--inference-tokens", "1T").stdout
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["forecast", "none.csv", *TARGET], "no file none.csv"),
        (["plan", "--params", "7B", "--tokens", "140B"], "give one budget"),
        (
            ["plan", "--params", "7B", "--tokens", "140B", "--gpu-hours", "5"],
            "--flops-per-second",
        ),
        (
            ["plan", "--params", "seven", "--tokens", "140B", "--share", "0.1"],
            "not a count",
        ),
        (["forecast"], "Missing argument"),
        (["nonsense"], "No such command"),
    ],
)
def test_bad_input_is_one_line_and_status_two(words, said):
    found = call(*words)
    assert found.exit_code == 2
    assert said in found.stderr
    assert "Traceback" not in found.output


def test_a_bad_row_is_named(tmp_path):
    path = tmp_path / "bad.csv"
    ladder().astype({"loss": object}).assign(loss="x").to_csv(path, index=False)
    found = call("forecast", str(path), *TARGET)
    assert found.exit_code == 2
    assert found.stderr.count("\n") == 1
    assert "loss in line 2" in found.stderr


def test_what_is_not_finite_is_null_in_strict_json():
    facts = {
        "a": float("inf"),
        "b": [np.float64("nan"), np.int64(2)],
        "c": pd.DataFrame({"x": [1.5]}),
    }
    assert json.loads(as_text(facts)) == {"a": None, "b": [None, 2], "c": [{"x": 1.5}]}
