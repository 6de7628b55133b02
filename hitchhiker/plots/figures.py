"""Draw what `forecast` and `watch` give; computes nothing."""

import matplotlib.pyplot as plt

from .axes import loss_curves
from .style import (
    ACCENT,
    COLOURS,
    INK,
    count_axis,
    human,
    message,
    plain_log_axis,
    use_style,
)

# tokens of a target over those of a run's end, below which their labels would meet
NEAR = 1.7
LOSSES = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8)  # ticks of a decade


def forecast_panel(ax, runs, made, unit="nats per token", truth=None):
    """Runs, the most plausible law through them, and each target with its widest interval.

    Parameters
    ----------
    ax : Axes
    runs : DataFrame
        What the forecast was made from.
    made : Forecast
    truth : DataFrame, optional
        Checkpoints of the target that were measured later, drawn hollow.
    """
    loss_curves(ax, runs, law=made.law, unit=unit)
    level = [c[4:] for c in made.table if c.startswith("low_")][-1]
    for row in made.table.to_dict("records"):
        ends = row[f"low_{level}"], row[f"high_{level}"]
        for text in (
            ax.texts
        ):  # of sizes, at the ends of their runs: above their curves instead
            if row["tokens_seen"] / NEAR < text.xy[0] < row["tokens_seen"] * NEAR:
                text.set(ha="right", va="bottom", position=(2, 8))
        ax.plot([row["tokens_seen"]] * 2, ends, color=ACCENT, lw=2.2)
        ax.plot(row["tokens_seen"], row["loss"], "D", color=ACCENT, ms=6)
        _beside(
            ax,
            row["tokens_seen"],
            row["loss"],
            ACCENT,
            f"{human(row['num_params'])}: "
            f"{row['loss']:.3g}\n{level} %: {ends[0]:.3g}\nto {ends[1]:.3g}",
        )
    if truth is not None:
        ax.plot(
            truth["tokens_seen"],
            truth["loss"],
            "o",
            ms=5,
            mfc="none",
            mew=1.1,
            color=INK,
        )
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


def forecast_figure(runs, made):
    """A figure of its own of `forecast_panel`, for a file."""
    use_style()
    fig, ax = plt.subplots(figsize=(5.6, 4.0))
    forecast_panel(ax, runs, made)
    last = made.table.iloc[-1]
    message(
        ax, f"{human(last['num_params'])} parameters will end near {last['loss']:.3g}"
    )
    return fig


def watch_panel(ax, own, seen, unit="nats per token", rest=None):
    """A run in progress: its curve, the forecasts of its end so far, the band for the rest.

    Parameters
    ----------
    ax : Axes
    own : DataFrame
        Checkpoints of the run.
    seen : Watch
    rest : DataFrame, optional
        Checkpoints that came later, drawn hollow.
    """
    level = next(c[4:] for c in seen.band if c.startswith("low_"))
    band, looks = seen.band, seen.forecasts
    ax.fill_between(
        band["tokens_seen"],
        band[f"low_{level}"],
        band[f"high_{level}"],
        color=ACCENT,
        alpha=0.25,
        lw=0,
    )
    ax.plot(band["tokens_seen"], band["loss"], "--", color=ACCENT, lw=1.6)
    ax.vlines(
        looks["tokens_seen"],
        looks[f"low_{level}"],
        looks[f"high_{level}"],
        color=COLOURS[0],
        lw=2,
        alpha=0.6,
    )
    ax.plot(looks["tokens_seen"], looks["loss"], "o", ms=4, color=COLOURS[0])
    ax.plot(own["tokens_seen"], own["loss"], ".", ms=5, color=INK)
    if rest is not None:
        ax.plot(
            rest["tokens_seen"],
            rest["loss"],
            "o",
            ms=3.6,
            mfc="none",
            mew=0.9,
            color=INK,
        )
    if seen.departed_at is not None:
        ax.axvline(seen.departed_at, color=ACCENT, lw=1.2, ls=":")
        ax.annotate(
            "left its band",
            (seen.departed_at, 0.97),
            xycoords=("data", "axes fraction"),
            xytext=(-5, 0),
            textcoords="offset points",
            ha="right",
            va="top",
            color=ACCENT,
            fontsize=9,
        )
    first, end = looks.iloc[0], band.iloc[-1]
    lowest = looks[f"low_{level}"].min()
    ax.annotate(
        "its end, as forecast at each look",
        (first["tokens_seen"], lowest),
        fontsize=9,
        xytext=(-2, -7),
        textcoords="offset points",
        va="top",
        color=COLOURS[0],
    )
    ax.margins(y=0.1)
    _beside(
        ax,
        end["tokens_seen"],
        end["loss"],
        ACCENT,
        f"end: {end['loss']:.3g}\n{level} %: "
        f"{end[f'low_{level}']:.3g}\nto {end[f'high_{level}']:.3g}",
    )
    middle = own.iloc[len(own) // 3]
    ax.annotate(
        "the run",
        (middle["tokens_seen"], middle["loss"]),
        xytext=(7, 7),
        textcoords="offset points",
        fontsize=9,
    )
    count_axis(ax.xaxis, "tokens seen")
    plain_log_axis(ax.yaxis, f"loss ({unit})", lambda v, _: f"{v:.3g}", subs=LOSSES)
    return ax


def _beside(ax, x, y, colour, text):
    """Write a text to the right of a point, clear of the axes."""
    ax.annotate(
        text,
        (x, y),
        xytext=(9, 0),
        textcoords="offset points",
        va="center",
        color=colour,
        fontsize=9,
        annotation_clip=False,
    )
