"""Draw tables and fits on matplotlib axes; computes nothing.

Every function takes an axes and returns it.
"""

import itertools

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

from ..runs.selection import size_names, sizes
from .style import (
    ACCENT,
    COLOURS,
    INK,
    SEQUENTIAL,
    count_axis,
    human,
    legend_above,
    message,
    percent,
    plain_log_axis,
    use_style,
)

__all__ = [
    "ACCENT",
    "COLOURS",
    "INK",
    "are_heatmap",
    "human",
    "lines_by_group",
    "loss_curves",
    "loss_panels",
    "message",
    "paired_dots",
    "params_tokens",
    "plain_log_axis",
    "ratio_dots",
    "use_style",
]


def size_colours(names):
    """A colour a size: the middle of viridis, as its ends vanish on black or on white."""
    shades = mpl.colormaps[SEQUENTIAL](np.linspace(0.32, 0.8, max(len(names), 2)))
    return dict(zip(names, shades, strict=False))


def loss_curves(ax, runs, law=None, held_out=None, unit="nats per token"):
    """Loss against tokens, a colour a size; points are observed, lines are the law.

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
    tables = [(runs, False)] + ([(held_out, True)] if held_out is not None else [])
    order = sizes(runs if held_out is None else pd.concat([runs, held_out]))
    colours = size_colours(order.index)
    for table, unseen in tables:
        for name, group in table.groupby(size_names(table), sort=False):
            colour = ACCENT if unseen else colours[name]
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
                tokens = np.geomspace(
                    group["tokens_seen"].min(), group["tokens_seen"].max(), 60
                )
                line = law.predict(np.full(60, order[name]), tokens)
                ax.plot(tokens, line, "--" if unseen else "-", color=colour, lw=1.6)
            last = group.loc[group["tokens_seen"].idxmax()]
            ax.annotate(
                human(order[name]),
                (last["tokens_seen"], last["loss"]),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                color=colour,
                fontsize=9,
            )
    count_axis(ax.xaxis, "tokens seen")
    plain_log_axis(
        ax.yaxis,
        f"loss ({unit})",
        lambda v, _: f"{v:.3g}",
        subs=(1, 1.5, 2, 2.5, 3, 4, 5, 6, 8),
    )
    return ax


AXES = {  # what a column is called on an axis, and how its values are written there
    "share": ("share of training seen", lambda v: f"{100 * v:.3g} %"),
    "n_sizes": ("number of sizes", "{:.0f}".format),
    "scale_up": ("scale-up factor", lambda v: f"{v:.{1 if v < 10 else 0}f}x"),
}


def are_heatmap(
    ax, results, x="share", y="n_sizes", levels=(0.15, 0.10, 0.05), fontsize=9, bar=True
):
    """ARE by two columns of a result table, with iso-FLOP lines and the cheapest good cells.

    Parameters
    ----------
    ax : Axes
    results : DataFrame
        Rows of `hitchhiker.evaluate`, one method and one family.
    x, y : str
        Columns to spread over the two axes.
    levels : tuple of float
        For each the cheapest cell whose ARE is no higher is framed, the level written
        below.
    fontsize : float
        Of the numbers; 0 leaves them and the lines out, for maps too small for them.
    bar : bool
        Whether to draw the colour bar.
    """
    are, flops = (
        results.pivot_table(index=y, columns=x, values=value).sort_index(
            ascending=False
        )
        for value in ("are", "flops")
    )
    text = are.map(lambda v: f"{100 * v:.{1 if v < 0.0995 else 0}f}")
    for level in levels:
        good = results[results["are"] <= level]
        if len(good):
            best = good.loc[good["flops"].idxmin()]
            number = text.loc[best[y], best[x]].partition("\n")[0]
            text.loc[best[y], best[x]] = f"{number}\n≤ {100 * level:.0f}"
    sns.heatmap(
        100 * are,
        ax=ax,
        annot=text if fontsize else False,
        fmt="",
        cmap="viridis_r",
        vmin=0,
        vmax=30,
        cbar=bar,
        cbar_kws={"label": "ARE (%)"},
        linewidths=0.6,
        linecolor="none",
        annot_kws={"fontsize": fontsize},
        rasterized=not fontsize,
    )
    flops = flops.reindex_like(are)
    if fontsize and min(are.shape) >= 2:
        columns, rows = np.meshgrid(
            np.arange(are.shape[1]) + 0.5, np.arange(are.shape[0]) + 0.5
        )
        lines = ax.contour(
            columns,
            rows,
            np.log10(flops.where(flops > 0)),
            levels=5,
            colors=INK,
            linewidths=0.8,
            linestyles="dotted",
        )
        if bar:
            ax.clabel(lines, fmt=lambda v: f"$10^{{{v:.1f}}}$", fontsize=8)
    for row, column in np.argwhere(
        text.apply(lambda c: c.str.contains("≤")).to_numpy()
    ):
        ax.add_patch(
            plt.Rectangle(
                (column + 0.03, row + 0.03),
                0.94,
                0.94,
                fill=False,
                ec=ACCENT,
                lw=2.2 if fontsize else 1.2,
            )
        )
    for axis, name, values in ((ax.xaxis, x, are.columns), (ax.yaxis, y, are.index)):
        label, write = AXES.get(name, (name.replace("_", " "), str))
        axis.set_ticks(
            np.arange(len(values)) + 0.5, [write(v) for v in values], rotation=0
        )
        axis.set_label_text(label)
    ax.tick_params(length=0)
    return ax


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
        ax.plot(
            table[column],
            height,
            "o",
            ms=6,
            color=colour,
            label=(labels or {}).get(column, str(column)),
        )
    ax.set_yticks(height, [str(name) for name in table.index])
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    plain_log_axis(ax.xaxis, f"{xlabel} (log scale)", formatter)
    ax.grid(axis="x", color=INK, alpha=0.2, lw=0.6)
    ax.set_ylim(-0.6, len(table) - 0.4)
    legend_above(ax)
    return ax


def ratio_dots(
    ax, table, value, group="source", hue="method", xlabel="ratio", better="better"
):
    """Draw a dot a row on a log axis about one, to show on which side each family falls.

    Parameters
    ----------
    ax : Axes
    table : DataFrame
        Columns ``value`` (a ratio), ``group`` (rows of the figure), ``hue`` (colours).
    better : str
        What the side below one means, written there.
    """
    groups, hues = list(dict.fromkeys(table[group])), list(dict.fromkeys(table[hue]))
    ax.axvline(1.0, color=INK, lw=1)
    for h, name in enumerate(hues):
        rows = table[table[hue] == name]
        shift = 0.18 * (h - (len(hues) - 1) / 2)
        for g, label in enumerate(groups):
            own = np.sort(rows.loc[rows[group] == label, value])
            height = np.full(len(own), len(groups) - 1 - g - 2 * shift)
            ax.plot(
                own,
                height,
                "o",
                ms=6,
                alpha=0.65,
                mew=0,
                color=COLOURS[h],
                label=name if g == 0 else None,
            )
            ax.plot(np.median(own), height[0], "|", ms=17, mew=2.4, color=COLOURS[h])
    ax.set_yticks(range(len(groups))[::-1], groups)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    plain_log_axis(ax.xaxis, xlabel, lambda v, _: f"{v:g}x", subs=(1, 3))
    ax.set_ylim(-0.6, len(groups) - 0.25)
    ax.annotate(f"← {better}", (0.97, len(groups) - 0.45), ha="right", fontsize=9)
    legend_above(ax)
    return ax


def apart(values, factor=1.12):
    """Heights for labels on a log axis: the values, pushed apart to a factor at least.

    Examples
    --------
    >>> [round(float(v), 2) for v in apart([1.0, 1.01, 2.0])]
    [1.0, 1.12, 2.0]
    """
    heights = np.array(values, dtype=float)
    order = np.argsort(heights)
    for below, above in itertools.pairwise(order):
        heights[above] = max(heights[above], factor * heights[below])
    return heights


def lines_by_group(ax, table, columns, group="source", xlabel="", ylabel="ARE"):
    """A line a group over the columns of a table (medians over its rows), labelled at its end."""
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


def params_tokens(ax, runs, group="source"):
    """Ends of runs in the plane of tokens and parameters, with lines of equal FLOPs.

    The groups with most runs have a colour and a mark each; the others are grey, and a
    line leads from their largest run to their name.
    """
    last = runs[~runs.duplicated(["run"], keep="last")]
    names = last[group].value_counts().index
    for name, colour, mark in zip(names, COLOURS, "osDv^P", strict=False):
        own = last[last[group] == name]
        ax.plot(
            own["tokens_seen"],
            own["num_params"],
            mark,
            ms=4.5,
            alpha=0.7,
            mew=0,
            color=colour,
            label=name,
        )
    low, high = last["tokens_seen"].min() / 2, last["tokens_seen"].max() * 2
    floor, roof = last["num_params"].min() / 2, last["num_params"].max() * 3
    grey = last[last[group].isin(names[len(COLOURS) :])]
    ax.plot(grey["tokens_seen"], grey["num_params"], ".", ms=5, color=INK)
    largest = grey.sort_values("num_params").drop_duplicates(group, keep="last")
    for row, height in zip(
        largest.itertuples(), apart(largest["num_params"], 1.7), strict=True
    ):
        ax.plot(
            [row.tokens_seen, high], [row.num_params, height], "-", color=INK, lw=0.5
        )
        ax.annotate(
            getattr(row, group),
            (high, height),
            fontsize=8.5,
            va="center",
            xytext=(3, 0),
            textcoords="offset points",
        )
    for flops in 10.0 ** np.arange(13, 25, 2):
        ax.plot(
            [low, high],
            [flops / 6 / low, flops / 6 / high],
            ":",
            color=INK,
            lw=0.8,
            zorder=0,
        )
        x = min(high, flops / 6 / floor)
        ax.annotate(
            f"$10^{{{np.log10(flops):.0f}}}$",
            (x, flops / 6 / x),
            fontsize=8.5,
            xytext=(-4, -11) if x == high else (3, 3),
            textcoords="offset points",
            ha="right" if x == high else "left",
        )
    ax.set(xlim=(low, high), ylim=(floor, roof))
    count_axis(ax.xaxis, "tokens at the end of the run")
    count_axis(ax.yaxis, "parameters")
    ax.legend(loc="upper left", ncols=2, handletextpad=0.1, columnspacing=1.0)
    return ax


def loss_panels(axes, runs, titles, most_points=40):
    """A panel a family: loss against tokens, a line a run, small sizes dark, large ones light.

    Parameters
    ----------
    axes : array of Axes
    runs : DataFrame
        Table of many families.
    titles : dict
        Title of each panel by (family, loss kind).
    most_points : int
        Longer lines are drawn with every so many of their rows.
    """
    for ax, ((family, kind), title) in zip(np.ravel(axes), titles.items(), strict=True):
        own = runs[(runs["family"] == family) & (runs["loss_kind"] == kind)]
        order = sizes(own)
        colours = size_colours(order.index)
        for (_, name), line in own.groupby(["run", size_names(own)], sort=False):
            grid = np.geomspace(*line["tokens_seen"].iloc[[0, -1]], most_points)
            rows = np.searchsorted(line["tokens_seen"], grid).clip(max=len(line) - 1)
            line = line.iloc[np.unique(rows)]
            ax.plot(line["tokens_seen"], line["loss"], color=colours[name], lw=1.1)
        ax.annotate(
            f"{human(order.iloc[0])} to {human(order.iloc[-1])}",
            (0.04, 0.06),
            xycoords="axes fraction",
            fontsize=8.5,
        )
        ax.set_title(title, fontsize=10, pad=4)
        wide = own["loss"].max() > 4 * own["loss"].min()
        count_axis(ax.xaxis, "")
        plain_log_axis(
            ax.yaxis,
            "",
            lambda v, _: f"{v:.3g}",
            subs=(1, 2, 5) if wide else (1, 1.5, 2, 2.5, 3, 4, 5, 7),
        )
    return axes
