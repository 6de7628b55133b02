"""Figures: tables in, axes out; nothing here computes a result."""

from .axes import (
    apart,
    are_heatmap,
    lines_by_group,
    loss_curves,
    loss_panels,
    paired_dots,
    params_tokens,
    ratio_dots,
    size_colours,
)
from .figures import forecast_figure, forecast_panel, watch_panel
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
    "SEQUENTIAL",
    "apart",
    "are_heatmap",
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
    "ratio_dots",
    "size_colours",
    "use_style",
    "watch_panel",
]
