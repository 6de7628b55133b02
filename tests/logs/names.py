"""Names: of runs that are numbers, of columns in use, of columns that are no run."""

import pandas as pd

from .cases import Case, asks, either, right
from .ladders import BATCH, GPTS, LETTERS, NANO, ladder, wide
from .writers import array, csv, jsonl

STEPS = {"batch_tokens": BATCH}


def numeric_names():
    """Names of runs that look like numbers, or like nothing, stay text."""
    for label, names in (
        ("jobs", ("1201", "1202", "1203")),
        ("zeros", ("001", "002", "010")),
        ("one-zero", ("01", "1", "10")),
        ("powers", ("1e10", "2e10", "1E10")),
        ("decimals", ("1.0", "1.10", "1.1")),
        ("long", ("20230101123456781", "20230101123456782", "20230101123456783")),
        ("missing", ("NA", "nan", "null")),
        ("words", ("None", "True", "inf")),
        ("underscores", ("1_000", "1000", "10_00")),
        ("signs", ("-1", "+1", "1")),
        ("dates", ("2024-01-05", "2024-01-06", "20240105")),
    ):
        sizes = dict(zip(names, GPTS.values(), strict=True))
        runs = ladder(sizes, rows=6, seed=31)
        table = runs.drop(columns=["val", "step"])
        yield Case(label, {"a.csv": csv(table)}, right(runs))
        if label in ("jobs", "zeros", "long"):
            yield Case(f"{label}-jsonl", {"a.jsonl": jsonl(table)}, right(runs))
            export = wide(runs, {"eval/loss": "loss"})
            yield Case(
                f"{label}-wide",
                {"w.csv": csv(export)},
                right(runs),
                STEPS | {"sizes": sizes},
            )
    runs = ladder({"1201": 125e6, "1202": 350e6}, seed=32)
    table = runs.drop(columns=["val", "step"])
    numbers = table.assign(run=table["run"].astype(int))
    yield Case("integers-jsonl", {"a.jsonl": jsonl(numbers)}, right(runs))
    yield Case("integers-array", {"a.json": array(numbers)}, right(runs))


def usual_names():
    """Columns under the names that programs give them."""
    runs = ladder(seed=33)
    for run, size, tokens, loss in (
        ("run_name", "parameter_count", "throughput/total_tokens", "loss"),
        ("name", "params_total", "total_tokens", "lm loss"),
        ("model", "total_params", "n_tokens_seen", "train/CrossEntropyLoss"),
        ("Name", "active_params", "num_tokens", "eval/c4_en/loss"),
        ("run_id", "n_params", "tokens", "validation_loss"),
        ("experiment", "num_parameters", "tokens_seen", "val/loss"),
        ("model_name", "Parameters", "train_tokens", "test_loss"),
        ("Run", "Params", "Tokens", "Loss"),
        ("run", "N", "D", "L"),
        ("run_name", "model_size", "num_input_tokens_seen", "eval_loss"),
        ("name", "n_parameters", "consumed_tokens", "lm_loss"),
    ):
        names = {"run": run, "num_params": size, "tokens_seen": tokens, "loss": loss}
        table = runs.drop(columns=["val", "step"]).rename(columns=names)
        table = table.assign(learning_rate_peak=0.5, throughput=1e5)
        expect = right(runs)
        if loss == "L":
            expect = either(right(runs), asks(r"\bL\b", "loss"))
        label = f"{size}-{tokens}".replace("/", "-").lower()
        yield Case(label, {"a.csv": csv(table)}, expect)
    for step in ("train/global_step", "iter", "Iteration", "global_step", "steps"):
        table = runs.rename(columns={"step": step, "loss": "train/loss"})
        table = table.drop(columns=["val", "tokens_seen"])
        label = f"steps-{step}".replace("/", "-")
        yield Case(label, {"a.csv": csv(table)}, right(runs), STEPS)
    table = runs.rename(columns={"tokens_seen": "Tokens", "loss": "lr_x"})
    for other in ("cross_entropy_on_c4", "nll_final"):
        named = table.rename(columns={"lr_x": other}).drop(columns=["val", "step"])
        asked = asks(other, r"--map|=loss|--loss")
        label = f"likely-{other}"
        yield Case(label, {"a.csv": csv(named)}, either(asked, right(runs, other)))
    yield Case(
        "no-loss",
        {
            "a.csv": csv(
                table.drop(columns=["val", "step"]).rename(columns={"lr_x": "q"})
            )
        },
        asks("loss", r"--map|=loss|--loss"),
    )
    table = runs.assign(batch_size_in_tokens=BATCH, _step=runs["step"])
    table = table.drop(columns=["val", "step", "tokens_seen"])
    yield Case("batch-column", {"a.csv": csv(table)}, right(runs, "batch"))
    doubled = table.assign(batch_size_in_tokens=2 * BATCH)
    yield Case("batch-told", {"a.csv": csv(doubled)}, right(runs, "batch"), STEPS)


def index_column():
    """An index that was written along, and numbers that are no runs."""
    runs = ladder(seed=34)
    long = runs.drop(columns=["val", "step"])
    export = wide(runs, {"": "loss"})
    suffixed = wide(runs, {"eval/loss": "loss"})
    for label, table, options in (
        ("long", long, {}),
        ("wide", export, STEPS),
        ("suffixed", suffixed, STEPS),
    ):
        written = csv(table, index=True)
        yield Case(f"{label}-blank", {"a.csv": written}, right(runs), options)
        for name in ("Unnamed: 0", "index", "Unnamed: 0.1"):
            again = table.copy()
            again.insert(0, name, range(len(table)))
            key = f"{label}-{name.lower().replace(' ', '-').replace(':', '')}"
            yield Case(key, {"a.csv": csv(again, ";")}, right(runs), options)
        both = csv(table.assign(lr=3e-4, epoch=0.5, time=1.7e9), "\t", index=True)
        yield Case(f"{label}-numbers", {"a.tsv": both}, right(runs), options)


def unknown_run_column():
    """A column that groups the rows under a name that nobody knows."""
    runs = ladder(LETTERS, rows=6, seed=35)
    base = runs.drop(columns=["val", "step"])
    for name in ("trial", "Config", "label", "setup", "who", "jobname"):
        table = base.rename(columns={"run": name})
        asked = asks(name, rf"{name}=run", "each-row-a-run|each_row_a_run")
        yield Case(f"{name}-untold", {"a.csv": csv(table)}, asked)
        yield Case(
            f"{name}-mapped",
            {"a.csv": csv(table)},
            right(runs),
            {"columns": {name: "run"}},
        )
    each = runs.assign(run=[f"row {i}" for i in range(len(runs))])
    table = base.rename(columns={"run": "optimizer"})
    yield Case(
        "each-row",
        {"a.jsonl": jsonl(table)},
        right(each, named=False),
        {"each_row_a_run": True},
    )
    yield Case(
        "each-row-words",
        {"a.csv": csv(table)},
        right(each, named=False),
        words=("--each-row-a-run",),
    )
    numbers = base.drop(columns="run").assign(lr=3e-4, depth=12)
    yield Case("no-name", {"a.csv": csv(numbers)}, right(each, "row", named=False))
    two = base.rename(columns={"run": "host"}).assign(trial=base["run"].str[-1])
    yield Case("two-columns", {"a.csv": csv(two)}, asks("=run"))


def seeds():
    """Seeds of one size under one name: runs of their own."""
    first = ladder(NANO, seed=36)
    second = ladder(NANO, seed=37)
    pairs = [t.assign(run=t["run"] + f"-{n}") for n, t in enumerate((first, second))]
    both = pd.concat(pairs, ignore_index=True)
    for column, order, write in (
        ("seed", ["run", "step"], csv),
        ("Seed", ["step", "run"], csv),
        ("random_seed", ["run", "step"], jsonl),
        ("config.seed", ["run", "step"], csv),
        ("data_seed", ["run", "step"], array),
        ("seed", ["step"], jsonl),
    ):
        table = pd.concat([first.assign(**{column: 1}), second.assign(**{column: 2})])
        table = table.sort_values(order, kind="stable").drop(columns="val")
        ending = {csv: "csv", jsonl: "jsonl", array: "json"}[write]
        label = f"{column}-{'-'.join(order)}-{ending}".replace(".", "-")
        content = write(table.drop(columns="tokens_seen"))
        expect = right(both, "seed", named=False)
        yield Case(label, {f"a.{ending}": content}, expect, STEPS)
    named = [
        t.assign(run=t["run"] + f"_seed{n}") for n, t in enumerate((first, second))
    ]
    both = pd.concat(named, ignore_index=True)
    table = both.drop(columns=["val", "step", "num_params"])
    yield Case("in-names", {"a.csv": csv(table)}, right(both))
    for metric in ("eval/loss", ""):
        export = wide(both, {metric: "loss"})
        key = f"wide-{metric or 'bare'}".replace("/", "-")
        yield Case(key, {"a.csv": csv(export)}, right(both), STEPS)
    same = pd.concat([first, second]).drop(columns=["val", "num_params"])
    yield Case("untold", {"a.csv": csv(same.drop(columns="step"))}, asks("nano_44m"))
    mixed = same.sort_values(["run", "step"], kind="stable").drop(columns="tokens_seen")
    yield Case("untold-steps", {"a.csv": csv(mixed)}, asks("nano_44m"), STEPS)
    export = wide(first, {"loss": "loss"})
    other = wide(second, {"loss": "loss"}).drop(columns="Step")
    twice = pd.concat([export, other], axis=1)
    yield Case("same-title-twice", {"a.csv": csv(twice)}, asks("nano_44m"), STEPS)
