"""Forecasts from finished runs of one size."""

from experiments import one_small_model


def test_rows_are_of_one_size_and_their_errors_capped():
    table = one_small_model.one_size_scores()
    assert (table["n_sizes"] == 1).all()
    assert table["are"].between(0, 0.5).all()


def test_a_forecast_beats_borrowed_numbers_and_the_lowest_loss_seen_on_texts():
    table = one_small_model.one_size_scores().query("not scores_words")
    by_study = table.groupby(["method", "source"])["are"].median()
    error = by_study.groupby("method").mean()
    assert error["forecast"] < error[["borrowed", "best_seen"]].min()


def test_only_the_forecast_has_an_interval():
    table = one_small_model.one_size_scores().query("n_rows > 0")
    with_interval = table.loc[table["inside_80"].notna(), "method"]
    assert set(with_interval) == {"forecast"}
    assert (table.query("method == 'forecast'")["width_80"] > 0).all()
