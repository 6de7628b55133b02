"""Every function of a table refuses, doubts and leaves out in the same way."""

import numpy as np
import pandas as pd
import pytest
from test_plausibility import ROWS, SIZES, ladder, of, perplexity, times

from hitchhiker import (
    DataError,
    bootstrap,
    compare,
    evaluate,
    fit,
    forecast,
    sensitivity,
    watch,
)
from hitchhiker.runs.checks import doubts
from hitchhiker.runs.selection import without_runs


def told_by(runs, **options):
    """What every function says of a table, by its name."""
    return {
        "fit": fit(runs, **options).warnings,
        "bootstrap": bootstrap(runs, 5, **options).warnings,
        "forecast": forecast(runs, 1e10, 1e11, **options).warnings,
        "compare": compare(runs, runs, 1e10, 1e11, **options).forecasts[0].warnings,
        "watch": watch(runs, "d", 1e11, **options).warnings,
        "evaluate": evaluate(runs, "best_seen", **options)["warnings"][0].split("; "),
    }


def test_every_function_tells_the_same():
    schedules = ladder(schedule=["wsd"] * ROWS + ["cosine"] * 3 * ROWS)
    for runs in (schedules, ladder(epochs=4)):
        (doubt,) = doubts(runs)
        for name, told in told_by(runs).items():
            assert doubt in told, name
    assert f"warning: {doubt}" in fit(runs).summary()
    assert doubt in bootstrap(runs, 5)[0].warnings


def test_every_function_refuses_and_can_be_forced():
    runs = perplexity(*SIZES)(ladder())
    for function in (
        fit,
        bootstrap,
        lambda t, **o: sensitivity(t, 1e10, 1e11, **o),
        lambda t, **o: forecast(t, 1e10, 1e11, **o),
        lambda t, **o: compare(t, t, 1e10, 1e11, **o),
        lambda t, **o: watch(t, "d", 1e11, **o),
        lambda t, **o: evaluate(t, "best_seen", **o),
    ):
        with pytest.raises(DataError, match="go on with --force"):
            function(runs)
    for name, told in told_by(runs, force=True).items():
        assert any("perplexity" in t for t in told), name


def test_a_forced_table_is_evaluated_by_every_method():
    table = evaluate(perplexity(*SIZES)(ladder()), force=True)
    assert not table["failed"].any()


def test_two_tables_in_two_units_are_not_compared():
    nats, bits = ladder(), times(1 / np.log(2), *SIZES)(ladder())
    with pytest.raises(DataError, match=r"differ 1\.44 times between the tables \(run"):
        compare(nats, bits, 1e10, 1e11)
    assert compare(nats, bits, 1e10, 1e11, force=True).probability > 0.9
    said = nats.assign(loss_unit="nats per token"), nats.assign(loss_unit="bits")
    with pytest.raises(DataError, match="first table is in nats per token, the second"):
        compare(*said, 1e10, 1e11)
    shorter = bits[bits["tokens_seen"] < 2e10]
    with pytest.raises(DataError, match="between the tables"):
        compare(nats, shorter, 1e10, 1e11)
    assert compare(nats, times(1.25, *SIZES)(nats), 1e10, 1e11).probability > 0.9


def test_truth_in_words_is_truth():
    runs = ladder().assign(is_final=lambda t: t["step"] == 4e4)
    words = runs.assign(is_final=np.where(runs["is_final"], "yes", "no"))
    asked = 1e10, 4e11
    pd.testing.assert_frame_equal(
        forecast(runs, *asked).table, forecast(words, *asked).table
    )
    running = words.assign(is_final="no")
    assert not forecast(running, *asked).table.equals(forecast(runs, *asked).table)


def test_runs_are_left_out_by_name():
    runs = ladder()
    rest = runs[~of(runs, "c", "d")]
    assert without_runs(runs, ()) is runs
    pd.testing.assert_frame_equal(without_runs(runs, ["c", "d"]), rest)
    pd.testing.assert_frame_equal(
        forecast(runs, 1e10, 1e11, without=["c", "d"]).table,
        forecast(rest, 1e10, 1e11).table,
    )
    assert fit(runs, without="d").n_runs == 3
    weights = np.ones(len(runs))
    assert fit(runs, without="d", weights=weights).law == fit(runs, without="d").law
    numbered = runs.assign(run=runs["run"].map({"a": 1, "b": 2, "c": 3, "d": 4}))
    assert forecast(numbered, 1e10, 1e11, without=["4"]).n_runs == 3
    for names in ("e", ["a", "e"]):
        with pytest.raises(DataError, match="no run e to leave out; there are a, b, c"):
            forecast(runs, 1e10, 1e11, without=names)
    with pytest.raises(DataError, match="no run is left"):
        fit(runs, without=list(SIZES))
    made = compare(runs, runs.assign(run=runs["run"] + "2"), 1e10, 1e11, without="d2")
    assert [f.n_runs for f in made.forecasts] == [4, 3]
    with pytest.raises(DataError, match="no run e to leave out"):
        compare(runs, runs, 1e10, 1e11, without="e")
