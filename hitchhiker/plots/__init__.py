"""Figures: tables in, axes out; nothing here computes a result."""

from .curves import lines_by_group, loss_curves, loss_panels, size_colours
from .dots import paired_dots, ratio_dots
from .figures import forecast_panel, watch_panel
from .files import (
    comparison_figure,
    comparison_panel,
    forecast_figure,
    plan_figure,
    plan_panel,
    signed_percent,
    watch_figure,
)
from .maps import are_heatmap, params_tokens
from .style import (
    ACCENT,
    COLOURS,
    INK,
    SEQUENTIAL,
    apart,
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
    "SEQUENTIAL",
    "apart",
    "are_heatmap",
    "comparison_figure",
    "comparison_panel",
    "count_axis",
    "forecast_figure",
    "forecast_panel",
    "human",
    "legend_above",
    "lines_by_group",
    "loss_curves",
    "loss_panels",
    "message",
    "paired_dots",
    "params_tokens",
    "percent",
    "plain_log_axis",
    "plan_figure",
    "plan_panel",
    "ratio_dots",
    "signed_percent",
    "size_colours",
    "use_style",
    "watch_figure",
    "watch_panel",
]
