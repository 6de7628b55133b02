"""Figures of their own, for files: one message each."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import FuncFormatter

from .figures import forecast_panel, watch_panel
from .style import (
    ACCENT,
    COLOURS,
    INK,
    apart,
    axes,
    count_axis,
    human,
    message,
    percent,
    plain_log_axis,
    use_style,
)


def forecast_figure(runs, result, unit=None):
    """A figure of its own of `forecast_panel`, for a file."""
    use_style()
    _, ax = plt.subplots(figsize=(5.6, 4.0))
    forecast_panel(ax, runs, result, unit)
    last = result.table.iloc[-1]
    said = f"{human(last['num_params'])} parameters will end near {last['loss']:.3g}"
    if len(result.table) > 1:
        losses = result.table["loss"]
        said = f"Targets will end between {losses.min():.3g} and {losses.max():.3g}"
    return message(ax, said).figure


def watch_figure(run, result, unit=None):
    """A figure of its own of `watch_panel`, for a file."""
    use_style()
    _, ax = plt.subplots(figsize=(5.8, 3.8))
    watch_panel(ax, run, result, unit)
    if result.departed_at is None:
        said = f"On its way to {result.band['loss'].iloc[-1]:.3g}"
    else:
        said = f"Left its band at {human(result.departed_at)} tokens"
    return message(ax, said).figure


def comparison_panel(ax, result, num_params, names=("the first", "the second")):
    """Differences of two recipes by size, and the one forecast for the target.

    Parameters
    ----------
    ax : Axes
    result : Comparison
    num_params : float
        Parameters of the target.
    names : pair of str
        Of the recipes.
    """
    axes(ax)
    pairs = result.pairs
    ax.axhline(0, color=INK, lw=1)
    ax.plot(pairs["num_params"], np.expm1(pairs["difference"]), "o", color=COLOURS[0])
    ax.plot([num_params] * 2, [result.low_80, result.high_80], color=ACCENT, lw=2.2)
    ax.plot(num_params, result.difference, "D", color=ACCENT, ms=6)
    count_axis(ax.xaxis, "parameters")
    ax.set(ylabel="loss of the first over the second")
    ax.yaxis.set_major_formatter(FuncFormatter(signed_percent))
    ax.margins(x=0.14, y=0.22)
    beside = {"textcoords": "offset points", "fontsize": 9}
    ax.annotate(
        f"target\n80 %: {signed_percent(result.low_80)}\n"
        f"to {signed_percent(result.high_80)}",
        (num_params, result.difference),
        xytext=(9, 0),
        va="center",
        color=ACCENT,
        annotation_clip=False,
        **beside,
    )
    if len(pairs):
        last = pairs.iloc[-1]
        where = last["num_params"], np.expm1(last["difference"])
        ax.annotate(
            "pairs of runs",
            where,
            xytext=(0, 9),
            ha="center",
            color=COLOURS[0],
            **beside,
        )
    for name, arrow, height in ((names[0], "↓", 0.02), (names[1], "↑", 0.98)):
        ax.annotate(
            f"{arrow} {name} is better",
            (0.01, height),
            xycoords="axes fraction",
            va="bottom" if height < 0.5 else "top",
            fontsize=9,
        )
    return ax


def comparison_figure(result, num_params):
    """A figure of its own of `comparison_panel`, for a file."""
    use_style()
    _, ax = plt.subplots(figsize=(5.8, 3.8))
    comparison_panel(ax, result, num_params)
    better = "first" if result.probability >= 0.5 else "second"
    sure = max(result.probability, 1 - result.probability)
    return message(ax, f"The {better} is better: chance {100 * sure:.0f} %").figure


def signed_percent(value, _=None):
    """A difference as a percentage with its sign.

    Examples
    --------
    >>> signed_percent(-0.0123), signed_percent(0)
    ('-1.2 %', '0 %')
    """
    return f"{100 * value:+.2g} %" if abs(value) > 1e-9 else "0 %"


def plan_panel(ax, result):
    """What a ladder promises as it grows, and what other ways to spend promise.

    Parameters
    ----------
    ax : Axes
    result : Plan
    """
    axes(ax)
    ladder, others = result.ladder, result.alternatives
    cost = ladder["share"]
    ax.fill_between(
        cost, ladder["error"], ladder["high_80"], color=COLOURS[0], alpha=0.2, lw=0
    )
    ax.plot(cost, ladder["error"], "o-", ms=5, color=COLOURS[0])
    ax.plot(others["share"], others["error"], "D", ms=4.5, mfc="none", color=INK)
    plain_log_axis(ax.xaxis, "cost, of the target's FLOPs", percent, subs=(1,))
    plain_log_axis(ax.yaxis, "error expected of the forecast", percent)
    beside = {"textcoords": "offset points", "fontsize": 9, "annotation_clip": False}
    for row in ladder.itertuples():
        text = human(row.num_params)
        where = (row.share, row.error)
        ax.annotate(
            text, where, xytext=(-5, -13), color=COLOURS[0], ha="right", **beside
        )
    right = max(others["share"].max(), cost.max())
    for way, share, error, height in zip(
        others["way"],
        others["share"],
        others["error"],
        apart(others["error"], 1.13),
        strict=True,
    ):
        ax.plot([share, 1.3 * right], [error, height], color=INK, lw=0.5)
        ax.annotate(way, (1.3 * right, height), xytext=(3, 0), va="center", **beside)
    ax.annotate(
        "line: half of the errors are below\nband: four in five",
        (0.98, 0.98),
        xycoords="axes fraction",
        ha="right",
        va="top",
        color=COLOURS[0],
        fontsize=9,
    )
    ax.set_xlim(cost.min() / 10, 1.3 * right)
    ax.margins(y=0.12)
    return ax


def plan_figure(result):
    """A figure of its own of `plan_panel`, for a file."""
    use_style()
    _, ax = plt.subplots(figsize=(7.2, 3.8))
    plan_panel(ax, result)
    last = result.ladder.iloc[-1]
    n_runs = f"{len(result.ladder)} run{'s' if len(result.ladder) > 1 else ''}"
    said = f"{n_runs} for {percent(last['share'])} of the target: error "
    return message(ax, said + percent(last["error"])).figure
