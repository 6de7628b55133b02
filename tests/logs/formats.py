"""Encodings, compression, JSON of every shape."""

import json

from .cases import Case, asks, either, right
from .ladders import BATCH, GPTS, LETTERS, NANO, final_rows, ladder, wide
from .writers import (
    array,
    columns,
    csv,
    jsonl,
    packed,
    records,
    workbook,
    zipped,
)

BOM = b"\xef\xbb\xbf"
STEPS = {"batch_tokens": BATCH}


def encodings():
    """The same table in the encodings of editors, spreadsheets and archives."""
    runs = ladder(seed=81)
    table = runs.drop(columns=["val", "step"])
    plain, lines = csv(table), jsonl(table)
    for name, content in (
        ("bom.csv", BOM + plain),
        ("bom.jsonl", BOM + lines),
        ("bom.json", BOM + array(table)),
        ("utf16.csv", csv(table, encoding="utf-16")),
        ("utf16-tabs.txt", csv(table, "\t", encoding="utf-16")),
        ("tabs.csv", csv(table, "\t")),
        ("tabs.txt", csv(table, "\t")),
        ("tabs.tsv", csv(table, "\t")),
        ("semicolons.csv", csv(table, ";")),
        ("comma-decimal.csv", csv(table, ";", decimal=",")),
        ("crlf.csv", csv(table, end="\r\n")),
        ("crlf.jsonl", jsonl(table, end="\r\n")),
        ("blank-lines.csv", plain.replace(b"\n", b"\n\n")),
        ("columns.json", columns(table)),
        ("array.json", array(table, indent=2)),
        ("plain.csv.gz", packed(plain, "gz")),
        ("plain.csv.xz", packed(plain, "xz")),
        ("plain.csv.bz2", packed(plain, "bz2")),
        ("plain.zip", zipped("runs.csv", plain)),
        ("lines.jsonl.gz", packed(lines, "gz")),
        ("lines.ndjson", lines),
        ("bom-gz.csv.gz", packed(BOM + plain, "gz")),
    ):
        yield Case(name, {name: content}, right(runs))
    sizes = {"größe-125M": 125e6, "größe-350M": 350e6}
    umlauts = ladder(sizes, seed=82)
    table = umlauts.drop(columns=["val", "step"])
    latin = csv(table, encoding="latin-1")
    told = right(umlauts, "latin|1252|encoding")
    yield Case("latin1.csv", {"a.csv": latin}, told)
    yield Case("utf8.csv", {"a.csv": csv(table)}, right(umlauts))
    yield Case("book.xlsx", {"book.xlsx": workbook()}, asks("CSV UTF-8"))
    yield Case("old.xls", {"old.xls": b"\xd0\xcf\x11\xe0" * 99}, asks("CSV"))
    yield Case("cut.csv.gz", {"a.csv.gz": packed(plain, "gz")[:-200]}, asks("gz|cut"))
    yield Case("not-gz.csv.gz", {"a.csv.gz": plain}, either(right(runs), asks("gz")))


def nested_json():
    """Rows that lie deeper in a JSON document, or hold objects of their own."""
    runs = ladder(NANO, seed=83)
    rows = records(runs.drop(columns=["val", "step"]))
    dumps = json.dumps
    for key in ("runs", "results", "data"):
        content = dumps({key: rows, "version": 2}, indent=1).encode()
        yield Case(f"under-{key}", {"a.json": content}, either(right(runs), asks(key)))
    for key in ("wikitext", "c4"):
        task = {"alias": key, "word_perplexity,none": 26.5, "bits_per_byte,none": 0.88}
        harness = {"results": {key: task}, "configs": {}, "versions": {key: 2}}
        content = dumps(harness, indent=2).encode()
        yield Case(f"harness-{key}", {"results.json": content}, asks("results"))
    deep = {"a": {"b": {"history": rows}}}
    yield Case("deep", {"a.json": dumps(deep).encode()}, asks(r"\ba\b"))
    single = [{**row, "config": {"lr": 3e-4, "opt": {"b": [1, 2]}}} for row in rows]
    text = "\n".join(map(dumps, single)).encode()
    yield Case("config-lines", {"a.jsonl": text}, right(runs))
    yield Case("config-array", {"a.json": dumps(single).encode()}, right(runs))
    names = [{"run": r["run"], "metrics": r} for r in rows]
    text = "\n".join(map(dumps, names)).encode()
    asked = either(asks("metrics"), right(runs))
    yield Case("metrics-below", {"a.jsonl": text}, asked)
    ends = records(final_rows(runs))
    curves = [{**r, "curve": [[250, 4.1], [1000, 3.2]]} for r in ends]
    for row in curves:
        row["arch"] = {"name": row.pop("run"), "d_model": 512}
    content = "\n".join(map(dumps, curves)).encode()
    expect = right(final_rows(runs), named=False)
    yield Case("arch-objects", {"a.jsonl": content}, either(expect, asks("arch")))
    lists = [{"run": n, "num_params": s, "loss": [3.1, 3.0]} for n, s in NANO.items()]
    content = "\n".join(map(dumps, lists)).encode()
    yield Case("list-in-a-cell", {"a.jsonl": content}, asks("loss", r"3\.1|list"))
    for label, value in (("number", 3), ("text", "runs"), ("null", None)):
        yield Case(f"a-{label}", {"a.json": dumps(value).encode()}, asks("a.json"))
    yield Case("empty-object", {"a.json": b"{}"}, asks("a.json"))
    yield Case("empty-array", {"a.json": b"[]"}, asks("a.json|no rows"))


def nan_json():
    """NaN and Infinity as Python writes them into JSON."""
    runs = ladder(rows=9, seed=84)
    place = runs.groupby("run").cumcount()
    hole = place == 4
    kept = runs[~hole]
    for label, mark in (
        ("NaN", "NaN"),
        ("Infinity", "Infinity"),
        ("minus", "-Infinity"),
        ("null", "null"),
        ("text-nan", '"nan"'),
        ("text-NaN", '"NaN"'),
        ("text-inf", '"inf"'),
    ):
        lines = [
            f'{{"run": "{r.run}", "step": {r.step}, "loss": '
            f'{mark if bad else r.loss}, "grad_norm": Infinity}}'
            for r, bad in zip(runs.itertuples(), hole, strict=True)
        ]
        told = right(kept, r"\b3\b")
        content = ("\n".join(lines) + "\n").encode()
        yield Case(f"{label}-lines", {"a.jsonl": content}, told, STEPS)
        content = ("[" + ",\n".join(lines) + "]").encode()
        yield Case(f"{label}-array", {"a.json": content}, told, STEPS)


def grouped_export():
    """Exports of grouped runs, with the least and the greatest of each group."""
    for names, metric, prefix, write in (
        (GPTS, "eval/loss", "Group: ", csv),
        (GPTS, "train/loss", "Group: ", csv),
        (NANO, "loss", "Group: ", csv),
        (GPTS, "val_loss", "", csv),
        (NANO, "eval/loss", "", jsonl),
        (NANO, "valid/lm_loss", "Group: ", csv),
    ):
        runs = ladder(names, seed=85)
        table = wide(runs, {metric: "loss"})
        for name in names:
            title = f"{name} - {metric}"
            for suffix, shift in (("__MIN", -0.01), ("__MAX", 0.01)):
                table[title + suffix] = table[title] + shift
            for suffix in ("", "__MIN", "__MAX"):
                table[f"{name} - _step{suffix}"] = table["Step"]
        if prefix:
            table.columns = ["Step", *(prefix + c for c in table.columns[1:])]
        named = runs.assign(run=prefix + runs["run"])
        expect = either(right(runs), right(named))
        ending = "csv" if write is csv else "jsonl"
        label = f"{'group' if prefix else 'run'}-{metric}-{len(names)}".replace(
            "/", "-"
        )
        content = write(table)
        yield Case(label, {f"a.{ending}": content}, expect, STEPS)
        mixed = write(table[[table.columns[0], *table.columns[:0:-1]]])
        yield Case(f"{label}-reversed", {f"a.{ending}": mixed}, expect, STEPS)
    runs = ladder(LETTERS, seed=86)
    table = wide(runs, {"loss": "loss", "loss__MIN": "loss", "loss__MAX": "val"})
    options = STEPS | {"sizes": LETTERS}
    yield Case("letters", {"a.csv": csv(table, ";")}, right(runs), options)
