"""Text for people: results fit a screen, names are harmless, lists are short."""

import numpy as np
import pytest
from test_forecasting import ladder
from test_watching import LAW, smooth_run

from hitchhiker import (
    Laws,
    bootstrap,
    compare,
    fit,
    fit_many,
    forecast,
    load_prior,
    plan,
    report,
    watch,
)
from hitchhiker.runs.words import in_markdown, on_screen, on_terminal, shortened

MANY = 10_000


@pytest.fixture(scope="module")
def results():
    runs = ladder(LAW)
    fits = bootstrap(runs, n=MANY)
    made = forecast(runs, np.full(MANY, 1e10), 2e10)
    return {
        "ScalingLaw": LAW,
        "Laws": fits.laws,
        "Fits": fits,
        "list of fits": fit_many(runs, weights=np.ones((1, len(runs)))),
        "Fit": fit(runs),
        "Forecast": made,
        "Comparison": compare(runs, runs, 1e10, 2e10),
        "Plan": plan(7e9, 1.4e11, 0.05),
        "Watch": watch(smooth_run(), "big", 2e10),
        "Prior": load_prior(),
        "failed laws": Laws(*[np.full(MANY, np.nan)] * 5),
    }


def test_every_result_fits_a_screen(results):
    for name, result in results.items():
        lines = repr(result).splitlines()
        assert 1 <= len(lines) <= 30, name
        assert max(map(len, lines)) <= 100, name
    assert "10000 fits" in repr(results["Fits"])


def test_what_is_cut_is_said():
    cut = on_screen("Title", "\n".join(map(str, range(100)))).splitlines()
    assert cut[-1] == "... and 74 more lines"
    assert len(cut) == 28


HOSTILE = [
    "<script>alert(1)</script>",
    "# heading",
    "a\nb\n## c",
    "![x](http://y)",
    "`code`",
    "| a | b |",
    "nul\x00",
    "\x1b[31mred",
    "____",
    "*bold* __bold__",
    "$x$",
    "- item",
    "\u202egnirts",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_report_shows_names_letter_by_letter(name):
    runs = ladder(LAW)
    plain = report(runs, forecast(runs, 1e10, 2e10))
    columns = dict.fromkeys(("arch", "corpus", "schedule", "loss_kind"), name)
    runs = runs.assign(run=runs["run"].astype(str) + name, **columns)
    made = forecast(runs, 1e10, 2e10)
    hostile = report(runs, made, notes=[f"note on {name}"])
    assert hostile.count("\n## ") == plain.count("\n## ")
    for sign in ("<", "\x00", "\x1b", "\u202e", "!["):
        assert sign not in hostile


def test_markdown_leaves_plain_names_alone():
    for name in ("run_a-1.3B", "wsd (cosine), lr 3e-4", "validation-c4-val", "a/b.csv"):
        assert in_markdown(name) == name


def test_a_terminal_is_not_commanded():
    assert on_terminal("a\x1b[2J\x07\x9bb\tc\nd") == "a[2Jb\tc\nd"


def test_lists_are_short():
    text = shortened([f"column {k}" for k in range(100_000)])
    assert text.endswith("and 99990 more")
    assert len(shortened(["x" * 10_000])) < 100
