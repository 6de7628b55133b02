"""The one loop: what is seen, what is scored, and that nothing is dropped."""

from functools import partial

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
    "source family loss_kind n_sizes share scale_up flops_share method are signed_error status "
    "E A alpha B beta low_80 high_80"
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


def test_the_share_is_of_own_tokens_or_of_the_longest_run():
    """Half the tokens: every run gives half its own, or the short one gives all it has."""
    runs = ladder().query("not (run == 'r1e+08' and tokens_seen > 5e10)")
    guide, paper_row = (
        evaluate(runs, "fit", share=0.5, protocol=p).iloc[0] for p in ("guide", "paper")
    )
    others = 6 * (1e8 * 10 ** (2 / 3) + 1e8 * 10 ** (4 / 3)) * 5e10
    assert guide["flops"] == pytest.approx(6 * 1e8 * 2e10 + others)
    assert paper_row["flops"] == pytest.approx(6 * 1e8 * 5e10 + others)
    assert guide["share"] == paper_row["share"] == 0.5


def test_the_early_cut_is_the_guides_or_ones_own():
    rows = [
        evaluate(ladder(), ["best_seen"], early=e)["n_rows"][0]
        for e in ("guide", None, 0.0, 10e9, 60e9)
    ]
    assert rows == [12, 15, 15, 12, 6]


def test_the_protocol_of_the_paper():
    """Ten billion tokens off every run, the share that of the longest run selected."""
    runs = ladder().query("not (run == 'r1e+08' and tokens_seen > 5e9)")
    mixed = evaluate(runs, ["fit", "paper"], protocol={"paper": "paper"})
    assert mixed["protocol"].tolist() == ["guide", "paper"]
    assert mixed["n_runs_dropped"].tolist() == [0, 1]
    asked = evaluate(runs, "best_seen", protocol="paper", early=0.0).iloc[0]
    assert (asked["protocol"], asked["n_runs_dropped"]) == ("paper", 0)


@pytest.mark.parametrize("protocol", ["guide", "paper"])
def test_the_protocol_is_asked_for_and_not_guessed_from_the_method(protocol):
    """A wrapped method sees the same rows as the bare one, and scores the same."""
    wrapped = {
        "bare": paper,
        "by name": "paper",
        "lambda": lambda *args: paper(*args),
        "partial": partial(paper),
    }
    table = evaluate(
        load_runs("opt"), wrapped, sizes=3, share=[0.5, 1.0], protocol=protocol
    )
    assert (table["protocol"] == protocol).all()
    for column in ("n_rows", "are"):
        assert (table.groupby("share")[column].nunique() == 1).all()
    other = {"guide": "paper", "paper": "guide"}[protocol]
    rows = evaluate(load_runs("opt"), "paper", sizes=3, protocol=other)["n_rows"]
    assert rows[0] != table["n_rows"].max()


def test_protocols_that_nobody_can_follow_are_named():
    with pytest.raises(ValueError, match="unknown protocol 'papers' of fit"):
        evaluate(ladder(), "fit", protocol="papers")
    with pytest.raises(ValueError, match="protocol of 'paper': the methods are fit"):
        evaluate(ladder(), "fit", protocol={"paper": "paper"})
    with pytest.raises(ValueError, match="unknown protocol 'guid' of fit"):
        evaluate(ladder(), ["fit", "best_seen"], protocol={"fit": "guid"})


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


def test_sizes_by_number_by_array_and_by_function():
    runs = ladder(5)
    for sizes in ([2, 4], (2, 4), range(2, 5, 2), np.array([2, 4])):
        assert evaluate(runs, "best_seen", sizes=sizes)["n_sizes"].tolist() == [2, 4]
    row = evaluate(runs, "best_seen", sizes=lambda t: selection.largest(t, 2)).iloc[0]
    assert (row["n_sizes"], row["n_runs"]) == (2, 2)
    assert evaluate(runs, "best_seen", sizes=0)["failed"].all()


def test_rows_carry_the_label_of_their_cell():
    """A dict names the choices; without one they are named by what they are."""
    runs = ladder(5)
    choices = selection.windows(selection.hold_out(runs)[0], counts=[2, 3])
    labelled = evaluate(runs, ["fit", "best_seen"], sizes=choices, share=[0.5, 1.0])
    keys = ["cell", "share", "method"]
    assert not labelled.duplicated(keys).any()
    shuffled = dict(reversed(choices.items()))
    again = evaluate(runs, ["best_seen", "fit"], sizes=shuffled, share=[1.0, 0.5])
    pd.testing.assert_frame_equal(
        labelled.sort_values(keys, ignore_index=True),
        again.sort_values(keys, ignore_index=True),
    )
    alone = evaluate(runs, "fit", sizes=partial(selection.window, k=3, end=4)).iloc[0]
    row = labelled.query("cell == '3 of 4' and share == 1 and method == 'fit'").iloc[0]
    assert row["are"] == pytest.approx(alone["are"], rel=1e-9)
    mixed = [None, 2, selection.last_checkpoints, lambda t: t]
    assert evaluate(runs, "best_seen", sizes=mixed)["cell"].tolist() == [
        "all",
        "2 smallest",
        "last_checkpoints",
        "choice 4",
    ]
    most = {"few": 2, "all": None}
    assert evaluate(runs, "fit", sizes=most)["n_sizes"].tolist() == [2, 4]


def test_the_smallest_size_may_be_the_target():
    """Scored by hand; the k first sizes are then the k largest."""
    runs = load_runs("opt")
    target = selection.target(selection.smallest(runs, 1))
    larger = selection.early_cut(selection.largest(runs, 3))
    by_hand = fit(larger).predict(target["num_params"], target["tokens_seen"])
    row = evaluate(runs, "fit", sizes=3, target="smallest").iloc[0]
    assert (row["cell"], row["n_sizes"]) == ("3 largest", 3)
    assert row["are"] == pytest.approx(
        absolute_relative_error(target["loss"], by_hand), rel=1e-6
    )
    nearest = selection.largest(runs, 3)["num_params"].min()
    assert row["scale_up"] == pytest.approx(nearest / 125e6)
    assert row["target_params"] == 125e6
    with pytest.raises(DataError, match="target 'first': it is the 'largest' or the"):
        evaluate(runs, "fit", target="first")


@pytest.mark.parametrize(
    "choice",
    [
        lambda t: t.tail(5).reset_index(drop=True),
        lambda t: t.assign(loss=2.0),
        lambda t: t.set_index(t.index + 1000),
    ],
    ids=["new index", "new losses", "unknown index"],
)
def test_a_function_of_sizes_must_return_rows_it_was_given(choice):
    with pytest.raises(
        DataError, match="sizes must return some rows of the table it gets"
    ):
        evaluate(ladder(), "fit", sizes=choice)


def test_better_flops_of_a_source_count_on_both_sides():
    runs = ladder().assign(flops=lambda t: 7 * t["num_params"] * t["tokens_seen"])
    six, seven = (evaluate(t, "best_seen").iloc[0] for t in (ladder(), runs))
    assert seven["flops"] == pytest.approx(7 / 6 * six["flops"])
    assert seven["flops_share"] == pytest.approx(six["flops_share"])


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
