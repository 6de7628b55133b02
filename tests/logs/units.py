"""Units of losses, sizes and tokens: told by a name, by the header, or by nothing."""

import numpy as np

from .cases import Case, Near, Warned, asks, either, right
from .ladders import BATCH, GPTS, LETTERS, NANO, ladder, wide
from .writers import array, csv, jsonl

BYTES = 4.24  # of a token
STEPS = {"batch_tokens": BATCH}


def _per_byte(loss):
    return (loss / np.log(2) / BYTES).round(6)


def _full(runs, **columns):
    return runs.drop(columns=["val", "step", "loss"]).assign(**columns)


def two_units():
    """Two tables whose losses are in different units, compared."""
    first, second = (ladder(GPTS, seed=s) for s in (41, 42))
    nats, loss = _full(first, loss=first["loss"]), second["loss"]
    warned = Warned((r"unit|per byte|bits|perplexity",))
    for label, other in (
        ("bits-per-byte", {"loss": _per_byte(loss)}),
        ("bits", {"loss": (loss / np.log(2)).round(5)}),
        ("perplexity", {"loss": np.exp(loss).round(4)}),
        ("bpb", {"bpb": _per_byte(loss)}),
        ("val_bpb", {"val_bpb": _per_byte(loss)}),
        ("bits_per_byte", {"bits_per_byte": _per_byte(loss)}),
    ):
        tables = nats, _full(second, **other)
        files = {f"{n}.csv": csv(t) for n, t in zip("ab", tables, strict=True)}
        yield Case(label, files, warned, call="compare")
        yield Case(
            f"{label}-first",
            files,
            warned,
            read=("b.csv", "a.csv"),
            call="compare",
        )
    for label, mine, other in (
        ("both-nats", {"loss": first["loss"]}, {"loss": loss}),
        ("both-bpb", {"bpb": _per_byte(first["loss"])}, {"bpb": _per_byte(loss)}),
        ("ppl-and-nats", {"ppl": np.exp(first["loss"])}, {"loss": loss}),
        ("better", {"loss": first["loss"] * 0.95}, {"loss": loss}),
    ):
        tables = _full(first, **mine), _full(second, **other)
        files = {f"{n}.csv": csv(t) for n, t in zip("ab", tables, strict=True)}
        expect = Near(-0.05 if label == "better" else 0.0)
        yield Case(label, files, expect, call="compare")


def bits_per_byte():
    """Losses in bits per byte, by the name of their column."""
    runs = ladder(seed=43)
    told = runs.assign(loss=_per_byte(runs["loss"]))
    for name in ("bpb", "val_bpb", "bits_per_byte", "bits_per_byte,none", "BPB"):
        table = _full(runs, **{name: told["loss"]})
        files = {"a.csv": csv(table)}
        label = name.replace(",", "-")
        expect = right(told, "bits per byte", unit="byte")
        yield Case(label, files, expect)
        yield Case(
            f"{label}-turned",
            files,
            right(runs, "nats"),
            {"bytes_per_token": BYTES},
        )
    yield Case(
        "bpc",
        {"a.jsonl": jsonl(_full(runs, bpc=told["loss"]))},
        right(told, unit="byte|character"),
    )
    yield Case(
        "eval-path",
        {"a.csv": csv(_full(runs, **{"eval/c4/bpb": told["loss"]}))},
        right(told, unit="byte"),
    )
    yield Case(
        "option",
        {"a.csv": csv(_full(runs, loss=told["loss"]))},
        right(runs),
        {"loss_unit": "bits-per-byte", "bytes_per_token": BYTES},
    )
    yield Case(
        "option-without-bytes",
        {"a.csv": csv(_full(runs, loss=told["loss"]))},
        either(asks("bytes.per.token"), right(told, unit="byte")),
        {"loss_unit": "bits-per-byte"},
    )
    both = _full(
        runs,
        **{
            "bits_per_byte,none": told["loss"],
            "byte_perplexity,none": 2 ** told["loss"],
        },
    )
    yield Case(
        "two-measures",
        {"harness.csv": csv(both)},
        either(right(told, unit="byte"), asks("bits_per_byte", "--loss")),
    )
    yield Case(
        "beside-nats",
        {"a.csv": csv(_full(runs, val_loss=runs["loss"], val_bpb=told["loss"]))},
        either(right(runs, "val_bpb"), asks("val_loss", "val_bpb", "--loss")),
    )
    export = wide(told, {"val_bpb": "loss"})
    expect = right(told, "bits per byte", unit="byte")
    yield Case("wide", {"w.csv": csv(export)}, expect, STEPS)


def perplexity_names():
    """Perplexities and bits per token, by the name of their column."""
    runs = ladder(LETTERS, rows=6, seed=44)
    table = np.exp(runs["loss"]).round(5)
    for name, write in (
        ("ppl", csv),
        ("perplexity", csv),
        ("val_ppl", jsonl),
        ("eval/perplexity", csv),
        ("Perplexity", array),
        ("train_ppl", csv),
        ("lm loss PPL", csv),
    ):
        ending = {csv: "csv", jsonl: "jsonl", array: "json"}[write]
        files = {f"a.{ending}": write(_full(runs, **{name: table}))}
        label = name.replace("/", "-").replace(" ", "-")
        yield Case(label, files, right(runs, "nats"))
    files = {"a.csv": csv(_full(runs, ppl=table))}
    for unit in ("perplexity", "nats", "as-is"):
        told = runs if unit == "perplexity" else runs.assign(loss=table)
        expect = (
            right(told) if unit == "perplexity" else either(right(told), asks("loss"))
        )
        yield Case(f"option-{unit}", files, expect, {"loss_unit": unit})
    yield Case("mapped", files, right(runs, "nats"), {"columns": {"ppl": "loss"}})
    export = wide(runs.assign(loss=table), {"eval/ppl": "loss"})
    options = STEPS | {"sizes": LETTERS}
    yield Case("wide", {"w.csv": csv(export)}, right(runs, "nats"), options)
    bits = (runs["loss"] / np.log(2)).round(6)
    for name in ("bits_per_token", "val_bits_per_token"):
        files = {"a.csv": csv(_full(runs, **{name: bits}))}
        yield Case(name, files, right(runs, "nats"))
    both = _full(runs, loss=runs["loss"], perplexity=table)
    yield Case("beside-loss", {"a.csv": csv(both)}, right(runs, "perplexity"))


def header_units():
    """Units of sizes and tokens in the header."""
    runs = ladder(NANO, seed=45)
    for size, params, tokens, count in (
        ("params (M)", 1e6, "tokens (B)", 1e9),
        ("Params [M]", 1e6, "Tokens [B]", 1e9),
        ("parameters (millions)", 1e6, "tokens (billions)", 1e9),
        ("n_params (B)", 1e9, "tokens (M)", 1e6),
        ("model_size (B)", 1e9, "train_tokens (B)", 1e9),
        ("num_params(M)", 1e6, "tokens_seen(B)", 1e9),
        ("Size (M)", 1e6, "Tokens (T)", 1e12),
        ("params (in M)", 1e6, "tokens (in B)", 1e9),
    ):
        table = _full(runs, loss=runs["loss"])
        table["num_params"] /= params
        table["tokens_seen"] /= count
        table = table.rename(columns={"num_params": size, "tokens_seen": tokens})
        label = f"{size}-{tokens}".translate(str.maketrans(" ()[]", "-rrss"))
        yield Case(label, {"a.csv": csv(table)}, right(runs, "million|M", "token"))
    mixed = table.rename(columns={size: "params", tokens: "tokens"})
    yield Case(
        "options",
        {"a.csv": csv(mixed)},
        right(runs),
        {"params_unit": 1e6, "tokens_unit": 1e9},
    )
    untold = asks("params", "million|billion|unit")
    yield Case("untold", {"a.csv": csv(mixed)}, untold)
    twice = {"params_unit": 1e6, "tokens_unit": 1e9}
    yield Case(
        "told-twice",
        {"a.csv": csv(table)},
        either(right(runs), asks("unit|twice|M")),
        twice,
    )
