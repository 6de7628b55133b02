"""What forecasts from finished runs of one size are worth."""

from .forecast_grids import RIVALS, capped, window_grid


def one_size_scores():
    """Every forecast of `window_grid` from finished runs of one size.

    Returns
    -------
    DataFrame
        Its rows, failures scored and ARE capped, with ``scores_words`` (the loss is
        that of one last word, not of a text) ``, inside_80`` and ``width_80`` of the
        forecast's interval.
    """
    table = window_grid().query("n_sizes == 1")
    table = capped(table[table["method"].isin(list(RIVALS))])
    inside = table["target_loss"].between(table["low_80"], table["high_80"])
    return table.assign(
        scores_words=table["loss_kind"].str.contains("lambada"),
        inside_80=inside.where(table["low_80"].notna()).astype(float),
        width_80=table["high_80"] / table["low_80"] - 1,
    )
