"""Counts as people write them, in their locale."""

import re

from .cases import Case, asks, right
from .ladders import GPTS, LETTERS, NANO, ladder
from .writers import array, csv, jsonl


def _steps(sizes, seed):
    runs = ladder(sizes, seed=seed, batch=12 * 40 * 1024)
    return runs, csv(runs.drop(columns=["val", "tokens_seen"]))


def products():
    """Tokens of a step as a product, counts as products."""
    runs, steps = _steps(GPTS, 51)
    for number, text in enumerate(
        (
            "12 x 40 x 1024",
            "12x40x1024",
            "12*40*1024",
            "12 * 40 * 1024",
            "12 × 40 × 1024",
            "480 x 1024",
            "491_520",
            "491,520",
            "491520",
            "480 x 1,024",
        )
    ):
        words = ("--batch-tokens", text)
        yield Case(f"product-{number}", {"a.csv": steps}, right(runs), words=words)
    each = [w for n in GPTS for w in ("--batch-tokens", f"{n}=12 x 40 x 1024")]
    yield Case("each", {"a.csv": steps}, right(runs), words=tuple(each))
    words = ("--batch-tokens", "1M", "--batch-tokens", "gpt-350M=2M")
    table = runs.drop(columns=["val", "tokens_seen"])
    tokens = runs["step"] * (1_000_000 * (1 + (runs["run"] == "gpt-350M")))
    expect = right(runs.assign(tokens_seen=tokens))
    yield Case("but-one", {"a.csv": csv(table)}, expect, words=words)
    for bad in ("12 x", "x 12", "12 x apples", "1..5M", "12 y 5"):
        words = ("--batch-tokens", bad)
        label = f"bad-{bad}".replace(" ", "-")
        yield Case(label, {"a.csv": steps}, asks(re.escape(bad)), words=words)
    text = runs["step"].map("{} x 491520".format)
    yield Case("column", {"a.csv": csv(table.assign(tokens_seen=text))}, right(runs))


def decimal_commas():
    """Counts with a comma for the decimal point."""
    sizes = {"run-a": 35e6, "run-b": 350e6, "run-c": 700e6, "run-d": 1.4e9}
    texts = {"run-a": "0,035B", "run-b": "0,35B", "run-c": "0,7B", "run-d": "1,4B"}
    runs = ladder(sizes, seed=52)
    table = runs.drop(columns=["val", "step"])
    written = table.assign(num_params=table["run"].map(texts))
    losses = written.assign(loss=table["loss"].map("{:.4f}".format))
    losses["loss"] = losses["loss"].str.replace(".", ",")
    for label, content in (
        ("semicolon", csv(written, ";")),
        ("tab", csv(written, "\t")),
        ("quoted", csv(written)),
        ("losses-too", csv(losses, ";")),
        ("losses-too-tab", csv(losses, "\t")),
        ("losses-quoted", csv(losses)),
    ):
        yield Case(label, {"a.csv": content}, right(runs))
    yield Case("jsonl", {"a.jsonl": jsonl(written)}, right(runs))
    spaced = written.assign(num_params=written["num_params"].str.replace("B", " B"))
    yield Case("spaced", {"a.json": array(spaced)}, right(runs))
    tokens = losses.assign(
        tokens_seen=(table["tokens_seen"] / 1e9).round(6).map("{:.6f} B".format)
    )
    tokens["tokens_seen"] = tokens["tokens_seen"].str.replace(".", ",")
    yield Case("tokens", {"a.csv": csv(tokens, ";")}, right(runs))
    one = runs[runs["run"] == "run-a"]
    bare = csv(one.drop(columns=["val", "step", "num_params"]))
    for label, text in (("B", "0,035B"), ("M", "35,0M"), ("spaced-B", "0,035 B")):
        words = ("--size", f"run-a={text}")
        yield Case(f"size-{label}", {"a.csv": bare}, right(one), words=words)
    for text in ("1,300B", "35,000M"):
        words = ("--size", f"run-a={text}")
        label = f"asks-{text}".replace(",", "_")
        yield Case(label, {"a.csv": bare}, asks(text), words=words)
    doubtful = written.assign(
        num_params=written["run"].map(dict.fromkeys(texts, "1,300B"))
    )
    yield Case("column-asks", {"a.csv": csv(doubtful, ";")}, asks("1,300B"))
    together = texts | {"run-d": "1,300B"}
    mixed = written.assign(num_params=written["run"].map(together))
    size = runs["num_params"].where(runs["run"] != "run-d", 1_300_000_000)
    yield Case(
        "column-decides",
        {"a.csv": csv(mixed, ";")},
        right(runs.assign(num_params=size)),
    )


def text_numbers():
    """Numbers written as text: quoted, spaced, with thousands apart."""
    runs = ladder(seed=53)
    table = runs.drop(columns=["val", "step"])
    comet = [
        {"run": "name", "loss": "metricValue", "step": "step"},
        {"metricName": "val_loss", "timestamp": 1.7e12, "runContext": "validate"},
    ]
    rows = runs[["run", "loss", "step"]].assign(loss=runs["loss"].map("{:.4f}".format))
    rows = rows.rename(columns=comet[0]).assign(**comet[1])
    options = {"batch_tokens": 2**19}
    yield Case("comet-array", {"a.json": array(rows)}, right(runs), options)
    yield Case("comet-jsonl", {"a.jsonl": jsonl(rows)}, right(runs), options)
    yield Case("comet-csv", {"a.csv": csv(rows)}, right(runs), options)
    for label, form in (
        ("commas", "{:,}"),
        ("underscores", "{:_}"),
        ("powers", "{:.9e}"),
        ("floats", "{:.1f}"),
    ):
        texts = {c: table[c].map(form.format) for c in ("num_params", "tokens_seen")}
        yield Case(label, {"a.csv": csv(table.assign(**texts))}, right(runs))
    for label, between in (("spaces", " "), ("points", "."), ("narrow", "\u202f")):
        texts = {
            c: table[c].map("{:,}".format).str.replace(",", between)
            for c in ("num_params", "tokens_seen")
        }
        files = {"a.csv": csv(table.assign(**texts), ";")}
        yield Case(label, files, right(runs))
    units = table.assign(num_params=table["num_params"].map(lambda n: f"{n / 1e6:g} M"))
    yield Case("units", {"a.csv": csv(units)}, right(runs))
    words = table.assign(
        num_params=table["num_params"].map(lambda n: f"{n / 1e9:g} billion")
    )
    yield Case("words", {"a.jsonl": jsonl(words)}, right(runs))
    bad = table.assign(num_params=table["run"].map(lambda n: "7 apples"))
    yield Case("apples", {"a.csv": csv(bad)}, asks("7 apples", "num_params"))
    quoted = table.astype(str)
    yield Case("all-text", {"a.json": array(quoted)}, right(runs))
    padded = quoted.assign(loss="  " + quoted["loss"] + " ")
    yield Case("padded", {"a.csv": csv(padded)}, right(runs))
    other = ladder(LETTERS | NANO, rows=4, seed=54).drop(columns=["val", "step"])
    short = other.assign(
        num_params=other["num_params"].map(lambda n: f"{n / 1e6:g}m"),
        tokens_seen=other["tokens_seen"].map(lambda n: f"{n / 1e9:.6f}b"),
    )
    yield Case("small-letters", {"a.csv": csv(short)}, right(other))
