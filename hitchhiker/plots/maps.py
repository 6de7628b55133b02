"""Maps of two quantities: errors by two columns, runs by tokens and parameters."""

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns

from ..runs.arguments import table
from .style import ACCENT, COLOURS, INK, apart, axes, count_axis

AXES = {  # what a column is called on an axis, and how its values are written there
    "share": ("share of training seen", lambda v: f"{100 * v:.3g} %"),
    "n_sizes": ("number of sizes", "{:.0f}".format),
    "scale_up": ("scale-up factor", lambda v: f"{v:.{1 if v < 10 else 0}f}x"),
}
HIGHEST_ARE = 30  # per cent, at which the colours end
ONE_DECIMAL = 0.0995  # ARE below which a decimal is written
DRAWN_FLOPS = 10.0 ** np.arange(13, 25, 2)  # lines of equal compute


def are_heatmap(
    ax, results, x="share", y="n_sizes", levels=(0.15, 0.10, 0.05), fontsize=9, bar=True
):
    """ARE by two columns of results, with iso-FLOP lines and the cheapest good cells.

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
    axes(ax)
    table("results", results, [x, y, "are", "flops"])
    are, flops = (
        results.pivot_table(index=y, columns=x, values=value).sort_index(
            ascending=False
        )
        for value in ("are", "flops")
    )
    text = are.map(lambda v: f"{100 * v:.{1 if v < ONE_DECIMAL else 0}f}")
    good = _cheapest(results, levels)
    for level, best in good.items():
        number = text.loc[best[y], best[x]].partition("\n")[0]
        text.loc[best[y], best[x]] = f"{number}\n≤ {100 * level:.0f}"
    sns.heatmap(
        100 * are,
        ax=ax,
        annot=text if fontsize else False,
        fmt="",
        cmap="viridis_r",
        vmin=0,
        vmax=HIGHEST_ARE,
        cbar=bar,
        cbar_kws={"label": "ARE (%)"},
        linewidths=0.6,
        linecolor="none",
        annot_kws={"fontsize": fontsize},
        rasterized=not fontsize,
    )
    if fontsize and min(are.shape) >= 2:
        _iso_flops(ax, flops.reindex_like(are), bar)
    framed = {
        (are.index.get_loc(b[y]), are.columns.get_loc(b[x])) for b in good.values()
    }
    _frame(ax, sorted(framed), 2.2 if fontsize else 1.2)
    _name_cells(ax.xaxis, x, are.columns)
    _name_cells(ax.yaxis, y, are.index)
    ax.tick_params(length=0)
    return ax


def _cheapest(results, levels):
    """The row of fewest FLOPs whose ARE is no higher than a level, by level."""
    good = {level: results[results["are"] <= level] for level in levels}
    return {
        k: rows.loc[rows["flops"].idxmin()] for k, rows in good.items() if len(rows)
    }


def _iso_flops(ax, flops, labelled):
    """Lines of equal compute over the cells of a map."""
    middle = [np.arange(n) + 0.5 for n in flops.shape[::-1]]
    lines = ax.contour(
        *np.meshgrid(*middle),
        np.log10(flops.where(flops > 0)),
        levels=5,
        colors=INK,
        linewidths=0.8,
        linestyles="dotted",
    )
    if labelled:
        ax.clabel(lines, fmt=lambda v: f"$10^{{{v:.1f}}}$", fontsize=8)


def _frame(ax, cells, width):
    """Frame cells of a map, given as (row, column)."""
    for row, column in cells:
        corner = (column + 0.03, row + 0.03)
        ax.add_patch(plt.Rectangle(corner, 0.94, 0.94, fill=False, ec=ACCENT, lw=width))


def _name_cells(axis, name, values):
    """Write a column's name and its values along the cells of an axis."""
    label, write = AXES.get(name, (name.replace("_", " "), str))
    axis.set_ticks(np.arange(len(values)) + 0.5, [write(v) for v in values], rotation=0)
    axis.set_label_text(label)


def params_tokens(ax, runs):
    """Ends of runs in the plane of tokens and parameters, with lines of equal FLOPs.

    The studies with most runs have a colour and a mark each; the others are grey, and a
    line leads from their largest run to their name.
    """
    axes(ax)
    table("runs", runs, ["run", "source", "tokens_seen", "num_params"])
    last = runs[~runs.duplicated(["run"], keep="last")]
    names = last["source"].value_counts().index
    for name, colour, mark in zip(names, COLOURS, "osDv^P", strict=False):
        ends = last[last["source"] == name]
        ax.plot(
            ends["tokens_seen"],
            ends["num_params"],
            mark,
            ms=4.5,
            alpha=0.7,
            mew=0,
            color=colour,
            label=name,
        )
    left, right = last["tokens_seen"].min() / 2, last["tokens_seen"].max() * 2
    bottom, top = last["num_params"].min() / 2, last["num_params"].max() * 3
    _grey_studies(ax, last[last["source"].isin(names[len(COLOURS) :])], right)
    _equal_flops(ax, left, right, bottom)
    ax.set(xlim=(left, right), ylim=(bottom, top))
    count_axis(ax.xaxis, "tokens at the end of the run")
    count_axis(ax.yaxis, "parameters")
    ax.legend(loc="upper left", ncols=2, handletextpad=0.1, columnspacing=1.0)
    return ax


def _grey_studies(ax, ends, right):
    """Ends of runs in grey, a line from the largest of each study to its name."""
    ax.plot(ends["tokens_seen"], ends["num_params"], ".", ms=5, color=INK)
    largest = ends.sort_values("num_params").drop_duplicates("source", keep="last")
    heights = apart(largest["num_params"], 1.7)
    for row, height in zip(largest.itertuples(), heights, strict=True):
        tokens, params = [row.tokens_seen, right], [row.num_params, height]
        ax.plot(tokens, params, "-", color=INK, lw=0.5)
        ax.annotate(
            row.source,
            (right, height),
            fontsize=8.5,
            va="center",
            xytext=(3, 0),
            textcoords="offset points",
        )


def _equal_flops(ax, left, right, bottom):
    """Lines of equal compute, 6 FLOPs a parameter and token, named where they leave."""
    for flops in DRAWN_FLOPS:
        params = [flops / 6 / left, flops / 6 / right]
        ax.plot([left, right], params, ":", color=INK, lw=0.8, zorder=0)
        tokens = min(right, flops / 6 / bottom)
        at_right = tokens == right
        ax.annotate(
            f"$10^{{{np.log10(flops):.0f}}}$",
            (tokens, flops / 6 / tokens),
            fontsize=8.5,
            xytext=(-4, -11) if at_right else (3, 3),
            textcoords="offset points",
            ha="right" if at_right else "left",
        )
