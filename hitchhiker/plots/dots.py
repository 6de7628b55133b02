"""Dots by row: how a choice changes each family, and on which side of one it falls."""

import numpy as np

from ..runs.arguments import table as checked_table
from .style import COLOURS, INK, axes, legend_above, percent, plain_log_axis


def paired_dots(ax, table, labels=None, formatter=percent, xlabel="ARE"):
    """Two or more numbers a row as dots on one line: how a choice changes each family.

    Parameters
    ----------
    ax : Axes
    table : DataFrame
        A row a family, a column a choice; drawn in the order given, first row on top.
    labels : dict, optional
        Label of each column, written above its dot in the first row.
    """
    axes(ax)
    checked_table("table", table)
    height = np.arange(len(table))[::-1]
    ax.hlines(
        height,
        table.min(axis=1),
        table.max(axis=1),
        color=INK,
        lw=1,
        alpha=0.5,
        zorder=0,
    )
    for colour, column in zip(COLOURS, table, strict=False):
        label = (labels or {}).get(column, str(column))
        ax.plot(table[column], height, "o", ms=6, color=colour, label=label)
    _name_rows(ax, height, [str(name) for name in table.index])
    plain_log_axis(ax.xaxis, f"{xlabel} (log scale)", formatter)
    ax.grid(axis="x", color=INK, alpha=0.2, lw=0.6)
    ax.set_ylim(-0.6, len(table) - 0.4)
    legend_above(ax)
    return ax


def ratio_dots(
    ax, table, value, group="source", hue="method", xlabel="ratio", better="better"
):
    """Draw a dot a row on a log axis about one: on which side each family falls.

    Parameters
    ----------
    ax : Axes
    table : DataFrame
        Columns ``value`` (a ratio), ``group`` (rows of the figure), ``hue`` (colours).
    better : str
        What the side below one means, written there.
    """
    axes(ax)
    checked_table("table", table, [value, group, hue])
    groups, hues = list(dict.fromkeys(table[group])), list(dict.fromkeys(table[hue]))
    ax.axvline(1.0, color=INK, lw=1)
    for h, name in enumerate(hues):
        rows = table[table[hue] == name]
        shift = 0.18 * (h - (len(hues) - 1) / 2)
        for g, label in enumerate(groups):
            ratios = np.sort(rows.loc[rows[group] == label, value])
            height = np.full(len(ratios), len(groups) - 1 - g - 2 * shift)
            ax.plot(
                ratios,
                height,
                "o",
                ms=6,
                alpha=0.65,
                mew=0,
                color=COLOURS[h],
                label=name if g == 0 else None,
            )
            middle = np.median(ratios)
            ax.plot(middle, height[0], "|", ms=17, mew=2.4, color=COLOURS[h])
    _name_rows(ax, range(len(groups))[::-1], groups)
    plain_log_axis(ax.xaxis, xlabel, lambda v, _: f"{v:g}x", subs=(1, 3))
    ax.set_ylim(-0.6, len(groups) - 0.25)
    ax.annotate(f"← {better}", (0.97, len(groups) - 0.45), ha="right", fontsize=9)
    legend_above(ax)
    return ax


def _name_rows(ax, heights, names):
    """Name the rows of a figure at its left, without an axis."""
    ax.set_yticks(heights, names)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
