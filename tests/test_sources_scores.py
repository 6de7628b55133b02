"""Scores on downstream tasks: the shipped tables, and as a user loads them."""

import pytest

from hitchhiker import DataError, load_evaluations, load_runs
from tools.readers import DATA, EVALUATION_COLUMNS
from tools.readers.checks import SCORE_KEY


@pytest.fixture(scope="module")
def table():
    return load_runs()


@pytest.fixture(scope="module")
def scores():
    return load_evaluations()


def test_evaluations_are_small():
    assert sum(path.stat().st_size for path in (DATA / "evaluations").iterdir()) < 4e6


def test_scores_are_fractions(scores):
    assert scores["value"].between(0, 1).all()
    assert scores["stderr"].dropna().between(0, 0.5).all()
    known = {"accuracy", "accuracy-normalised", "f1", "score", "score-at-10"}
    assert set(scores["metric"]) == known


def test_suites_are_means_and_no_row_comes_twice(scores):
    assert not scores["task"].str.contains("hendrycks|blimp_|crows").any()
    assert not scores.duplicated(SCORE_KEY).any()


def test_scores_have_the_tokens_of_the_losses(table, scores):
    finals = table[table["loss_kind"] == "validation-openlm"]
    final = finals.set_index("run")["tokens_seen"]
    ours = scores[scores["run"].isin(final.index)]
    assert (ours.groupby("run").size() == 46).all()
    assert (ours["tokens_seen"] == ours["run"].map(final)).all()


def test_better_than_chance_at_the_end(scores):
    groups = scores.sort_values("tokens_seen").groupby(["run", "task", "metric"])
    last = groups["value"].last()
    assert last["olmo-7b", "piqa", "accuracy-normalised"] > 0.75
    assert last["llm360-amber", "hellaswag", "score"] == pytest.approx(0.739, abs=0.01)
    assert last["pythia-v1-12b", "lambada_openai", "accuracy"] > 0.65


def test_scores_come_with_the_facts_of_their_run(scores):
    assert list(scores.columns[:8]) == list(EVALUATION_COLUMNS)
    assert scores[["source", "model", "num_params"]].notna().all(axis=None)
    files = {path.stem for path in (DATA / "evaluations").iterdir()}
    assert set(scores["source"]) == files


def test_scores_can_be_selected():
    some = load_evaluations(["olmo", "pythia"], task="piqa")
    assert set(some["source"]) == {"olmo", "pythia"}
    assert set(some["task"]) == {"piqa"}
    with pytest.raises(
        DataError, match="no source 'opt' here; known: llm360, moduleformer"
    ):
        load_evaluations("opt")
    with pytest.raises(DataError, match=r"no task 'chess' here; known: .*winogrande"):
        load_evaluations(task="chess")


def test_a_folder_without_scores_is_named(tmp_path, monkeypatch):
    (tmp_path / "runs.csv").write_text("run\n")
    monkeypatch.setenv("HITCHHIKER_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"no tables in .*evaluations"):
        load_evaluations()


def test_scores_do_not_lead_to_shared_tables():
    mine = load_evaluations("olmo")
    mine["value"] = -1.0
    assert (load_evaluations("olmo")["value"] >= 0).all()


def test_scores_rise_with_falling_loss(scores, table):
    """Over the sizes of a suite at its end, LAMBADA's accuracy mirrors its loss."""
    loss = (
        table[table["loss_kind"] == "lambada-last-word"].groupby("run")["loss"].last()
    )
    zero = scores[(scores["task"] == "lambada_openai") & (scores["shots"] == 0)]
    accuracy = zero.groupby("run")["value"].last()
    suite = [
        f"pythia-v1-{size}"
        for size in ("70m", "160m", "410m", "1b", "1.4b", "6.9b", "12b")
    ]
    assert loss[suite].is_monotonic_decreasing
    assert accuracy[suite].is_monotonic_increasing
