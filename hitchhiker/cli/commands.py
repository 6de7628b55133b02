# ruff: noqa: D301  (click reads the backspace in a docstring as: keep these lines)
"""The commands that read runs and say what will come, or what came of it."""

from pathlib import Path

import click

from ..evaluation.reporting import report
from ..forecasts.comparing import compare
from ..forecasts.forecasting import forecast
from ..forecasts.watching import watch
from ..runs.checks import run_names
from .group import FILE_NAMES, JSON, SETTINGS, TABLE, main, out_option
from .options import COUNT, exit_on_data_error, read_files, reading_options
from .output import (
    as_csv,
    emit,
    facts_of,
    loss_unit,
    save,
    say_written,
    target_list,
    with_origin,
)
from .targets import target_options, targets_of, targets_options
from .writing import write, write_beside

FORECAST_FACTS = (
    "table",
    "law",
    "warnings",
    "advice",
    "n_runs",
    "n_rows",
    "sources",
)
COMPARISON_FACTS = (
    "probability",
    "difference",
    "low_80",
    "high_80",
    "minimum_detectable_difference",
    "pairs",
    "advice",
)
WATCH_FACTS = ("forecasts", "band", "departed_at", "band_made_at", "warnings")
LEFT_ITS_BAND = 3  # exit status of `watch`


@main.command("forecast", context_settings=SETTINGS)
@FILE_NAMES
@targets_options
@reading_options
@JSON
@click.option("--csv", type=TABLE, help="Write the forecasts as a table.")
@out_option("forecast.svg, .csv, .json and report.md")
@click.option("--overwrite", is_flag=True, help="Replace a report.md that differs.")
@exit_on_data_error
def forecast_command(
    files,
    params,
    tokens,
    targets,
    as_json,
    csv,
    out,
    overwrite,
    force=False,
    **options,
):
    """Forecast the loss of targets from FILES of runs.

    A report.md in the folder of --out is kept; the new one goes beside it.

    \b
    hitchhiker forecast runs.csv --params 7B --tokens 140B
    hitchhiker forecast runs.csv --params 7B --tokens 140B --params 70B --tokens 1.4T
    hitchhiker forecast wandb.csv --batch-tokens 4M --size run-a=125M \\
        --params 7B --tokens 140B --out forecast/
    """
    wanted = targets_of(params, tokens, targets)
    runs, notes = read_files(files, **options)
    result = forecast(runs, *wanted, force=force)
    facts = with_origin(
        facts_of(result, FORECAST_FACTS), target_list(*wanted), files, runs
    )
    if csv:
        write(csv, as_csv(result.table))
    if out:
        made = save(
            out,
            "forecast",
            facts,
            lambda plots: plots.forecast_figure(runs, result, loss_unit(runs)),
            result.table,
        )
        text = report(runs, result, notes=notes)
        place = write_beside(out / "report.md", text, overwrite)
        if place.name != "report.md":
            click.echo(f"kept {out}/report.md: --overwrite replaces it", err=True)
        say_written(out, [*made, place.name])
    emit(as_json, result.summary(), facts)


@main.command("compare", context_settings=SETTINGS)
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@target_options
@reading_options
@out_option("compare.svg, .csv (pairs of runs) and .json")
@JSON
@exit_on_data_error
def compare_command(
    first, second, params, tokens, out, as_json, force=False, **options
):
    """Say which of two recipes, a table of runs each, will be better at a target.

    The difference is the loss of FIRST over that of SECOND, less one: below zero FIRST
    is better.

    \b
    hitchhiker compare old.csv new.csv --params 7B --tokens 140B
    """
    tables = [read_files((file,), **options)[0] for file in (first, second)]
    result = compare(*tables, params, tokens, force=force)
    facts = facts_of(result, COMPARISON_FACTS)
    target = target_list([params], [tokens])
    facts = with_origin(facts, target, (first, second), tables[0])
    if out:
        made = save(
            out,
            "compare",
            facts,
            lambda plots: plots.comparison_figure(result, params),
            result.pairs,
        )
        say_written(out, made)
    emit(as_json, result.summary(), facts)


@main.command("watch", context_settings=SETTINGS)
@FILE_NAMES
@click.option("--run", required=True, help="Name of the run in progress.")
@click.option("--tokens", type=COUNT, required=True, help="Tokens at its end.")
@reading_options
@out_option("watch.svg, .csv (its end at each look) and .json")
@JSON
@click.pass_context
@exit_on_data_error
def watch_command(context, files, run, tokens, out, as_json, force=False, **options):
    """Forecast the end of a run in progress, and say whether it left its way.

    Exit status: 0 where it is on its way, 3 where it left its band, 2 for an error.

    \b
    hitchhiker watch runs.csv --run my-7b --tokens 140B
    """
    runs, _ = read_files(files, **options)
    result = watch(runs, run, tokens, force=force)
    watched = runs[run_names(runs) == run]
    facts = facts_of(result, WATCH_FACTS)
    target = target_list([watched["num_params"].median()], [tokens])
    facts = with_origin(facts, target, files, runs)
    if out:
        made = save(
            out,
            "watch",
            facts,
            lambda plots: plots.watch_figure(watched, result, loss_unit(runs)),
            result.forecasts,
        )
        say_written(out, made)
    emit(as_json, result.summary(), facts)
    if result.departed_at is not None:
        context.exit(LEFT_ITS_BAND)


@main.command("report", context_settings=SETTINGS)
@FILE_NAMES
@targets_options
@click.option("--title", default="Forecast of a scaling law", show_default=True)
@reading_options
@JSON
@exit_on_data_error
def report_command(
    files, params, tokens, targets, title, as_json, force=False, **options
):
    """Print the checklist of a scaling-law report, filled in where the tool knows.

    \b
    hitchhiker report runs.csv --params 7B --tokens 140B > report.md
    """
    wanted = targets_of(params, tokens, targets)
    runs, notes = read_files(files, **options)
    result = forecast(runs, *wanted, force=force)
    text = report(runs, result, notes=notes, title=title)
    emit(
        as_json,
        text,
        with_origin({"report": text}, target_list(*wanted), files, runs),
    )
