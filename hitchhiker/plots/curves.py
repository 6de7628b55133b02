"""Curves: loss against tokens, and lines over the columns of a table."""

import matplotlib as mpl
import numpy as np
import pandas as pd

from ..runs.arguments import table as checked_table
from ..runs.selection import size_names, sizes
from ..runs.thinning import spread, thinned
from .style import (
    ACCENT,
    COLOURS,
    INK,
    SEQUENTIAL,
    apart,
    axes,
    count_axis,
    human,
    percent,
    plain_log_axis,
)

LOSS_TICKS = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8)  # of a decade, for a narrow range
WIDE_LOSS_TICKS = (1, 2, 5)
PANEL_LOSS_TICKS = (1, 1.5, 2, 2.5, 3, 4, 5, 7)
WIDE_RANGE = 4  # largest loss over smallest, above which a panel has few ticks
LAW_POINTS = 60  # of a drawn law
PANEL_POINTS = 40  # at most, of a run in a small panel
MOST_POINTS = 2000  # of a panel
MOST_SIZES = 12  # that have a colour, a law and a name


def size_colours(names):
    """A colour a size: the middle of viridis, whose ends vanish on black or white."""
    shades = mpl.colormaps[SEQUENTIAL](np.linspace(0.32, 0.8, max(len(names), 2)))
    return dict(zip(names, shades, strict=False))


def loss_axes(ax, unit, ticks=LOSS_TICKS):
    """Name the axes of a figure of losses against tokens, both logarithmic.

    A unit of None is not known.
    """
    count_axis(ax.xaxis, "tokens seen")
    label = f"loss ({unit})" if unit else "loss"
    plain_log_axis(ax.yaxis, label, lambda v, _: f"{v:.3g}", subs=ticks)


def loss_curves(ax, runs, law=None, held_out=None, unit="nats per token"):
    """Loss against tokens, a colour a size; points are observed, lines are the law.

    Of a long table some points are drawn, of many sizes some in colour; the figure says
    how many.

    Parameters
    ----------
    ax : Axes
    runs : DataFrame
        Table of one family.
    law : ScalingLaw, optional
        Drawn through each size over its own tokens; dashed for the held-out size.
    held_out : DataFrame, optional
        Rows the law has not seen, drawn hollow.
    """
    axes(ax)
    checked_table("runs", runs, ["num_params", "tokens_seen", "loss"])
    tables = [(runs, False)] + ([(held_out, True)] if held_out is not None else [])
    order = sizes(runs if held_out is None else pd.concat([runs, held_out]))
    named = spread(order, MOST_SIZES)
    colours = size_colours(named.index)
    drawn = 0
    for table, unseen in tables:
        known = size_names(table).isin(named.index)
        few = thinned(table[known], MOST_POINTS)
        if not known.all():
            few = thinned(few, MOST_POINTS // 2)
            rest = thinned(table[~known], MOST_POINTS // 2)
            drawn += len(rest)
            ax.plot(rest["tokens_seen"], rest["loss"], ".", ms=2, color=INK)
        drawn += len(few)
        for name, group in few.groupby(size_names(few), sort=False):
            colour = ACCENT if unseen else colours[name]
            _one_size(ax, group, law, order[name], colour, unseen)
    loss_axes(ax, unit)
    n_rows = sum(len(table) for table, _ in tables)
    _say_what_is_drawn(ax, (drawn, n_rows), (len(named), len(order)))
    return ax


def _say_what_is_drawn(ax, points, named):
    """Below the axes: how many of all points are drawn, of all sizes in colour."""
    parts = []
    for (some, of), what in (
        (points, "checkpoints drawn"),
        (named, "sizes in colour"),
    ):
        if some < of:
            parts.append(f"{some:,} of {of:,} {what}")
    if parts:
        beneath = {"xycoords": "axes fraction", "textcoords": "offset points"}
        below = {"xytext": (0, -40), "annotation_clip": False, "fontsize": 8}
        ax.annotate(", ".join(parts), (0, 0), va="top", **beneath, **below)


def _one_size(ax, group, law, num_params, colour, unseen):
    """Points of one size, the law through them, and the size's name at its end."""
    ax.plot(
        group["tokens_seen"],
        group["loss"],
        "o",
        ms=3.4,
        color=colour,
        alpha=0.75,
        mfc="none" if unseen else colour,
        mew=0.9,
    )
    if law is not None:
        ends = group["tokens_seen"].min(), group["tokens_seen"].max()
        tokens = np.geomspace(*ends, LAW_POINTS)
        line = law.predict(np.full(LAW_POINTS, num_params), tokens)
        ax.plot(tokens, line, "--" if unseen else "-", color=colour, lw=1.6)
    last = group.loc[group["tokens_seen"].idxmax()]
    ax.annotate(
        human(num_params),
        (last["tokens_seen"], last["loss"]),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        color=colour,
        fontsize=9,
    )


def loss_panels(axes, runs, titles):
    """A panel a family: loss against tokens, a line a run, large sizes lighter.

    Long lines are drawn with some of their rows, evenly over the logarithm of tokens.

    Parameters
    ----------
    axes : array of Axes
    runs : DataFrame
        Table of many families.
    titles : dict
        Title of each panel by (family, loss kind).
    """
    for ax, ((family, kind), title) in zip(np.ravel(axes), titles.items(), strict=True):
        table = runs[(runs["family"] == family) & (runs["loss_kind"] == kind)]
        _loss_panel(ax, table)
        ax.set_title(title, fontsize=10, pad=4)
    return axes


def _loss_panel(ax, table):
    """Curves of one family, and its range of sizes in words."""
    order = sizes(table)
    colours = size_colours(order.index)
    for (_, name), line in table.groupby(["run", size_names(table)], sort=False):
        grid = np.geomspace(*line["tokens_seen"].iloc[[0, -1]], PANEL_POINTS)
        rows = np.searchsorted(line["tokens_seen"], grid).clip(max=len(line) - 1)
        line = line.iloc[np.unique(rows)]
        ax.plot(line["tokens_seen"], line["loss"], color=colours[name], lw=1.1)
    ax.annotate(
        f"{human(order.iloc[0])} to {human(order.iloc[-1])}",
        (0.04, 0.06),
        xycoords="axes fraction",
        fontsize=8.5,
    )
    wide = table["loss"].max() > WIDE_RANGE * table["loss"].min()
    ticks = WIDE_LOSS_TICKS if wide else PANEL_LOSS_TICKS
    count_axis(ax.xaxis, "")
    plain_log_axis(ax.yaxis, "", lambda v, _: f"{v:.3g}", subs=ticks)


def lines_by_group(ax, table, columns, group="source", xlabel="", ylabel="ARE"):
    """A line a group over the columns of a table, medians of rows, named at its end."""
    axes(ax)
    checked_table("table", table, [group, *columns])
    middle = table.groupby(group, sort=False)[list(columns)].median()
    for colour, (_, row) in zip(COLOURS, middle.iterrows(), strict=False):
        ax.plot(range(len(columns)), row, "o-", ms=5, color=colour)
    labels = zip(middle.index, apart(middle.iloc[:, -1]), COLOURS, strict=False)
    for name, height, colour in labels:
        ax.annotate(
            name,
            (len(columns) - 1, height),
            xytext=(7, 0),
            va="center",
            textcoords="offset points",
            color=colour,
            fontsize=9,
        )
    ax.set_xticks(range(len(columns)), columns)
    ax.set_xlabel(xlabel)
    plain_log_axis(ax.yaxis, f"{ylabel} (log scale)", percent)
    ax.grid(axis="y", color=INK, alpha=0.2, lw=0.6)
    return ax
