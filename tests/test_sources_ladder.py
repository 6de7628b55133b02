"""The ladder of this project: its tables rebuild from what the trainer wrote."""

import io
import json

import pandas as pd
import pytest

from hitchhiker import load_runs
from hitchhiker.runs.data import read_table
from tools.readers import ladder
from tools.readers.checks import check_frames
from tools.readers.rawfiles import check_raw
from tools.readers.thinning import thin
from tools.readers.writing import render

DATA = ladder.HERE


@pytest.fixture(scope="module")
def made():
    return ladder.read()


@pytest.fixture(scope="module")
def record():
    return read_table("ladder/losses")


def test_the_record_is_the_one_in_the_manifest():
    assert check_raw(DATA)["file"].tolist() == ["ladder/losses.csv"]


def test_the_tables_rebuild_from_the_record_byte_for_byte(made):
    runs, losses = made
    check_frames("ladder", runs, losses)
    shipped = (DATA / "losses" / "ladder.csv").read_bytes()
    assert render(thin(losses)).encode() == shipped
    shipped = pd.read_csv(DATA / "runs.csv", dtype=str, keep_default_na=False)
    shipped = shipped[shipped["source"] == "ladder"].set_index("run").sort_index()
    again = pd.read_csv(io.StringIO(render(runs)), dtype=str, keep_default_na=False)
    pd.testing.assert_frame_equal(again.set_index("run").sort_index(), shipped)


def test_seven_sizes_five_lengths_and_true_seeds():
    runs = load_runs(family="ladder")
    seeds = runs.groupby(["num_params", "tokens_seen"])["seed"].nunique().unstack()
    assert seeds.shape == (7, 5)
    assert seeds.nunique(axis=1).eq(1).all()
    assert seeds.iloc[:, 0].tolist() == [5, 5, 5, 5, 3, 3, 3]
    steps = runs["num_params"].drop_duplicates().sort_values().pct_change().dropna()
    assert steps.between(0.5, 0.75).all()


def test_runs_of_one_size_and_length_differ_in_nothing_but_the_seed(record):
    same = [
        "num_params",
        "schedule",
        "schedule_tokens",
        "learning_rate",
        "corpus_sha256",
        "flops",
    ]
    finished = record[record["is_final"]]
    assert (finished.groupby(["model", "step"])[same].nunique() == 1).all(axis=None)
    assert finished.groupby(["model", "step"])["loss"].nunique().min() >= 3


def test_every_parameter_has_a_role(record):
    roles = ["embedding", "position", "attention", "mlp", "norm"]
    assert (
        record[[f"params_{role}" for role in roles]].sum(axis=1) == record["num_params"]
    ).all()
    body = record[[f"params_{role}" for role in roles[2:]]].sum(axis=1)
    assert (body == record["params_non_embedding"]).all()
    assert body.min() < 10_000
    assert body.max() > 250_000


def test_the_text_is_on_record_and_no_byte_was_seen_twice(record):
    facts = json.loads((DATA / "ladder" / "corpus.json").read_text(encoding="utf-8"))
    assert {len(facts[f"{part}_sha256"]) for part in ("train", "held_out")} == {64}
    assert record["tokens_seen"].max() <= facts["train_bytes"]


def test_a_finished_run_ends_below_the_constant_rate():
    keys = ["num_params", "seed", "tokens_seen"]
    parts = [
        load_runs(family=name).set_index(keys)["loss"]
        for name in ("ladder", "ladder-constant")
    ]
    finished, constant = parts[0].align(parts[1], join="inner")
    assert len(finished) == 4 * 29
    assert (finished < constant).all()
