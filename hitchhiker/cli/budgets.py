# ruff: noqa: D301  (click reads the backspace in a docstring as: keep these lines)
"""The commands that spend a budget: small runs to plan, a large one to choose."""

import click

from ..forecasts.allocation import allocation
from ..forecasts.forecasting import forecast
from ..forecasts.planning import plan
from ..runs.arguments import number
from ..runs.checks import DataError
from .group import FILE_NAMES, JSON, SETTINGS, TABLE, main, out_option
from .options import COUNT, exit_on_data_error, read_files, reading_options
from .output import as_csv, emit, facts_of, save, say_written, target_list, with_origin
from .targets import target_options
from .writing import write


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
@click.option("--csv", type=TABLE, help="Write the ladder.")
@out_option("plan.svg, .csv and .json")
@JSON
@exit_on_data_error
def plan_command(params, tokens, sizes, csv, out, as_json, **budgets):
    """Plan the small runs that forecast a target best for a budget.

    Half of the errors stay below the error expected, 80 % below the number beside it.

    \b
    hitchhiker plan --params 7B --tokens 140B --share 0.05
    hitchhiker plan --params 7B --tokens 140B --gpu-hours 500 --flops-per-second 4e14
    """
    result = plan(params, tokens, _budget(**budgets), most_sizes=sizes)
    facts = facts_of(result, ("ladder", "alternatives"))
    facts = with_origin(facts, target_list([params], [tokens]))
    if csv:
        write(csv, as_csv(result.ladder))
    if out:
        made = save(
            out, "plan", facts, lambda plots: plots.plan_figure(result), result.ladder
        )
        say_written(out, made)
    emit(as_json, result.summary(), facts)


def _budget(share, flops, gpu_hours, flops_per_second):
    """The one budget given, a share of the target's FLOPs or FLOPs."""
    if gpu_hours is not None and flops_per_second is None:
        raise DataError(
            "--gpu-hours needs --flops-per-second, what one GPU really does"
        )
    given = {"--share": share, "--flops": flops, "--gpu-hours": gpu_hours}
    given = {name: value for name, value in given.items() if value is not None}
    if len(given) != 1:
        raise DataError("give one budget: --share, --flops or --gpu-hours")
    (name, value), *_ = given.items()
    if name == "--share":
        return number(name, value, above=0, most=1)
    value = number(name, value, above=0)
    seconds = 3600 * flops_per_second if name == "--gpu-hours" else 1
    return number(f"{name} in FLOPs", value * seconds, above=1)


@main.command("allocate", context_settings=SETTINGS)
@FILE_NAMES
@click.option("--flops", type=COUNT, required=True, help="FLOPs of training: 1e22.")
@click.option("--inference-tokens", type=COUNT, default="0", help="Tokens in use: 1T.")
@reading_options
@JSON
@exit_on_data_error
def allocate_command(files, flops, inference_tokens, as_json, force=False, **options):
    """Choose size and tokens for a budget of training, from the law of FILES.

    \b
    hitchhiker allocate runs.csv --flops 1e22 --inference-tokens 1T
    """
    runs, _ = read_files(files, **options)
    largest = runs["num_params"].max(), runs["tokens_seen"].max()
    law = forecast(runs, *largest, force=force).law
    table = allocation(law, flops, inference_tokens=inference_tokens)
    text = table.to_string(index=False, float_format="{:.4g}".format)
    target = [{"flops": flops, "inference_tokens": inference_tokens}]
    emit(as_json, text, with_origin({"table": table}, target, files, runs))
