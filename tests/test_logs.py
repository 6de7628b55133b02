"""Files as trackers and scripts write them."""

import json

import numpy as np
import pandas as pd
import pytest

from hitchhiker import DataError, forecast, read_export
from hitchhiker.logs.counts import parse_count


@pytest.fixture
def tidy():
    return pd.DataFrame(
        {
            "run": ["a", "a", "b", "b"],
            "num_params": [1e8, 1e8, 3e8, 3e8],
            "tokens_seen": [1e9, 2e9, 1e9, 2e9],
            "loss": [3.4, 3.2, 3.1, 2.9],
        }
    )


def write(table, folder, name="runs.csv"):
    path = folder / name
    table.to_csv(path, index=False)
    return path


def test_a_tidy_table_comes_back_without_a_note(tidy, tmp_path):
    runs, notes = read_export(write(tidy, tmp_path))
    pd.testing.assert_frame_equal(runs[list(tidy)], tidy)
    assert notes == []


def test_odd_names_units_and_perplexity(tidy, tmp_path):
    odd = pd.DataFrame(
        {
            "experiment": tidy["run"],
            "params (M)": tidy["num_params"] / 1e6,
            "tokens (B)": tidy["tokens_seen"] / 1e9,
            "val/ppl": np.exp(tidy["loss"]),
        }
    )
    names = {"params (M)": "num_params", "tokens (B)": "tokens_seen", "val/ppl": "loss"}
    runs, notes = read_export(
        write(odd, tmp_path),
        columns=names,
        params_unit=1e6,
        tokens_unit=1e9,
        loss_unit="perplexity",
    )
    np.testing.assert_allclose(
        runs[["num_params", "tokens_seen", "loss"]],
        tidy[["num_params", "tokens_seen", "loss"]],
    )
    assert "experiment read as run" in notes[0]
    assert "perplexity" in notes[-1]


def test_bits_per_byte(tidy, tmp_path):
    path = write(tidy.assign(loss=tidy["loss"] / np.log(2) / 4.2), tmp_path)
    runs, _ = read_export(path, loss_unit="bits-per-byte", bytes_per_token=4.2)
    np.testing.assert_allclose(runs["loss"], tidy["loss"])
    with pytest.raises(DataError, match="bytes_per_token"):
        read_export(path, loss_unit="bits-per-byte")


def test_a_wide_tracker_export(tmp_path):
    wide = pd.DataFrame(
        {
            "Step": [0, 1000, 2000],
            "gpt-125m - val/loss": [np.nan, 3.5, 3.3],
            "gpt-125m - val/loss__MIN": [np.nan, 3.5, 3.3],
            "gpt-1.3b - val/loss": [np.nan, 3.0, 2.8],
        }
    )
    runs, notes = read_export(
        write(wide, tmp_path), columns={"Step": "step"}, batch_tokens=1e6
    )
    assert sorted(runs["run"].unique()) == ["gpt-1.3b", "gpt-125m"]
    assert runs.groupby("run")["num_params"].first().to_dict() == {
        "gpt-1.3b": 1.3e9,
        "gpt-125m": 1.25e8,
    }
    assert runs["tokens_seen"].max() == 2e9
    assert any("names of runs" in n for n in notes)


def test_each_run_may_have_a_batch_of_its_own_and_names_any_case(tmp_path):
    wide = pd.DataFrame(
        {
            "Step": [1000, 2000, 2000],
            "a-125m": [3.5, 3.4, 3.3],
            "b-1.3b": [3.0, 2.9, 2.8],
        }
    )
    path = write(wide, tmp_path)
    runs, notes = read_export(path, batch_tokens={"a-125m": 5e5, "b-1.3b": 2e6})
    assert runs["tokens_seen"].tolist() == [5e8, 1e9, 2e9, 4e9]
    assert runs["loss"].tolist() == [3.5, 3.3, 3.0, 2.8]
    assert notes[0] == "column Step read as step"
    with pytest.raises(DataError, match="batch_tokens for run 'b-1.3b'"):
        read_export(path, batch_tokens={"a-125m": 5e5})


def test_counts_as_people_write_them(tidy, tmp_path):
    odd = tidy.assign(
        num_params=["100M", "100,000,000", "0.3B", "300m"],
        tokens_seen=["1B", "2B", "1e9", "2000000000"],
    )
    runs, _ = read_export(write(odd, tmp_path))
    pd.testing.assert_frame_equal(runs[list(tidy)], tidy)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("runs.tsv", {"sep": "\t"}),
        ("runs.csv", {"sep": ";", "decimal": ","}),
    ],
)
def test_other_separators(tidy, tmp_path, name, options):
    tidy.to_csv(tmp_path / name, index=False, **options)
    pd.testing.assert_frame_equal(read_export(tmp_path / name)[0][list(tidy)], tidy)


def test_a_list_in_json_and_a_folder(tidy, tmp_path):
    tidy.to_json(tmp_path / "runs.json", orient="records")
    assert len(read_export(tmp_path / "runs.json")[0]) == len(tidy)
    assert len(read_export(tmp_path)[0]) == len(tidy)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"holds no file of \.csv"):
        read_export(tmp_path / "empty")


def test_a_trackers_own_columns_are_no_runs(tmp_path):
    wide = pd.DataFrame(
        {
            "Step": [100, 200],
            "a-125m - _step": [100, 200],
            "a-125m - loss": [4.0, 3.8],
            "a-125m - loss__MIN": [3.9, 3.7],
        }
    )
    runs, notes = read_export(write(wide, tmp_path), batch_tokens=1e6)
    assert runs["loss"].tolist() == [4.0, 3.8]
    assert not any("repeat" in n for n in notes)


def test_json_lines(tidy, tmp_path):
    path = tmp_path / "runs.jsonl"
    path.write_text("\n".join(json.dumps(r) for r in tidy.to_dict("records")))
    assert len(read_export(path)[0]) == 4


def test_restarts_gaps_and_growing_batches(tmp_path):
    table = pd.DataFrame(
        {
            "run": "a-1b",
            "step": [0, 100, 200, 300, 200, 300, 400],
            "batch_tokens": [1e6, 1e6, 1e6, 1e6, 1e6, 2e6, 2e6],
            "loss": [11.0, 4.0, 3.8, np.nan, 3.75, 3.7, 3.6],
        }
    )
    runs, notes = read_export(write(table, tmp_path))
    assert runs["tokens_seen"].tolist() == [1e8, 2e8, 4e8, 6e8]
    assert runs["loss"].tolist() == [4.0, 3.75, 3.7, 3.6]
    assert any("without a loss" in n for n in notes)


def test_steps_repeated_after_a_restart(tmp_path):
    table = pd.DataFrame(
        {
            "run": "a",
            "num_params": 1e9,
            "step": [100, 200, 200, 300],
            "loss": [4.0, 3.9, 3.8, 3.7],
        }
    )
    runs, notes = read_export(write(table, tmp_path), batch_tokens=1e6)
    assert runs["loss"].tolist() == [4.0, 3.8, 3.7]
    assert any("restart" in note for note in notes)


@pytest.mark.parametrize(
    ("change", "given", "words"),
    [
        ({"loss": ["x", 3, 3, 3]}, {}, "line 2"),
        ({}, {"columns": {"nope": "loss"}}, "'nope'"),
        ({}, {"loss_unit": "bans"}, "bans"),
        ({"loss": -1.0}, {}, "loss"),
    ],
)
def test_bad_files_are_named(tidy, tmp_path, change, given, words):
    with pytest.raises(DataError, match=words):
        read_export(write(tidy.assign(**change), tmp_path), **given)


@pytest.mark.parametrize(
    ("drop", "words"),
    [
        ("tokens_seen", "tokens_seen nor step"),
        ("num_params", "no parameters known for run 'a'"),
        (
            "loss",
            "wide table has no column|no loss|no column of losses|names|no parameters",
        ),
    ],
)
def test_what_is_missing_is_named(tidy, tmp_path, drop, words):
    with pytest.raises(DataError, match=words):
        read_export(write(tidy.drop(columns=drop), tmp_path))


def test_steps_without_a_batch_are_named(tidy, tmp_path):
    table = tidy.rename(columns={"tokens_seen": "step"})
    with pytest.raises(DataError, match="batch_tokens"):
        read_export(write(table, tmp_path))


def test_no_file_and_no_csv(tmp_path):
    with pytest.raises(DataError, match="no file"):
        read_export(tmp_path / "none.csv")
    (tmp_path / "bad.jsonl").write_text("{")
    with pytest.raises(DataError, match="line 1 is no JSON"):
        read_export(tmp_path / "bad.jsonl")


@pytest.mark.parametrize(
    ("text", "value"), [("7B", 7e9), ("1.4t", 1.4e12), ("2e9", 2e9), (5e8, 5e8)]
)
def test_counts(text, value):
    assert parse_count(text) == value


def test_a_bad_count_is_named():
    with pytest.raises(DataError, match="seven"):
        parse_count("seven")


@pytest.mark.parametrize(
    ("change", "options"),
    [
        ({"model": "llama"}, {}),  # the name of a family, and none of runs
        ({"model": ["s", "s", "m", "m"]}, {"each_row_a_run": True}),
    ],
)
def test_rows_that_are_runs_count_as_runs(tidy, tmp_path, change, options):
    """Also where a column model stands beside, which could be taken for runs."""
    table = tidy.assign(**change).drop(columns="run")
    runs, notes = read_export(write(table, tmp_path), **options)
    assert any("every row is a run of its own" in note for note in notes)
    assert forecast(runs, 1e9, 2e10, early=None).n_runs == len(tidy)
