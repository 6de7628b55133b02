"""Logs with more than one loss: of training and of held-out text."""

import numpy as np

from .cases import Case, asks, either, right
from .ladders import (
    BATCH,
    GPTS,
    LETTERS,
    NANO,
    every_other,
    held_out,
    ladder,
    long,
    wide,
    with_eval,
)
from .writers import array, csv, jsonl

STEPS = {"batch_tokens": BATCH}
LETTER_SIZES = {"batch_tokens": BATCH, "sizes": LETTERS}


def train_and_eval():
    """A training loss at each step and a held-out one at some."""
    runs = ladder(seed=1)
    count = str(len(every_other(runs)))
    table = with_eval(runs, "loss", "eval_loss", apart=True)
    told = ("eval_loss", rf"\b{count}\b", "--loss")
    yield Case("hf-rows", {"log.jsonl": jsonl(table)}, right(runs, *told), STEPS)
    yield Case(
        "hf-rows-mapped",
        {"log.jsonl": jsonl(table)},
        right(held_out(runs), r"loss \(file\)"),
        STEPS | {"columns": {"eval_loss": "loss"}},
    )
    for form, write in (("array.json", array), ("rows.csv", csv)):
        yield Case(
            f"chosen-{form}",
            {form: write(table)},
            right(held_out(runs)),
            STEPS | {"loss": "eval_loss"},
        )
    yield Case(
        "chosen-train",
        {"a.csv": csv(table)},
        right(runs),
        STEPS | {"loss": "loss"},
    )
    yield Case(
        "no-such-loss",
        {"a.csv": csv(table)},
        asks("val_loss", "eval_loss"),
        STEPS | {"loss": "val_loss"},
    )
    for train, held, sep in (
        ("train_loss", "val_loss", ","),
        ("train/loss", "eval/loss", ";"),
        ("Training Loss", "Validation Loss", "\t"),
        ("train_loss", "valid_loss", ","),
        ("loss/train", "loss/val", ","),
        ("TRAIN_LOSS", "TEST_LOSS", ";"),
    ):
        runs = ladder(LETTERS, rows=6, seed=2)
        table = with_eval(runs, train, held, apart=False, name="run")
        yield Case(
            f"held-out-{held}".replace("/", "-").replace(" ", "-"),
            {"table.csv": csv(table.iloc[:, ::-1], sep)},
            right(held_out(runs), train, "--loss"),
            LETTER_SIZES,
        )
    runs = ladder(NANO, seed=3)
    table = with_eval(runs, "val_loss", "test_loss", apart=False)
    yield Case(
        "two-held-out",
        {"a.csv": csv(table)},
        asks("val_loss", "test_loss", "--loss"),
        STEPS,
    )
    table = table.assign(train_loss=table["val_loss"] - 0.1)
    yield Case(
        "three",
        {"a.jsonl": jsonl(table)},
        asks("val_loss", "test_loss", "--loss"),
        STEPS,
    )


def two_metrics():
    """Wide exports with several metrics a run."""
    runs = ladder(seed=4)
    runs = runs.assign(rate=3e-4, norm=0.4, part=runs["step"] / 1e5)
    sparse = runs.assign(val=runs["val"].where(runs.index % 2 == 1))
    dense = runs.assign(loss=runs["val"])
    for train, held, options in (
        ("train/loss", "eval/loss", STEPS),
        ("train_loss", "val_loss", STEPS),
        ("Train/Loss", "Valid/Loss", STEPS),
        ("loss", "eval_loss", STEPS),
    ):
        table = wide(sparse, {train: "loss", held: "val"})
        yield Case(
            f"pair-{held}".replace("/", "-"),
            {"export.csv": csv(table)},
            either(right(held_out(runs), train, "--loss"), asks(train, held, "--loss")),
            options,
        )
        yield Case(
            f"pair-chosen-{held}".replace("/", "-"),
            {"export.csv": csv(table)},
            right(held_out(runs)),
            options | {"loss": held},
        )
    table = wide(runs, {"eval/c4/loss": "loss", "eval/wiki/loss": "val"})
    yield Case(
        "two-held-out",
        {"a.csv": csv(table)},
        asks("eval/c4/loss", "eval/wiki/loss", "--loss"),
        STEPS,
    )
    yield Case(
        "two-held-out-chosen",
        {"a.csv": csv(table)},
        right(dense),
        STEPS | {"loss": "eval/wiki/loss"},
    )
    for other, ours in (
        ("train/grad_norm", "norm"),
        ("lr", "rate"),
        ("train/learning_rate", "rate"),
        ("epoch", "part"),
    ):
        table = wide(runs, {other: ours, "train/loss": "loss"})
        yield Case(
            f"beside-{other}".replace("/", "-"),
            {"a.csv": csv(table)},
            right(runs),
            STEPS,
        )
    first, second = (runs[runs["run"] == name] for name in ("gpt-125M", "gpt-350M"))
    table = wide(first, {"train/loss": "loss"}).merge(
        wide(second, {"eval/loss": "val"}), on="Step"
    )
    yield Case(
        "a-loss-of-each-kind",
        {"a.csv": csv(table)},
        asks("train/loss", "eval/loss", "--loss"),
        STEPS,
    )


def long_metrics():
    """A row a metric, as databases of experiments hand them out."""
    runs = ladder(seed=5)
    rate = np.full(len(runs), 3e-4)
    dense = runs.assign(loss=runs["val"])
    for label, metric, value, name in (
        ("mlflow", "metric", "value", "run_name"),
        ("mlflow-sql", "key", "value", "run_id"),
        ("comet", "metricName", "metricValue", "name"),
        ("tensorboard", "tag", "value", "run"),
        ("neptune", "Metric", "Value", "Experiment"),
    ):
        losses = {"train_loss": "loss", "val_loss": "val", "lr": rate}
        table = long(runs, losses, metric=metric, value=value, run=name)
        files = {"export.csv": csv(table.assign(timestamp=1.7e12))}
        yield Case(
            f"{label}-untold",
            files,
            either(
                asks("train_loss", "val_loss", "--loss"),
                right(dense, "train_loss", "--loss"),
            ),
            STEPS,
        )
        yield Case(f"{label}-chosen", files, right(dense), STEPS | {"loss": "val_loss"})
    table = long(runs, {"val_loss": "loss", "lr": rate})
    yield Case("one-loss", {"a.csv": csv(table)}, right(runs), STEPS)
    table = long(runs, {"lr": rate, "grad_norm": rate * 1e3})
    yield Case("no-loss", {"a.csv": csv(table)}, asks("lr", "grad_norm"), STEPS)
    table = long(runs, {"eval/loss": "loss", "test/loss": "val"}, run="run")
    yield Case(
        "two-held-out",
        {"a.jsonl": jsonl(table)},
        asks("eval/loss", "test/loss", "--loss"),
        STEPS,
    )


def subsets():
    """A row a subset of the text, under one name of a loss."""
    runs = ladder(seed=6)
    dense = runs.assign(loss=runs["val"])
    for column, first, second in (
        ("subset", "train", "val"),
        ("split", "train", "validation"),
        ("Split", "TRAIN", "EVAL"),
        ("stage", "train", "eval"),
        ("phase", "train", "test"),
        ("dataset", "c4", "wikitext"),
    ):
        metrics = {first: "loss", second: "val"}
        table = long(runs, metrics, metric=column, value="loss", run="run")
        files = {"export.csv": csv(table.assign(epoch=0, time=1.7e9))}
        choices = [asks(first, second, "--loss")]
        if first.lower() == "train":
            choices.append(right(dense, first, "--loss"))
        yield Case(f"{column}-untold", files, either(*choices), STEPS)
        yield Case(f"{column}-chosen", files, right(dense), STEPS | {"loss": second})
    context = "{{'subset': '{}'}}"
    metrics = {"train": "loss", "val": "val"}
    table = long(
        runs,
        metrics,
        metric="metric.context",
        value="value",
        run="run.hash",
        key=context,
    ).assign(**{"metric.name": "loss"})
    table = table.rename(columns={"run.hash": "run"})
    untold = either(asks("train", "val", "--loss"), right(dense, "train", "--loss"))
    yield Case("context-untold", {"aim.csv": csv(table)}, untold, STEPS)
    yield Case(
        "context-chosen",
        {"aim.csv": csv(table)},
        either(right(dense), asks("'val'")),
        STEPS | {"loss": "val"},
    )
    table = long(runs, {"val": "loss"}, metric="subset", value="loss", run="run")
    yield Case("one-subset", {"a.csv": csv(table)}, right(runs), STEPS)
    sizes = {name.upper(): size for name, size in GPTS.items()}
    table = table.assign(run=table["run"].str.upper())
    yield Case(
        "one-subset-capitals",
        {"a.csv": csv(table)},
        right(runs.assign(run=runs["run"].str.upper())),
        STEPS | {"sizes": sizes},
    )
