# ruff: noqa: D301  (click reads the backspace in a docstring as: keep these lines)
"""The command line: ``hitchhiker forecast|plan|compare|watch|report``."""

import functools
import json
import sys
from pathlib import Path

import click
import numpy as np

from .evaluation.reporting import report
from .forecasts.allocation import allocation
from .forecasts.comparing import compare
from .forecasts.forecasting import forecast
from .forecasts.planning import plan
from .forecasts.watching import watch
from .runs.checks import DataError, run_names
from .runs.trackers import UNITS, count, read_export


class Count(click.ParamType):
    """A count of parameters, tokens or FLOPs: 7B, 1.4T, 2e9."""

    name = "count"

    def convert(self, value, param, ctx):
        """Read the count or tell what is wrong with it."""
        try:
            return count(value)
        except DataError as error:
            self.fail(str(error), param, ctx)


COUNT = Count()
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 96}


def reading(command):
    """Give a command the options of reading a file of runs."""
    options = [
        click.option(
            "--map",
            "names",
            multiple=True,
            metavar="THEIRS=OURS",
            help="A column of the file and our name for it; may be repeated.",
        ),
        click.option(
            "--size",
            "sizes",
            multiple=True,
            metavar="RUN=7B",
            help="Parameters of a run, where the file has none; may be repeated.",
        ),
        click.option(
            "--params-unit", type=COUNT, default="1", help="1M: sizes in millions."
        ),
        click.option(
            "--tokens-unit", type=COUNT, default="1", help="1B: tokens in billions."
        ),
        click.option(
            "--batch-tokens",
            multiple=True,
            metavar="[RUN=]4M",
            help="Tokens of one step, of all runs or of one; may be repeated.",
        ),
        click.option(
            "--loss-unit",
            type=click.Choice(list(UNITS)),
            default="nats",
            show_default=True,
        ),
        click.option(
            "--finished",
            is_flag=True,
            help="All runs in the file were trained to their end.",
        ),
        click.option("--bytes-per-token", type=float, help="For bits per byte."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def told(command):
    """Turn a `DataError` into one line on standard error and exit status 2."""

    @functools.wraps(command)
    def safe(*args, **options):
        try:
            return command(*args, **options)
        except DataError as error:
            click.echo(f"hitchhiker: {error}", err=True)
            sys.exit(2)

    return safe


def _read(file, options):
    pairs = {k: _pairs(options.pop(k), k) for k in ("names", "sizes")}
    sizes = {run: count(value) for run, value in pairs["sizes"].items()}
    batch, finished = _batches(options.pop("batch_tokens")), options.pop("finished")
    runs, notes = read_export(
        file, columns=pairs["names"], sizes=sizes, batch_tokens=batch, **options
    )
    for note in notes:
        click.echo(f"note: {note}", err=True)
    if finished:
        runs = runs.assign(is_final=~run_names(runs).duplicated(keep="last"))
    return runs, notes


def _pairs(texts, name):
    for text in texts:
        if "=" not in text:
            option = {"names": "map", "sizes": "size"}.get(name, "batch-tokens")
            raise DataError(f"--{option} {text!r}: write a=b")
    return dict(text.rsplit("=", 1) for text in texts)


def _batches(texts):
    if len(texts) == 1 and "=" not in texts[0]:
        return count(texts[0])
    return {
        run: count(value) for run, value in _pairs(texts, "batch_tokens").items()
    } or None


def _say(as_json, text, facts):
    click.echo(as_text(facts) if as_json else text)


def as_text(facts):
    """Facts as strict JSON: tables as lists of rows, what is not finite as null."""
    return json.dumps(_plain(facts), indent=1, allow_nan=False)


def _plain(value):
    if hasattr(value, "to_dict"):
        return _plain(value.to_dict("records"))
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _facts(made):
    return {
        "table": made.table,
        "law": made.law.as_dict(),
        "warnings": made.warnings,
        "advice": made.advice,
        "n_runs": made.n_runs,
        "n_rows": made.n_rows,
        "sources": made.sources,
    }


@click.group(context_settings=SETTINGS)
@click.version_option(package_name="hitchhiker")
def main():
    """Forecast the loss of large language models from small runs."""


@main.command("forecast", context_settings=SETTINGS)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--params", type=COUNT, required=True, help="Parameters of the target: 70B."
)
@click.option("--tokens", type=COUNT, required=True, help="Tokens of the target: 1.4T.")
@reading
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for forecast.svg, report.md and forecast.json.",
)
@told
def forecast_command(file, params, tokens, as_json, out, **options):
    """Forecast the loss of a target from FILE, a table of runs.

    \b
    hitchhiker forecast runs.csv --params 7B --tokens 140B
    hitchhiker forecast wandb.csv --batch-tokens 4M --size run-a=125M \\
        --params 7B --tokens 140B --out forecast/
    """
    runs, notes = _read(file, options)
    made = forecast(runs, params, tokens)
    if out:
        save(out, runs, made, notes)
    _say(as_json, made.summary(), _facts(made))


def save(out, runs, made, notes):
    """Write the figure, the report and the numbers of a forecast into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.md").write_text(report(runs, made, notes=notes), encoding="utf-8")
    text = json.dumps(_facts(made), indent=1, default=_plain)
    (out / "forecast.json").write_text(text + "\n", encoding="utf-8")
    try:
        import matplotlib

        matplotlib.use("agg")
        from . import plots
    except ImportError:  # the numbers need no plotting
        click.echo(
            f"wrote {out}/report.md, forecast.json; for the figure install matplotlib and "
            "seaborn: pip install '.[plots]' in a clone",
            err=True,
        )
        return
    plots.forecast_figure(runs, made).savefig(out / "forecast.svg", bbox_inches="tight")
    click.echo(f"wrote {out}/forecast.svg, report.md, forecast.json", err=True)


@main.command("plan", context_settings=SETTINGS)
@click.option("--params", type=COUNT, required=True, help="Parameters of the target.")
@click.option("--tokens", type=COUNT, required=True, help="Tokens of the target.")
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
@told
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
    made = plan(params, tokens, given[0], most_sizes=sizes)
    if csv:
        made.ladder.to_csv(csv, index=False)
    _say(
        as_json,
        made.summary(),
        {"ladder": made.ladder, "alternatives": made.alternatives},
    )


@main.command("compare", context_settings=SETTINGS)
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@click.option("--params", type=COUNT, required=True, help="Parameters of the target.")
@click.option("--tokens", type=COUNT, required=True, help="Tokens of the target.")
@reading
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@told
def compare_command(first, second, params, tokens, as_json, **options):
    """Say which of two recipes, a table of runs each, will be better at a target.

    \b
    hitchhiker compare old.csv new.csv --params 7B --tokens 140B
    """
    made = compare(
        *(_read(f, dict(options))[0] for f in (first, second)), params, tokens
    )
    facts = {
        k: getattr(made, k)
        for k in (
            "probability",
            "difference",
            "low_80",
            "high_80",
            "minimum_detectable_difference",
            "pairs",
            "advice",
        )
    }
    _say(as_json, made.summary(), facts)


@main.command("watch", context_settings=SETTINGS)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--run", required=True, help="Name of the run in progress.")
@click.option("--tokens", type=COUNT, required=True, help="Tokens at its end.")
@reading
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@told
def watch_command(file, run, tokens, as_json, **options):
    """Forecast the end of a run in progress, and say whether it left its way.

    \b
    hitchhiker watch runs.csv --run my-7b --tokens 140B
    """
    made = watch(_read(file, options)[0], run, tokens)
    facts = {
        k: getattr(made, k)
        for k in ("forecasts", "band", "departed_at", "band_made_at", "warnings")
    }
    _say(as_json, made.summary(), facts)


@main.command("report", context_settings=SETTINGS)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--params", type=COUNT, required=True, help="Parameters of the target.")
@click.option("--tokens", type=COUNT, required=True, help="Tokens of the target.")
@click.option("--title", default="Forecast of a scaling law", show_default=True)
@reading
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@told
def report_command(file, params, tokens, title, as_json, **options):
    """Print the checklist of a scaling-law report, filled in where the tool knows.

    \b
    hitchhiker report runs.csv --params 7B --tokens 140B > report.md
    """
    runs, notes = _read(file, options)
    text = report(runs, forecast(runs, params, tokens), notes=notes, title=title)
    _say(as_json, text, {"report": text})


@main.command("allocate", context_settings=SETTINGS)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--flops", type=COUNT, required=True, help="FLOPs of training: 1e22.")
@click.option("--inference-tokens", type=COUNT, default="0", help="Tokens in use: 1T.")
@reading
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@told
def allocate_command(file, flops, inference_tokens, as_json, **options):
    """Choose size and tokens for a budget of training, from the law of FILE.

    \b
    hitchhiker allocate runs.csv --flops 1e22 --inference-tokens 1T
    """
    runs, _ = _read(file, options)
    law = forecast(runs, runs["num_params"].max(), runs["tokens_seen"].max()).law
    table = allocation(law, flops, inference_tokens=inference_tokens)
    _say(
        as_json,
        table.to_string(index=False, float_format="{:.4g}".format),
        {"table": table},
    )


if __name__ == "__main__":
    main()
