"""Sizes of runs: two columns of them, options against them, several of one run."""

import numpy as np

from .cases import Case, asks, either, right
from .ladders import BATCH, GPTS, LETTERS, NANO, final_rows, ladder, wide
from .writers import array, csv, jsonl

STEPS = {"batch_tokens": BATCH}


def two_sizes():
    """Two columns of parameters, with and without embeddings or experts."""
    runs = ladder(seed=11)
    for label, first, second, write in (
        ("nanochat", "num_params", "num_scaling_params", csv),
        ("non-embedding", "params", "non_embedding_params", jsonl),
        ("model-size", "n_params", "n_params_no_embed", csv),
        ("capitals", "N", "N_non_embedding", csv),
    ):
        columns = {"num_params": first, "tokens_seen": "tokens_trained"}
        table = runs.rename(columns=columns).drop(columns=["val", "step"])
        table[second] = (table[first] * 0.7).astype(int)
        files = {f"sweep.{'csv' if write is csv else 'jsonl'}": write(table)}
        yield Case(f"{label}-untold", files, right(runs, second))
        mapped = runs.assign(num_params=table[second])
        notes = (r"num_params \(file\)",) if first == "num_params" else ()
        yield Case(
            f"{label}-mapped",
            files,
            right(mapped, *notes),
            {"columns": {second: "num_params"}},
        )
        yield Case(
            f"{label}-mapped-first",
            files,
            right(runs),
            {"columns": {first: "num_params"}},
        )
    table = runs.rename(columns={"num_params": "total_params"}).drop(columns="val")
    table["active_params"] = table["total_params"] // 4
    active = runs.assign(num_params=table["active_params"])
    yield Case(
        "experts-untold",
        {"moe.csv": csv(table)},
        either(
            asks("total_params", "active_params"),
            right(runs, "active_params"),
            right(active, "total_params"),
        ),
    )
    yield Case(
        "experts-mapped",
        {"moe.csv": csv(table)},
        right(active),
        {"columns": {"active_params": "num_params"}},
    )
    rows = final_rows(runs)
    table = rows.assign(flops_budget=1e18, depth=[8, 12, 16])
    table = table.assign(num_scaling_params=(table["num_params"] * 0.7).astype(int))
    table = table.drop(columns=["run", "step", "val"])
    scaled = rows.assign(num_params=table["num_scaling_params"])
    yield Case(
        "no-names",
        {"results.csv": csv(table)},
        right(rows, "num_scaling_params", named=False),
    )
    yield Case(
        "no-names-mapped",
        {"results.csv": csv(table)},
        right(scaled, named=False),
        {"columns": {"num_scaling_params": "num_params"}},
    )


def params_unit():
    """A unit of the column of sizes, beside sizes that are given or read from names."""
    runs = ladder(LETTERS, seed=12)
    table = runs.drop(columns=["val", "tokens_seen"])
    for unit in (1e6, 1e9):
        label, files = f"{unit:.0e}", {"a.csv": csv(table.drop(columns="num_params"))}
        options = STEPS | {"params_unit": unit, "sizes": LETTERS}
        yield Case(f"{label}-all-given", files, right(runs), options)
        named = ladder(seed=12)
        files = {"b.csv": csv(named.drop(columns=["val", "tokens_seen", "num_params"]))}
        yield Case(
            f"{label}-from-names", files, right(named), STEPS | {"params_unit": unit}
        )
        column = table.assign(num_params=table["num_params"] / unit)
        for name, size in (("run-a", 90e6), ("run-d", 700e6)):
            fixed = runs["num_params"].where(runs["run"] != name, size)
            yield Case(
                f"{label}-but-{name}",
                {"c.csv": csv(column)},
                right(runs.assign(num_params=fixed)),
                STEPS | {"params_unit": unit, "sizes": {name: size}},
            )
        yield Case(
            f"{label}-column",
            {"c.jsonl": jsonl(column)},
            right(runs),
            STEPS | {"params_unit": unit},
        )
    named = ladder(seed=12)
    export = wide(named, {"eval/loss": "loss"})
    for unit in (1e6, 1e9):
        yield Case(
            f"{unit:.0e}-wide",
            {"wide.csv": csv(export)},
            right(named.assign(num_params=named["num_params"])),
            STEPS | {"params_unit": unit},
        )
    yield Case(
        "words",
        {"c.csv": csv(table.assign(num_params=table["num_params"] / 1e6))},
        right(runs.assign(num_params=runs["num_params"].replace(85e6, 90e6))),
        words=(
            *("--params-unit", "1M", "--size", "run-a=90M"),
            *("--batch-tokens", str(BATCH)),
        ),
    )


def size_of_unknown_run():
    """A size, a batch or a count of tokens of a run that is not in the file."""
    runs = ladder(LETTERS, rows=6, seed=13)
    full = runs.drop(columns=["val", "step"])
    steps = runs.drop(columns=["val", "tokens_seen"])
    export = wide(runs, {"loss": "loss"})
    for wrong in ("run-x", "run_a", "RUN-A", "a"):
        yield Case(
            f"size-{wrong}",
            {"a.csv": csv(full)},
            asks(wrong, "run-a", "run-b"),
            {"sizes": {wrong: 9e7}},
        )
    yield Case(
        "size-wide",
        {"wide.csv": csv(export)},
        asks("run-e", "run-a"),
        STEPS | {"sizes": LETTERS | {"run-e": 1e9}},
    )
    yield Case(
        "size-no-column",
        {"b.jsonl": jsonl(steps.drop(columns="num_params"))},
        asks("run-z", "run-a"),
        STEPS | {"sizes": LETTERS | {"run-z": 1e9}},
    )
    for wrong in ("run-x", "run_b"):
        yield Case(
            f"batch-{wrong}",
            {"b.csv": csv(steps)},
            asks(wrong, "run-a"),
            {"batch_tokens": {name: BATCH for name in LETTERS} | {wrong: 1e6}},
        )
        yield Case(
            f"words-{wrong}",
            {"a.csv": csv(full)},
            asks(wrong, "run-a"),
            words=("--size", f"{wrong}=35M"),
        )
    counts = runs.drop(columns=["val", "step", "tokens_seen"])
    yield Case(
        "tokens-seen",
        {"c.csv": csv(counts.groupby("run").tail(1))},
        asks("run-q", "run-a"),
        {"tokens_seen": {name: 4e9 for name in LETTERS} | {"run-q": 4e9}},
    )


def numeric_names_size():
    """Sizes of runs whose names are numbers."""
    for label, names in (
        ("digits", ("1", "2", "3")),
        ("jobs", ("1201", "1202", "1203")),
        ("zeros", ("001", "002", "010")),
        ("decimals", ("0.1", "0.2", "0.3")),
    ):
        sizes = dict(zip(names, (44e6, 125e6, 350e6), strict=True))
        runs = ladder(sizes, seed=14)
        table = runs.drop(columns=["val", "tokens_seen", "num_params"])
        options = STEPS | {"sizes": sizes}
        yield Case(f"{label}-long", {"a.csv": csv(table)}, right(runs), options)
        export = wide(runs, {"": "loss"})
        yield Case(f"{label}-wide", {"w.csv": csv(export)}, right(runs), options)
        words = [w for n, s in sizes.items() for w in ("--size", f"{n}={s / 1e6:g}M")]
        words += ["--batch-tokens", "512x1024"]
        yield Case(
            f"{label}-words", {"a.csv": csv(table)}, right(runs), words=tuple(words)
        )
        yield Case(
            f"{label}-untold",
            {"a.csv": csv(table)},
            asks(rf"--size|{names[0]}=", names[0]),
            STEPS,
        )


def run_with_two_sizes():
    """One name of a run, with two sizes in the file."""
    for label, sizes, change in (
        ("late", GPTS, 5),
        ("early", LETTERS, 1),
        ("last", NANO, 7),
    ):
        runs = ladder(sizes, seed=15)
        name = runs["run"].iloc[0]
        place = runs.groupby("run").cumcount()
        other = (runs["run"] == name) & (place >= change)
        mixed = runs.assign(num_params=runs["num_params"].where(~other, 77_000_000))
        for form, write in (("csv", csv), ("jsonl", jsonl), ("json", array)):
            table = mixed.drop(columns=["val", "step"])
            yield Case(
                f"{label}-{form}",
                {f"a.{form}": write(table)},
                asks(name, "77", r"line|row|record"),
            )
    base = ladder(NANO, seed=16)
    same = base.assign(run="model")
    yield Case("one-name", {"a.csv": csv(same.drop(columns="step"))}, asks("model"))
    yield Case(
        "one-name-shuffled",
        {"a.csv": csv(same.sample(frac=1, random_state=1).drop(columns="step"))},
        asks("model"),
    )
    tiny = base["num_params"] * (1 + 1e-4 * (np.arange(len(base)) == 3))
    yield Case(
        "rounded",
        {"a.csv": csv(base.assign(num_params=tiny.astype(int)))},
        either(asks("nano_44m"), right(base.assign(num_params=tiny.astype(int)))),
    )
