"""The one loop: what is seen, what is scored, and that nothing is dropped."""

import numpy as np
import pandas as pd
import pytest
from surfaces import SURFACES

from hitchhiker import (
    DataError,
    absolute_relative_error,
    evaluate,
    fit,
    load_runs,
    selection,
)
from hitchhiker.evaluation.methods import (
    BORROWED,
    METHODS,
    PAPER_START,
    LawMethod,
    paper,
)

COLUMNS = (
    "source family loss_kind cell n_sizes share scale_up flops_share method protocol "
    "are signed_error status E A alpha B beta low_80 high_80"
).split()
LAW = SURFACES["chinchilla"]


def ladder(n_sizes=4):
    grid = [
        (f"r{n:g}", n, d)
        for n in np.geomspace(1e8, 1e10, n_sizes)
        for d in (5e9, 2e10, 5e10, 9e10, 1e11)
    ]
    runs = pd.DataFrame(grid, columns=["run", "num_params", "tokens_seen"])
    return runs.assign(loss=LAW.predict(runs["num_params"], runs["tokens_seen"]))


def test_are_is_the_mean_of_relative_errors_whatever_the_unit():
    assert absolute_relative_error([2, 4], [2.2, 3.8]) == pytest.approx(0.075)
    assert absolute_relative_error([20, 40], [22, 38]) == pytest.approx(0.075)
    assert absolute_relative_error(
        pd.Series([2.0, 4.0], index=[7, 3]), 2
    ) == pytest.approx(0.25)


def test_are_of_every_method_ignores_the_unit_of_the_loss():
    """Except for borrowed values, which have a unit: that is what borrowing means."""
    runs = load_runs("opt")
    bits = runs.assign(loss=runs["loss"] / np.log(2))
    free = ["fit", "best_seen", "most_trained"]
    nats, bits = (evaluate(t, free, sizes=[3, 5]) for t in (runs, bits))
    np.testing.assert_allclose(bits["are"], nats["are"], rtol=1e-4)
    np.testing.assert_allclose(
        bits["signed_error"], nats["signed_error"], rtol=1e-4, atol=1e-9
    )


def test_one_row_a_cell_and_method_with_the_columns_of_the_contract():
    table = evaluate(ladder(), sizes=[2, 3], share=[0.5, 1.0])
    assert len(table) == 2 * 2 * len(METHODS)
    assert set(COLUMNS) <= set(table.columns)


def test_the_target_is_scored_by_hand():
    runs = ladder()
    row = evaluate({"mine": runs}, {"low": lambda *_: 2.0}).iloc[0]
    target = runs[(runs["num_params"] > 9e9) & (runs["tokens_seen"] >= 7e10)]["loss"]
    assert row["are"] == pytest.approx(np.mean(np.abs(target - 2) / target))
    assert row["signed_error"] == pytest.approx(np.mean((2 - target) / target))
    assert (row["family"], row["target_params"], row["n_sizes"]) == ("mine", 1e10, 3)
    assert row["scale_up"] == pytest.approx(1e10 / runs["num_params"].unique()[2])
    assert row["flops_share"] == pytest.approx(
        sum(runs["num_params"].unique()[:3]) / 1e10
    )


def test_a_clean_law_is_forecast_exactly():
    table = evaluate(ladder(), ["fit"], sizes=[3])
    assert table["are"].iloc[0] < 1e-5
    assert table["alpha"].iloc[0] == pytest.approx(LAW.alpha, rel=1e-3)


def test_a_failure_is_a_row_scored_as_the_best_loss_seen():
    def broken(train_runs, num_params, tokens_seen):
        raise RuntimeError("no law today")

    runs = ladder()
    failed, best = evaluate(runs, [broken, "best_seen"]).to_dict("records")
    assert failed["failed"]
    assert failed["message"] == "no law today"
    assert failed["status"] == "failed"
    assert failed["are"] == pytest.approx(best["are"])


def test_a_cell_without_rows_is_kept():
    row = evaluate(ladder(), ["fit"], early=1e12).iloc[0]
    assert row["failed"]
    assert np.isnan(row["are"])
    assert row["n_runs_dropped"] == 3


def test_tables_with_intervals_are_scored_for_coverage():
    def sure(train_runs, num_params, tokens_seen):
        loss = LAW.predict(num_params, tokens_seen)
        return pd.DataFrame({"loss": loss, "low_80": loss - 0.1, "high_80": loss + 0.1})

    row = evaluate(ladder(), [sure]).iloc[0]
    assert row["covered_80"] == 1.0
    assert row["low_80"] < row["target_loss"] < row["high_80"]
    assert np.isnan(row["covered_90"])


def test_methods_agree_with_what_they_say():
    runs = selection.early_cut(selection.smallest(load_runs("opt"), 5))
    at = [175e9], [280e9]
    assert METHODS["best_seen"](runs, *at)[0] == runs["loss"].min()
    assert METHODS["fit"](runs, *at)["loss"][0] == pytest.approx(
        fit(runs).predict(175e9, 280e9)
    )
    borrowed = METHODS["borrowed"](runs, *at).iloc[0]
    assert (borrowed["A"], borrowed["alpha"]) == (BORROWED["A"], BORROWED["alpha"])
    assert np.log(BORROWED["A"]) == pytest.approx(PAPER_START[0])
    assert paper(runs, *at)["loss"][0] > 0


@pytest.mark.parametrize(
    "form",
    [
        lambda loss: loss,
        lambda loss: list(loss),
        lambda loss: pd.Series(loss, index=[5, 4, 3][:2]),
        lambda loss: pd.DataFrame({"loss": loss}),
        lambda loss: loss.astype("float32"),
    ],
    ids=["array", "list", "series", "table", "float32"],
)
def test_any_callable_will_do(form):
    def mine(train_runs, num_params, tokens_seen):
        return form(LAW.predict(num_params, tokens_seen))

    row = evaluate(ladder(), mine).iloc[0]
    assert row["are"] < 1e-6
    assert (row["method"], row["status"], row["failed"]) == ("mine", "ok", False)
    assert np.isnan(row["E"])


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ([2.0] * 3, "3 losses are no forecast of 2 targets"),
        (pd.DataFrame({"loss": [2.0]}), "1 losses are no forecast of 2 targets"),
        (pd.DataFrame({"forecast": [2.0, 2.0]}), "loss"),
        ("high", "could not convert string to float"),
        (None, ""),
        (np.nan, ""),
        ([2.0, np.inf], ""),
    ],
)
def test_a_bad_answer_is_a_failed_row(answer, message):
    table = evaluate(ladder(), [lambda *_: answer, "best_seen"])
    assert table["failed"].tolist() == [True, False]
    assert table["status"].tolist() == ["failed", "ok"]
    assert table["are"][0] == table["are"][1]
    assert message in table["message"][0]


def test_tables_are_split_by_family_and_kind():
    runs = load_runs(["gpt3", "opt"])
    table = evaluate(runs, "best_seen")
    kinds = runs[["source", "family", "loss_kind"]].drop_duplicates()
    assert len(table) == len(kinds)
    assert (
        table[["source", "family", "loss_kind"]].values.tolist()
        == kinds.values.tolist()
    )
    assert len(evaluate(["gpt3", ladder()], "best_seen")) == 3
    assert evaluate({"one": ladder(), "two": ladder(5)}, "fit")["n_sizes"].tolist() == [
        3,
        4,
    ]


def test_a_repeated_index_does_not_mix_rows():
    twice = ladder().set_index(np.zeros(20, dtype=int))
    for name in ("fit", "best_seen", "paper"):
        here, there = (
            evaluate({"f": t}, name).drop(columns="message") for t in (ladder(), twice)
        )
        pd.testing.assert_frame_equal(here, there)


def test_two_methods_of_one_name_are_refused():
    """Else one of them would be dropped in silence."""
    pair = [LawMethod(), LawMethod("ls")]
    with pytest.raises(ValueError, match="two methods of one name"):
        evaluate(ladder(), pair)
    table = evaluate(ladder(), dict(zip(["robust", "plain"], pair, strict=True)))
    assert table["method"].tolist() == ["robust", "plain"]


def test_what_cannot_be_evaluated_is_named():
    with pytest.raises(DataError, match="a family of one size has no smaller model"):
        evaluate(ladder(1), "fit")
    with pytest.raises(DataError, match="share must be above 0 and at most 1, got"):
        evaluate(ladder(), "paper", share=1.5)
    with pytest.raises(DataError, match="no family 'none' here; known: "):
        evaluate("none", "fit")
    with pytest.raises(DataError, match="loss is missing in"):
        evaluate(ladder().assign(loss=np.nan), "fit")


def test_unknown_methods_are_named():
    with pytest.raises(ValueError, match="unknown method 'magic'; built in: paper"):
        evaluate(ladder(), ["magic"])
