"""The look of every figure: colours, axes, numbers as people write them.

Colours are those of Okabe and Ito, ink is a grey that reads on white and on black,
backgrounds are transparent.
"""

import itertools
import os

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from ..runs.arguments import instance

INK = "#767676"
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]
ACCENT = COLOURS[1]
SEQUENTIAL = "viridis"
LOOK = {
    "figure.figsize": (5.6, 3.6),
    "figure.dpi": 110,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "savefig.transparent": True,
    "font.size": 10.5,
    "axes.titlesize": 11.5,
    "axes.labelsize": 10.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.titlepad": 10,
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "legend.fontsize": 9.5,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.titlecolor": INK,
    "axes.prop_cycle": mpl.cycler(color=COLOURS),
    "svg.fonttype": "none",
    "svg.hashsalt": "hitchhiker",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "lines.linewidth": 1.8,
    "figure.constrained_layout.use": True,
}


def use_style(figures=None):
    """Set the look of every figure of the guide, and the format that notebooks embed.

    Parameters
    ----------
    figures : "svg" or "png", optional
        Else the environment variable GUIDE_FIGURES, else "svg".
    """
    sns.set_theme(style="ticks")
    mpl.rcParams.update(LOOK)
    try:
        from IPython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:
        return
    if get_ipython() is None:
        return
    kind = figures or os.environ.get("GUIDE_FIGURES", "svg")
    options = {"metadata": {"Date": None}} if kind == "svg" else {}
    set_matplotlib_formats(kind, **options)


def axes(ax):
    """The axes to draw on, or an error that says what arrived."""
    return instance("ax", ax, Axes, "as from matplotlib.pyplot.subplots")


def human(count, _=None):
    """A count as people write it.

    Examples
    --------
    >>> human(70e6), human(1.3e9), human(175e9), human(1.4e12)
    ('70M', '1.3B', '175B', '1.4T')
    """
    if not count > 0:
        return ""
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if count >= 0.9995 * size:
            return f"{count / size:.3g}{letter}"
    return f"{count:.3g}"


def percent(value, _=None):
    """A share as a percentage, short.

    Examples
    --------
    >>> percent(0.043), percent(0.5)
    ('4.3 %', '50 %')
    """
    return f"{100 * value:.2g} %"


def message(ax, text):
    """Title of a figure: its one message, clear of a legend above the axes."""
    legend = axes(ax).get_legend()
    ax.set_title(text, pad=10 if legend is None else 26)
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


def count_axis(axis, label):
    """Make an axis logarithmic with ticks such as 10B."""
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    axis.set_major_formatter(FuncFormatter(human))
    axis.set_minor_formatter(NullFormatter())
    axis.set_label_text(label)


def plain_log_axis(axis, label, formatter, subs=(1, 2, 5)):
    """Make an axis logarithmic with plain numbers at 1, 2 and 5 of each decade."""
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    axis.set_major_locator(LogLocator(subs=subs))
    axis.set_major_formatter(FuncFormatter(formatter))
    axis.set_minor_formatter(NullFormatter())
    axis.set_label_text(label)


def legend_above(ax):
    """Put the legend between the title and the axes, in one row."""
    axes(ax).legend(
        loc="lower left",
        bbox_to_anchor=(-0.02, 0.99),
        ncols=8,
        handletextpad=0.1,
        columnspacing=1.2,
        borderaxespad=0.2,
    )
