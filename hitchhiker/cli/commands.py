# ruff: noqa: D301  (click reads the backspace in a docstring as: keep these lines)
"""The commands, each a function of the package with its options."""

from pathlib import Path

import click

from ..evaluation.reporting import report
from ..forecasts.allocation import allocation
from ..forecasts.comparing import compare
from ..forecasts.forecasting import forecast
from ..forecasts.planning import plan
from ..forecasts.watching import watch
from ..runs.checks import DataError
from .options import (
    COUNT,
    exit_on_data_error,
    read_files,
    reading_options,
    target_options,
)
from .output import FORECAST_FACTS, emit, facts_of, save_forecast

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 96}
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


@click.group(context_settings=SETTINGS)
@click.version_option(package_name="hitchhiker-scaling", prog_name="hitchhiker")
def main():
    """Forecast the loss of large language models from small runs."""


@main.command("forecast", context_settings=SETTINGS)
@click.argument("file", type=click.Path(path_type=Path))
@target_options
@reading_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for forecast.svg, report.md and forecast.json.",
)
@exit_on_data_error
def forecast_command(file, params, tokens, as_json, out, **options):
    """Forecast the loss of a target from FILE, a table of runs.

    \b
    hitchhiker forecast runs.csv --params 7B --tokens 140B
    hitchhiker forecast wandb.csv --batch-tokens 4M --size run-a=125M \\
        --params 7B --tokens 140B --out forecast/
    """
    runs, notes = read_files((file,), **options)
    result = forecast(runs, params, tokens)
    if out:
        save_forecast(out, runs, result, notes)
    emit(as_json, result.summary(), facts_of(result, FORECAST_FACTS))


@main.command("plan", context_settings=SETTINGS)
@target_options
@click.option(
    "--share", type=float, help="Budget as a share of the target's FLOPs: 0.05."
)
@click.option("--flops", type=COUNT, help="Budget in FLOPs: 2e20.")
@click.option(
    "--gpu-hours", type=float, help="Budget in GPU hours, with --flops-per-second."
)
@click.option("--flops-per-second", type=COUNT, help="What one GPU really does: 4e14.")
@click.option(
    "--sizes",
    type=click.IntRange(1, 8),
    default=6,
    show_default=True,
    help="Most sizes of a ladder.",
)
@click.option(
    "--csv", type=click.Path(dir_okay=False, path_type=Path), help="Write the ladder."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@exit_on_data_error
def plan_command(
    params, tokens, share, flops, gpu_hours, flops_per_second, sizes, csv, as_json
):
    """Plan the small runs that forecast a target best for a budget.

    \b
    hitchhiker plan --params 7B --tokens 140B --share 0.05
    hitchhiker plan --params 7B --tokens 140B --gpu-hours 500 --flops-per-second 4e14
    """
    if gpu_hours and not flops_per_second:
        raise DataError(
            "--gpu-hours needs --flops-per-second, what one GPU really does"
        )
    budgets = [share, flops, gpu_hours and gpu_hours * 3600 * flops_per_second]
    given = [b for b in budgets if b]
    if len(given) != 1:
        raise DataError("give one budget: --share, --flops or --gpu-hours")
    result = plan(params, tokens, given[0], most_sizes=sizes)
    if csv:
        result.ladder.to_csv(csv, index=False)
    emit(as_json, result.summary(), facts_of(result, ("ladder", "alternatives")))


@main.command("compare", context_settings=SETTINGS)
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@target_options
@reading_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@exit_on_data_error
def compare_command(first, second, params, tokens, as_json, **options):
    """Say which of two recipes, a table of runs each, will be better at a target.

    \b
    hitchhiker compare old.csv new.csv --params 7B --tokens 140B
    """
    tables = [read_files((file,), **options)[0] for file in (first, second)]
    result = compare(*tables, params, tokens)
    emit(as_json, result.summary(), facts_of(result, COMPARISON_FACTS))


@main.command("watch", context_settings=SETTINGS)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--run", required=True, help="Name of the run in progress.")
@click.option("--tokens", type=COUNT, required=True, help="Tokens at its end.")
@reading_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@exit_on_data_error
def watch_command(file, run, tokens, as_json, **options):
    """Forecast the end of a run in progress, and say whether it left its way.

    \b
    hitchhiker watch runs.csv --run my-7b --tokens 140B
    """
    result = watch(read_files((file,), **options)[0], run, tokens)
    emit(as_json, result.summary(), facts_of(result, WATCH_FACTS))


@main.command("report", context_settings=SETTINGS)
@click.argument("file", type=click.Path(path_type=Path))
@target_options
@click.option("--title", default="Forecast of a scaling law", show_default=True)
@reading_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@exit_on_data_error
def report_command(file, params, tokens, title, as_json, **options):
    """Print the checklist of a scaling-law report, filled in where the tool knows.

    \b
    hitchhiker report runs.csv --params 7B --tokens 140B > report.md
    """
    runs, notes = read_files((file,), **options)
    text = report(runs, forecast(runs, params, tokens), notes=notes, title=title)
    emit(as_json, text, {"report": text})


@main.command("allocate", context_settings=SETTINGS)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--flops", type=COUNT, required=True, help="FLOPs of training: 1e22.")
@click.option("--inference-tokens", type=COUNT, default="0", help="Tokens in use: 1T.")
@reading_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@exit_on_data_error
def allocate_command(file, flops, inference_tokens, as_json, **options):
    """Choose size and tokens for a budget of training, from the law of FILE.

    \b
    hitchhiker allocate runs.csv --flops 1e22 --inference-tokens 1T
    """
    runs, _ = read_files((file,), **options)
    law = forecast(runs, runs["num_params"].max(), runs["tokens_seen"].max()).law
    table = allocation(law, flops, inference_tokens=inference_tokens)
    text = table.to_string(index=False, float_format="{:.4g}".format)
    emit(as_json, text, {"table": table})
