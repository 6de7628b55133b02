"""A report of a forecast."""

from test_forecasting import ladder

from hitchhiker import ScalingLaw, forecast, report

LAW = ScalingLaw(1.8, 480.0, 0.35, 2000.0, 0.37)


def test_a_report_fills_what_it_knows_and_leaves_blanks():
    runs = ladder(LAW)
    text = report(
        runs, forecast(runs, 1e10, 2e10), notes=["3 rows left out"], title="Mine"
    )
    for heading in (
        "# Mine",
        "## Question",
        "## Runs",
        "## Validation",
        "## Use",
        "## Release",
    ):
        assert heading in text
    assert "3 rows left out" in text
    assert "held out" in text
    assert "____" in text
    assert "nan" not in text.lower().replace("finance", "")


def test_one_size_cannot_be_validated():
    runs = ladder(LAW, sizes=[1e8])
    assert "nothing can be held out" in report(runs, forecast(runs, 1e10, 2e10))
