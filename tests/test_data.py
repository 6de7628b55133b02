"""Reading and checking tables: what is loaded, and what is refused in which words."""

import numpy as np
import pandas as pd
import pytest

from hitchhiker import DataError, check_runs, load_evaluations, load_runs, read_runs
from hitchhiker.runs.checks import run_names
from hitchhiker.runs.data import RUN_COLUMNS, tables_folder


def good():
    return pd.DataFrame(
        {
            "run": ["a", "a", "b", "b"],
            "num_params": [1e8, 1e8, 1e9, 1e9],
            "tokens_seen": [1e9, 2e9, 1e9, 2e9],
            "loss": [3.5, 3.4, 3.0, 2.9],
        }
    )


def test_a_good_table_passes_unchanged():
    pd.testing.assert_frame_equal(check_runs(good()), good())


def test_tiny_models_may_see_few_tokens():
    tiny = good().assign(
        num_params=[1e4, 1e4, 3e4, 3e4], tokens_seen=[1e5, 5e5, 1e5, 5e5]
    )
    assert check_runs(tiny) is tiny


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.drop(columns="loss"), "missing column loss"),
        (
            lambda t: t.assign(loss=[3.5, np.nan, 3.0, 2.9]),
            r"loss is missing in 1 row \(1\)",
        ),
        (
            lambda t: t.assign(loss=[3.5, -0.1, 3.0, 2.9]),
            r"loss is zero or negative in 1 row \(1\)",
        ),
        (
            lambda t: t.assign(loss=[3.5, np.inf, 3.0, 2.9]),
            r"loss is infinite in 1 row \(1\)",
        ),
        (
            lambda t: t.assign(tokens_seen=[0, 2e9, 1e9, 2e9]),
            r"tokens_seen is zero .* \(0\)",
        ),
        (
            lambda t: t.assign(num_params=[0.1, 0.1, 1, 1]),
            "num_params below 1,000 in 4 rows",
        ),
        (lambda t: t.assign(tokens_seen=[1, 2, 1, 2]), "the largest tokens_seen is 2"),
        (lambda t: t.assign(tokens_seen=1e9), "the same run and tokens_seen in 4 rows"),
        (
            lambda t: t.assign(loss=["3.5", "x", "3", "2.9"]),
            "loss is not a number in 1 row",
        ),
        (
            lambda t: t.assign(loss_kind=["train", "train", "validation", "train"]),
            "are mixed",
        ),
        (lambda t: t.to_dict(), "must be a pandas DataFrame, got dict"),
        (
            lambda t: t.drop(columns=["num_params", "loss"]),
            "missing column num_params, loss; the table has run, tokens_seen: rename",
        ),
        (lambda t: t.head(0), "the table has no rows: check the selection"),
        (
            lambda t: pd.concat([t, t[["loss"]]], axis=1),
            "column loss appears more than once",
        ),
        (
            lambda t: t.assign(loss=["3.5", "3.4", "3", "2.9"]),
            "convert it with pandas.to_numeric",
        ),
        (
            lambda t: t.assign(loss=t["loss"].astype(object)),
            "loss has type object: convert it",
        ),
        (lambda t: t.assign(loss=True), "loss has type bool"),
        (lambda t: t.assign(loss=3 + 1j), "loss has type complex128"),
        (
            lambda t: t.assign(tokens_seen=pd.Timestamp("2024-01-01")),
            "tokens_seen has type datetime",
        ),
        (
            lambda t: t.assign(loss=t["loss"].astype("category")),
            "loss has type category",
        ),
        (
            lambda t: t.assign(loss=pd.array([3.5, None, 3.0, 2.9], "Float64")),
            r"in 1 row \(1\)",
        ),
        (
            lambda t: t.assign(num_params=-t["num_params"]),
            "give the number of parameters",
        ),
        (lambda t: t.assign(loss=np.log(t["loss"]) - 2), "not its logarithm"),
        (
            lambda t: t.assign(tokens_seen=[0, 2e9, 1e9, 2e9]),
            "drop the checkpoint before training",
        ),
        (
            lambda t: t.assign(tokens_seen=6 * t["num_params"] * t["tokens_seen"]),
            r"tokens_seen above 1e\+18 in 3 rows \(1, 2, 3\): is this the right column",
        ),
        (lambda t: t.assign(loss=t["loss"] * 1e40), r"loss above 1e\+30 in 4 rows"),
        (lambda t: t.assign(loss=t["loss"] * 1e-40), "loss below 1e-30 in 4 rows"),
        (
            lambda t: t.assign(run=["a", None, "b", "b"]),
            r"run is missing in 1 row \(1\)",
        ),
        (
            lambda t: t.assign(run=[["a"], ["a"], ["b"], ["b"]]),
            "run must be a name or a number",
        ),
        (
            lambda t: t.drop(columns="run").assign(model="m"),
            r"the same model \(there is no column run\) and tokens_seen in 4 rows",
        ),
        (
            lambda t: pd.concat([t] * 2),
            r"in 8 rows \(0, 1, 2, 3, 0, \.\.\.\): keep the last record",
        ),
        (
            lambda t: t.assign(loss_kind=["train", "train", "validation", "train"]),
            "loss kinds train, validation are mixed in one table: keep one loss_kind",
        ),
    ],
)
def test_a_bad_table_is_refused_with_rows_and_remedy(change, words):
    with pytest.raises(DataError, match=words):
        check_runs(change(good()))


def test_rows_are_named_by_their_index():
    runs = good().set_axis(["w", "x", "y", "z"]).assign(loss=[3.5, np.nan, np.nan, 2.9])
    with pytest.raises(
        DataError, match=r"loss is missing in 2 rows \(x, y\): fill or drop"
    ):
        check_runs(runs)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.drop(columns="run"),
        lambda t: t.assign(run=[1, 1, 2, 2]),
        lambda t: t.astype(
            {"num_params": "int64", "tokens_seen": "Int64", "loss": "float32"}
        ),
        lambda t: t.set_axis([0] * 4),
        lambda t: t.assign(note=None, loss_kind="train"),
        lambda t: t.drop(columns="run").assign(model=["a", "a", "b", "b"]),
        lambda t: t.drop(columns="run").assign(tokens_seen=1e9),
    ],
    ids=["no run", "numbers", "types", "index", "more", "model", "same tokens"],
)
def test_what_can_be_used_passes(change):
    runs = change(good())
    assert check_runs(runs) is runs


def test_read_runs_names_the_file(tmp_path):
    path = tmp_path / "mine.csv"
    good().assign(loss=-1.0).to_csv(path, index=False)
    with pytest.raises(DataError, match=r"mine\.csv: loss is zero or negative"):
        read_runs(path)
    good().to_csv(path, index=False)
    pd.testing.assert_frame_equal(read_runs(path), good())
    path.write_text("")
    with pytest.raises(DataError, match=r"mine\.csv: the file is empty"):
        read_runs(path)
    with pytest.raises(DataError, match=r"no file .*nowhere"):
        read_runs(tmp_path / "nowhere.csv")


def test_columns_are_those_of_the_contract():
    runs = load_runs("opt")
    contract = (
        "run source family model arch corpus num_params tokens_seen step flops loss "
        "loss_kind seed epochs unique_tokens schedule schedule_tokens is_final "
        "digitised corrected"
    ).split()
    assert list(runs.columns[: len(contract)]) == contract == RUN_COLUMNS
    assert (runs["flops"] == 6.0 * runs["num_params"] * runs["tokens_seen"]).all()
    assert runs["is_final"].dtype == bool


def test_filters_compose_and_name_what_is_known():
    runs = load_runs(source="pythia", family="pythia-v1", loss_kind="lambada-last-word")
    assert set(runs["family"]) == {"pythia-v1"}
    assert runs["model"].nunique() == 8
    two = load_runs(["gpt3", "opt"], loss_kind="validation")
    assert set(two["source"]) == {"gpt3", "opt"}
    assert list(two.index) == list(range(len(two)))
    assert len(load_runs("opt")) == len(load_runs(family="opt")) == 142


@pytest.mark.parametrize(
    "wanted",
    [
        {"source": "gpt-3"},
        {"family": ["opt", "gpt-3"]},
        {"loss_kind": "gpt-3"},
        {"source": "opt", "family": "gpt-3"},
    ],
)
def test_unknown_names_are_met_with_the_known_ones(wanted):
    with pytest.raises(DataError, match=r"no \w+ 'gpt-3' here; known: \w+"):
        load_runs(**wanted)


def test_every_shipped_family_can_be_used():
    """Each source, family and kind passes the check that anyone's table must pass."""
    runs = load_runs().dropna(subset=["tokens_seen"])
    for _, family in runs.groupby(["source", "family", "loss_kind"], dropna=False):
        check_runs(family)


def test_a_loaded_table_is_ones_own():
    """What a reader does to it must not reach the next one who loads it."""
    mine = load_runs("opt")
    mine["loss"] = -1.0
    assert (load_runs("opt")["loss"] > 0).all()


def test_another_folder_of_tables(monkeypatch, tmp_path):
    monkeypatch.setenv("HITCHHIKER_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"no runs\.csv"):
        tables_folder()


def test_runs_have_names_without_the_column():
    assert list(run_names(good())) == ["a", "a", "b", "b"]
    assert list(run_names(good().rename(columns={"run": "model"}))) == [
        "a",
        "a",
        "b",
        "b",
    ]
    assert list(run_names(good().drop(columns="run"))) == [0, 1, 2, 3]


def test_evaluations_load_and_refuse():
    scores = load_evaluations("pythia")
    accuracy = scores[scores["metric"] == "accuracy"]["value"]
    assert accuracy.between(0, 1).all()
    with pytest.raises(DataError, match="known"):
        load_evaluations("nobody")
    early = load_evaluations("pythia", family="pythia-v0")
    assert len(early) == (scores["family"] == "pythia-v0").sum() > 0
