"""Files that are damaged or hardly there."""

from .cases import Case, asks, either, right
from .ladders import BATCH, LETTERS, NANO, ladder, wide
from .writers import array, csv, jsonl

STEPS = {"batch_tokens": BATCH}
HEADER = b"run,num_params,tokens_seen,loss\n"


def degenerate():
    """Empty, cut, ragged, doubled."""
    runs = ladder(NANO, rows=5, seed=91)
    table = runs.drop(columns=["val", "step"])
    plain = csv(table)
    lines = plain.splitlines(keepends=True)
    for name, content in (
        ("empty.csv", b""),
        ("empty.jsonl", b""),
        ("empty.json", b""),
        ("blank.csv", b"\n\n\n"),
        ("header.csv", HEADER),
        ("header-blank.csv", HEADER + b"\n\n"),
        ("zero-bytes.csv", b"\0" * 64),
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256))),
        ("prose.csv", b"Dear all,\nthe runs are done.\nBest, A.\n"),
    ):
        yield Case(name, {name: content}, asks(name))
    yield Case(
        "header-twice",
        {"a.csv": b"".join([*lines[:4], lines[0], *lines[4:]])},
        either(asks("line 5|header"), right(runs, "header")),
    )
    ragged = [*lines[:3], lines[3].replace(b"\n", b",extra,more\n"), *lines[4:]]
    yield Case("ragged", {"a.csv": b"".join(ragged)}, asks("line 4"))
    short = [*lines[:3], lines[3].rsplit(b",", 1)[0] + b"\n", *lines[4:]]
    yield Case(
        "short-row",
        {"a.csv": b"".join(short)},
        either(asks("line 4"), right(runs.drop(index=2), r"line 4|1 row")),
    )
    commas = [lines[0], *(row.replace(b"\n", b",\n") for row in lines[1:])]
    clear = either(right(runs), asks("comma|line 2|column"))
    yield Case("trailing-commas", {"a.csv": b"".join(commas)}, clear)
    everywhere = plain.replace(b"\n", b",\n")
    yield Case("trailing-everywhere", {"a.csv": everywhere}, clear)
    yield Case("one-row", {"a.csv": b"".join(lines[:2])}, right(runs.iloc[:1]))
    torn = jsonl(table)[:-20]
    yield Case(
        "torn-line",
        {"a.jsonl": torn},
        either(asks("line 10|a.jsonl"), right(runs.iloc[:-1], "line 10|last")),
    )
    yield Case("torn-array", {"a.json": array(table)[:-30]}, asks("a.json"))
    row = b'{"run":"a","num_params":1e8,"tokens_seen":2e9,"loss":[3.1,3.0]}'
    yield Case("list", {"a.jsonl": row}, asks("loss"))
    comments = b"# made by hand\n" + plain
    yield Case(
        "comment", {"a.csv": comments}, either(right(runs), asks("#|line 1|made"))
    )


def text_cell():
    """A word among the numbers."""
    runs = ladder(LETTERS, rows=6, seed=92)
    export = wide(runs, {"": "loss"})
    suffixed = wide(runs, {"eval/loss": "loss"})
    options = STEPS | {"sizes": LETTERS}
    for word in ("diverged", "3.1.2", "crash", "n.n."):
        for label, table in (("wide", export), ("suffixed", suffixed)):
            column = next(c for c in table if "run-c" in c)
            dirty = table.astype({column: object})
            dirty.loc[3, column] = word
            yield Case(
                f"{label}-{word}",
                {"a.csv": csv(dirty)},
                asks("run-c", word, r"line 5\b"),
                options,
            )
    full = runs.drop(columns=["val", "step"])
    for column in ("loss", "tokens_seen", "num_params"):
        dirty = full.astype({column: object})
        dirty.loc[7, column] = "oops"
        yield Case(
            f"long-{column}", {"a.csv": csv(dirty)}, asks(column, "oops", r"line 9\b")
        )
        lines = {"a.jsonl": jsonl(dirty)}
        yield Case(
            f"jsonl-{column}", lines, asks(column, "oops", r"(line|record|row) 8\b")
        )
    for word in ("nan", "NaN", "", "NA", "N/A", "inf", "-", "null", "None"):
        dirty = export.astype({"run-c": object})
        dirty.loc[3, "run-c"] = word
        gone = runs.drop(index=runs.index[(runs["run"] == "run-c")][3])
        clear = right(gone)
        expect = (
            either(clear, asks("run-c", r"line 5\b"))
            if word in ("-", "None")
            else clear
        )
        label = f"missing-{word or 'blank'}".replace("/", "-")
        yield Case(label, {"a.csv": csv(dirty)}, expect, options)
