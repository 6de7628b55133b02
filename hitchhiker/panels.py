"""Draw what `forecast` and `watch` give; computes nothing."""

import matplotlib.pyplot as plt

from .plots import loss_curves
from .style import ACCENT, COLOURS, INK, count_axis, human, message, plain_log_axis, use_style


def forecast_panel(ax, runs, made, unit="nats per token"):
    """Runs, the most plausible law through them, and each target with its widest interval.

    Parameters
    ----------
    ax : Axes
    runs : DataFrame
        What the forecast was made from.
    made : Forecast
    """
    loss_curves(ax, runs, law=made.law, unit=unit)
    level = [c[4:] for c in made.table if c.startswith("low_")][-1]
    for row in made.table.to_dict("records"):
        ends = row[f"low_{level}"], row[f"high_{level}"]
        ax.plot([row["tokens_seen"]] * 2, ends, color=ACCENT, lw=2.2)
        ax.plot(row["tokens_seen"], row["loss"], "D", color=ACCENT, ms=6)
        ax.annotate(f"{human(row['num_params'])}: {row['loss']:.3g}\n{level} %: {ends[0]:.3g} to "
                    f"{ends[1]:.3g}", (row["tokens_seen"], row["loss"]), xytext=(-8, 0),
                    textcoords="offset points", ha="right", va="center", color=ACCENT,
                    fontsize=9)  # fmt: skip
    return ax


def forecast_figure(runs, made):
    """A figure of its own of `forecast_panel`, for a file."""
    use_style()
    fig, ax = plt.subplots(figsize=(5.6, 4.0))
    forecast_panel(ax, runs, made)
    last = made.table.iloc[-1]
    message(ax, f"{human(last['num_params'])} parameters will end near {last['loss']:.3g}")
    return fig


def watch_panel(ax, own, seen, unit="nats per token"):
    """A run in progress: its curve, the forecasts of its end so far, the band for the rest.

    Parameters
    ----------
    ax : Axes
    own : DataFrame
        Checkpoints of the run.
    seen : Watch
    """
    level = next(c[4:] for c in seen.band if c.startswith("low_"))
    band, looks = seen.band, seen.forecasts
    ax.fill_between(band["tokens_seen"], band[f"low_{level}"], band[f"high_{level}"],
                    color=ACCENT, alpha=0.25, lw=0)  # fmt: skip
    ax.plot(band["tokens_seen"], band["loss"], "--", color=ACCENT, lw=1.6)
    ax.vlines(looks["tokens_seen"], looks[f"low_{level}"], looks[f"high_{level}"],
              color=COLOURS[0], lw=2, alpha=0.6)  # fmt: skip
    ax.plot(looks["tokens_seen"], looks["loss"], "o", ms=4, color=COLOURS[0])
    ax.plot(own["tokens_seen"], own["loss"], ".", ms=4, color=INK)
    ax.annotate(
        "end forecast at each look",
        (looks["tokens_seen"].iloc[0], looks["loss"].iloc[0]),
        xytext=(4, -14),
        textcoords="offset points",
        color=COLOURS[0],
        fontsize=9,
    )
    ax.annotate(
        "rest of the run",
        (band["tokens_seen"].iloc[-1], band["loss"].iloc[-1]),
        xytext=(-4, 12),
        textcoords="offset points",
        ha="right",
        color=ACCENT,
        fontsize=9,
    )
    ax.annotate("the run", (own["tokens_seen"].iloc[0], own["loss"].iloc[0]), xytext=(6, 2),
                textcoords="offset points", fontsize=9)  # fmt: skip
    count_axis(ax.xaxis, "tokens seen")
    plain_log_axis(ax.yaxis, f"loss ({unit})", lambda v, _: f"{v:.3g}",
                   subs=(1, 1.5, 2, 2.5, 3, 4, 5, 6, 8))  # fmt: skip
    return ax
