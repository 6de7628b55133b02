"""What the commands print and write: text, or the same facts as strict JSON."""

import json

import click
import numpy as np

from ..evaluation.reporting import report

FORECAST_FACTS = (
    "table",
    "law",
    "warnings",
    "advice",
    "n_runs",
    "n_rows",
    "sources",
)


def facts_of(result, names):
    """Some attributes of a result, by name."""
    return {name: getattr(result, name) for name in names}


def emit(as_json, text, facts):
    """Print the text, or the facts as JSON."""
    click.echo(as_text(facts) if as_json else text)


def as_text(facts):
    """Facts as strict JSON: tables as lists of rows, what is not finite as null."""
    return json.dumps(_plain(facts), indent=1, allow_nan=False)


def _plain(value):
    if hasattr(value, "as_dict"):  # a law
        return _plain(value.as_dict())
    if hasattr(value, "to_dict"):  # a table
        return _plain(value.to_dict("records"))
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not np.isfinite(value) else value


def save_forecast(folder, runs, result, notes):
    """Write the report, the numbers and the figure of a forecast into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    text = report(runs, result, notes=notes)
    (folder / "report.md").write_text(text, encoding="utf-8")
    numbers = as_text(facts_of(result, FORECAST_FACTS))
    (folder / "forecast.json").write_text(numbers + "\n", encoding="utf-8")
    try:
        import matplotlib

        matplotlib.use("agg")
        from .. import plots
    except ImportError:  # the numbers need no plotting
        click.echo(
            f"wrote {folder}/report.md, forecast.json; for the figure: pip install "
            "matplotlib seaborn",
            err=True,
        )
        return
    figure = plots.forecast_figure(runs, result)
    figure.savefig(folder / "forecast.svg", bbox_inches="tight")
    click.echo(f"wrote {folder}/forecast.svg, report.md, forecast.json", err=True)
