"""Figures: drawn on the axes given, the data visible and nothing computed."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from surfaces import SURFACES, table

from hitchhiker import evaluate, plots, selection
from hitchhiker.plots import style


@pytest.fixture
def ax():
    with plt.rc_context():
        plots.use_style("png")
        fig, axes = plt.subplots()
        yield axes
        fig.canvas.draw()
        plt.close(fig)


def test_numbers_as_people_write_them():
    assert [style.human(v) for v in (0, 999, 1e3, 7e7, 1.3e9, 1.4e12)] == [
        "",
        "999",
        "1k",
        "70M",
        "1.3B",
        "1.4T",
    ]


def test_loss_curves_show_points_law_and_target(ax):
    train, target = selection.hold_out(table(n_sizes=3))
    assert plots.loss_curves(ax, train, SURFACES["chinchilla"], held_out=target) is ax
    observed = [line for line in ax.lines if line.get_marker() == "o"]
    assert sum(len(line.get_xdata()) for line in observed) == len(train) + len(target)
    assert len(ax.lines) == 2 * len(observed)
    assert ax.get_xscale() == "log"


def test_heat_map_has_a_number_a_cell(ax):
    runs = table(n_sizes=5, noise=0.02)
    cells = evaluate(runs, ["fit"], sizes=[2, 3, 4], share=[0.5, 1.0])
    plots.are_heatmap(ax, cells)
    numbers = [t for t in ax.texts if t.get_text()[0].isdigit()]
    assert len(numbers) >= len(cells)


def test_ratio_dots_and_lines(ax):
    rows = pd.DataFrame(
        {"source": ["a", "a", "b"], "method": "m", "ratio": [0.5, 2.0, 1.0]}
    )
    plots.ratio_dots(ax, rows, "ratio")
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]
    plots.message(ax, "One message")
    assert ax.get_title(loc="left") == "One message"


def test_lines_by_group(ax):
    rows = pd.DataFrame({"source": ["a", "b"], "none": [0.1, 0.2], "cut": [0.05, 0.3]})
    plots.lines_by_group(ax, rows, ["none", "cut"])
    assert np.allclose(ax.lines[0].get_ydata(), [0.1, 0.05])


def test_curves_are_labelled_with_sizes_and_titled_by_the_chapter(ax):
    """A label a size at its last point, axes with units, no title."""
    runs = table(n_sizes=3)
    plots.loss_curves(ax, runs, unit="bits per byte")
    assert [t.get_text() for t in ax.texts] == ["100M", "1B", "10B"]
    assert len(ax.lines) == 3
    assert ax.get_ylabel() == "loss (bits per byte)"
    assert ax.get_xlabel() == "tokens seen"
    assert [ax.get_title(loc=where) for where in ("left", "center", "right")] == [
        "",
        "",
        "",
    ]
    for line, (_, run) in zip(ax.lines, runs.groupby("run"), strict=True):
        np.testing.assert_array_equal(line.get_xdata(), run["tokens_seen"])
        np.testing.assert_array_equal(line.get_ydata(), run["loss"])


def test_the_unseen_is_hollow_and_dashed(ax):
    train, target = selection.hold_out(table(n_sizes=3))
    plots.loss_curves(ax, train, SURFACES["chinchilla"], held_out=target)
    points, law = ax.lines[-2:]
    assert points.get_markerfacecolor() == "none"
    assert law.get_linestyle() == "--"
    assert {line.get_linestyle() for line in ax.lines[1:-2:2]} == {"-"}
    np.testing.assert_allclose(
        law.get_ydata(), SURFACES["chinchilla"].predict(1e10, law.get_xdata())
    )


def test_heat_map_marks_the_cheapest_good_cell(ax):
    cells = pd.DataFrame(
        {
            "n_sizes": [2, 2, 3, 3],
            "share": [0.5, 1.0, 0.5, 1.0],
            "are": [0.30, 0.08, 0.09, 0.01],
            "flops": [1e18, 3e18, 2e18, 6e18],
        }
    )
    assert plots.are_heatmap(ax, cells, levels=(0.10, 0.05, 0.001)) is ax
    boxes = [p for p in ax.patches if p.get_width() < 1]
    assert [(round(b.get_x()), round(b.get_y())) for b in boxes] == [(0, 0), (1, 0)]
    texts = [t.get_text() for t in ax.texts]
    assert {"30", "8.0", "9.0\n≤ 10", "1.0\n≤ 5"} <= set(texts)
    assert (ax.get_xlabel(), ax.get_ylabel()) == (
        "share of training seen",
        "number of sizes",
    )
    assert [t.get_text() for t in ax.get_xticklabels()] == ["50 %", "100 %"]


def test_heat_map_of_one_row_has_no_contours(ax):
    cells = pd.DataFrame(
        {"n_sizes": 3, "share": [0.5, 1.0], "are": [0.2, 0.1], "flops": [1, 2]}
    )
    plots.are_heatmap(ax, cells)
    assert [t.get_text() for t in ax.texts] == ["20", "10\n≤ 10"]


def test_small_heat_map_has_neither_numbers_nor_lines(ax):
    cells = pd.DataFrame(
        {
            "n_sizes": [2, 2, 3],
            "scale_up": [5.83, 13.2, 5.83],
            "are": [0.3, 0.2, 0.04],
            "flops": [2e18, 1e18, 3e18],
        }
    )
    plots.are_heatmap(ax, cells, x="scale_up", fontsize=0, bar=False)
    assert not ax.texts
    assert len(ax.collections) == 1
    assert len(ax.figure.axes) == 1
    assert [t.get_text() for t in ax.get_xticklabels()] == ["5.8x", "13x"]


def test_paired_dots(ax):
    pairs = pd.DataFrame(
        {"all": [0.04, 0.1], "last": [0.08, 0.05]}, index=["opt", "gpt3"]
    )
    assert plots.paired_dots(ax, pairs, labels={"all": "all checkpoints"}) is ax
    assert [t.get_text() for t in ax.get_yticklabels()] == ["opt", "gpt3"]
    assert [line.get_label() for line in ax.lines] == ["all checkpoints", "last"]
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [0.04, 0.1])
    assert list(ax.lines[0].get_ydata()) == [1, 0]


def test_runs_in_the_plane_of_tokens_and_parameters(ax):
    """A dot a run, at its last checkpoint, with lines of equal compute behind."""
    runs = table(n_sizes=4).assign(source=["a"] * 16 + ["b"] * 16)
    assert plots.params_tokens(ax, runs) is ax
    dots = [line for line in ax.lines if line.get_label() in ("a", "b")]
    assert [list(line.get_xdata()) for line in dots] == [[3e11] * 2] * 2
    assert "$10^{21}$" in [t.get_text() for t in ax.texts]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["a", "b"]


def test_loss_panels_are_one_a_family(ax):
    """A line a run, thinned for the eye but never past the last checkpoint."""
    runs = table(n_sizes=3, n_tokens=200).assign(family="f", loss_kind="train")
    figure, axes = plt.subplots(1, 2)
    both = pd.concat([runs, runs.assign(family="g")], ignore_index=True)
    drawn = plots.loss_panels(
        axes, both, {("f", "train"): "First", ("g", "train"): "Second"}
    )
    assert drawn is axes
    assert [panel.get_title(loc="left") for panel in axes] == ["First", "Second"]
    for line in axes[0].lines:
        assert 10 < len(line.get_xdata()) <= 41
        assert line.get_xdata().max() == runs["tokens_seen"].max()
    assert [t.get_text() for t in axes[1].texts] == ["100M to 10B"]
    figure.canvas.draw()
    plt.close(figure)


def test_nothing_given_is_changed(ax):
    runs = table(n_sizes=3)
    before = runs.copy()
    plots.loss_curves(ax, runs, SURFACES["chinchilla"])
    pd.testing.assert_frame_equal(runs, before)


def test_percent():
    assert [style.percent(v) for v in (0.043, 0.5, 0.005)] == ["4.3 %", "50 %", "0.5 %"]
