"""Draw what `forecast` and `watch` give; computes nothing."""

from ..runs.thinning import spread, thinned
from .curves import MOST_POINTS, loss_axes, loss_curves
from .style import ACCENT, COLOURS, INK, apart, axes, human

# Tokens of a target over those of a run's end, below which their labels would meet.
LABELS_MEET = 1.7
MOST_LABELLED = 6  # targets
LABEL_HEIGHT = 0.055  # of the axis


def forecast_panel(ax, runs, result, unit="nats per token", truth=None):
    """Runs, the most plausible law through them, each target with its widest interval.

    Parameters
    ----------
    ax : Axes
    runs : DataFrame
        What the forecast was made from.
    result : Forecast
    truth : DataFrame, optional
        Checkpoints of the target that were measured later, drawn hollow.
    """
    loss_curves(ax, runs, law=result.law, unit=unit)
    level = [c[4:] for c in result.table if c.startswith("low_")][-1]
    if len(result.table) > 1:
        _targets(ax, result.table, level)
    else:
        _target(ax, result.table.iloc[0], level)
    if truth is not None:
        _hollow(ax, truth, ms=5, mew=1.1)
        first = truth.loc[truth["tokens_seen"].idxmin()]
        ax.annotate(
            "measured",
            (first["tokens_seen"], first["loss"]),
            xytext=(-7, 0),
            fontsize=9,
            textcoords="offset points",
            ha="right",
            va="center",
        )
    return ax


def _targets(ax, table, level):
    """Forecasts of several targets, their intervals, and the names of some."""
    tokens = table["tokens_seen"]
    ends = table[f"low_{level}"], table[f"high_{level}"]
    few = thinned(table.reset_index(drop=True), MOST_POINTS).index
    ax.vlines(tokens.iloc[few], *(e.iloc[few] for e in ends), color=ACCENT, lw=1.2)
    ax.plot(tokens.iloc[few], table["loss"].iloc[few], "D", color=ACCENT, ms=4.5)
    named = spread(table["loss"].sort_values(), MOST_LABELLED)
    low, high = ax.get_ylim()
    heights = apart(named, (high / low) ** LABEL_HEIGHT)
    for (at, loss), height in zip(named.items(), heights, strict=True):
        ax.annotate(
            f"{human(table['num_params'][at])} on {human(tokens[at])}: {loss:.3g}",
            (1, height),
            xycoords=("axes fraction", "data"),
            xytext=(20, 0),
            textcoords="offset points",
            va="center",
            color=ACCENT,
            fontsize=9,
            annotation_clip=False,
        )


def _target(ax, row, level):
    """A forecast with its interval and its numbers, other labels out of its way."""
    low, high = row[f"low_{level}"], row[f"high_{level}"]
    for text in ax.texts:  # of sizes, at the ends of their runs
        if (
            row["tokens_seen"] / LABELS_MEET
            < text.xy[0]
            < row["tokens_seen"] * LABELS_MEET
        ):
            text.set(ha="right", va="bottom", position=(2, 8))
    ax.plot([row["tokens_seen"]] * 2, [low, high], color=ACCENT, lw=2.2)
    ax.plot(row["tokens_seen"], row["loss"], "D", color=ACCENT, ms=6)
    _beside(ax, row, level, human(row["num_params"]))


def watch_panel(ax, run, result, unit="nats per token", rest=None):
    """A run in progress: its curve, the forecasts of its end, the band for the rest.

    Parameters
    ----------
    ax : Axes
    run : DataFrame
        Checkpoints of the run.
    result : Watch
    rest : DataFrame, optional
        Checkpoints that came later, drawn hollow.
    """
    axes(ax)
    level = next(c[4:] for c in result.band if c.startswith("low_"))
    _band(ax, result.band, level)
    _looks(ax, result.forecasts, level)
    drawn = thinned(run, MOST_POINTS)
    ax.plot(drawn["tokens_seen"], drawn["loss"], ".", ms=5, color=INK)
    if rest is not None:
        _hollow(ax, rest, ms=3.6, mew=0.9)
    if result.departed_at is not None:
        _departure(ax, result.departed_at)
    _name_looks(ax, result.forecasts, level)
    ax.margins(y=0.1)
    _beside(ax, result.band.iloc[-1], level, "end")
    middle = run.iloc[len(run) // 3]
    ax.annotate(
        "the run",
        (middle["tokens_seen"], middle["loss"]),
        xytext=(7, 7),
        textcoords="offset points",
        fontsize=9,
    )
    loss_axes(ax, unit)
    return ax


def _band(ax, band, level):
    """Where the rest of a run is forecast to be."""
    ax.fill_between(
        band["tokens_seen"],
        band[f"low_{level}"],
        band[f"high_{level}"],
        color=ACCENT,
        alpha=0.25,
        lw=0,
    )
    ax.plot(band["tokens_seen"], band["loss"], "--", color=ACCENT, lw=1.6)


def _looks(ax, looks, level):
    """The end of a run as each look forecast it, with its interval."""
    ax.vlines(
        looks["tokens_seen"],
        looks[f"low_{level}"],
        looks[f"high_{level}"],
        color=COLOURS[0],
        lw=2,
        alpha=0.6,
    )
    ax.plot(looks["tokens_seen"], looks["loss"], "o", ms=4, color=COLOURS[0])


def _name_looks(ax, looks, level):
    ax.annotate(
        "its end, as forecast at each look",
        (looks["tokens_seen"].iloc[0], looks[f"low_{level}"].min()),
        fontsize=9,
        xytext=(-2, -7),
        textcoords="offset points",
        va="top",
        color=COLOURS[0],
    )


def _departure(ax, tokens):
    """Where a run left its band."""
    ax.axvline(tokens, color=ACCENT, lw=1.2, ls=":")
    ax.annotate(
        "left its band",
        (tokens, 0.97),
        xycoords=("data", "axes fraction"),
        xytext=(-5, 0),
        textcoords="offset points",
        ha="right",
        va="top",
        color=ACCENT,
        fontsize=9,
    )


def _hollow(ax, table, ms, mew):
    """Checkpoints that came later."""
    ax.plot(
        table["tokens_seen"],
        table["loss"],
        "o",
        ms=ms,
        mfc="none",
        mew=mew,
        color=INK,
    )


def _beside(ax, row, level, name):
    """Write a forecast and its interval right of its point, clear of the axes."""
    ax.annotate(
        f"{name}: {row['loss']:.3g}\n{level} %: {row[f'low_{level}']:.3g}\n"
        f"to {row[f'high_{level}']:.3g}",
        (row["tokens_seen"], row["loss"]),
        xytext=(9, 0),
        textcoords="offset points",
        va="center",
        color=ACCENT,
        fontsize=9,
        annotation_clip=False,
    )
