"""Ways in which a log is damaged, and logs to damage, as Hypothesis strategies."""

from dataclasses import dataclass

import pandas as pd
from hypothesis import strategies as st

from .files import state
from .ladders import BATCH, ladder, wide
from .texts import nanogpt_lines
from .writers import array, csv, jsonl, text

SIZES = (44e6, 70e6, 125e6, 210e6, 350e6, 760e6)
CELLS = ("oops", "", "nan", "-", 1e12, -3.0, 0, "1e999", "3,1,4", "NULL", True)
NAMES = ("x", "value", "trial", "step", "ppl", "batch", "epoch", "time", "", "loss")
JUNK = (b"\x00", b"\xff\xfe", b"#", b'"', b"{", b"~~", b"\n\n", b"\xc3", b"nan", b"]")
FACTORS = (1e-9, 1e-6, 1e3)
STEPS = {"batch_tokens": BATCH}


@dataclass(frozen=True)
class Log:
    """A clean log: its table, how it is written, its name and options."""

    table: pd.DataFrame
    write: object
    name: str
    options: dict


def _full(runs):
    return runs.drop(columns=["val", "step"])


def _steps(runs):
    return runs[["run", "step", "loss"]]


def _one(runs):
    return runs[runs["run"] == runs["run"].iloc[0]].drop(columns="num_params")


def _state(table):
    return state(table.assign(val=table["loss"]), evaluated=False)


def _console(table):
    return text(nanogpt_lines(table, evaluated=False, head=False))


FORMATS = {
    "csv": (_full, csv, "log.csv", {}),
    "csv-steps": (_steps, csv, "log.csv", STEPS),
    "jsonl": (_full, jsonl, "log.jsonl", {}),
    "array": (_steps, array, "log.json", STEPS),
    "wide": (lambda runs: wide(runs, {"loss": "loss"}), csv, "log.csv", STEPS),
    "trainer-state": (_one, _state, "gpt-44M/trainer_state.json", STEPS),
    "text": (_one, _console, "gpt-44M.log", STEPS),
}


@st.composite
def logs(draw, form):
    """A clean log of a format: one to six runs of 3 to 40 rows."""
    shape, write, name, options = FORMATS[form]
    sizes = {f"gpt-{n / 1e6:g}M": n for n in SIZES[: draw(st.integers(1, 6))]}
    rows, seed = draw(st.integers(3, 40)), draw(st.integers(0, 999))
    return Log(shape(ladder(sizes, rows, seed=seed)), write, name, options)


def drop_rows(draw, table):
    """Some rows are lost."""
    kept = draw(st.lists(st.booleans(), min_size=len(table), max_size=len(table)))
    return table[pd.Series(kept, index=table.index)]


def repeat_rows(draw, table):
    """Some rows stand there twice."""
    again = draw(st.lists(st.integers(0, len(table) - 1), min_size=1, max_size=9))
    return pd.concat([table, table.iloc[again]], ignore_index=True)


def shuffle_rows(draw, table):
    """The rows in any order."""
    order = draw(st.permutations(range(len(table))))
    return table.iloc[list(order)].reset_index(drop=True)


def swap_rows(draw, table):
    """Two rows change places."""
    one, other = (draw(st.integers(0, len(table) - 1)) for _ in range(2))
    order = list(range(len(table)))
    order[one], order[other] = order[other], order[one]
    return table.iloc[order].reset_index(drop=True)


def drop_column(draw, table):
    """A column is missing."""
    return table.drop(columns=draw(st.sampled_from(list(table))))


def rename_column(draw, table):
    """A column has another name, perhaps one that is there already."""
    name = draw(st.sampled_from(list(table)))
    return table.rename(columns={name: draw(st.sampled_from(NAMES))})


def change_cell(draw, table):
    """Something else stands in a cell."""
    row = draw(st.integers(0, len(table) - 1))
    column = draw(st.integers(0, table.shape[1] - 1))
    table = table.astype(object)
    table.iat[row, column] = draw(st.sampled_from(CELLS))
    return table


def rescale_column(draw, table):
    """A column of numbers in another unit."""
    numbers = list(table.select_dtypes("number"))
    if not numbers:
        return table
    name = draw(st.sampled_from(numbers))
    return table.assign(**{name: table[name] * draw(st.sampled_from(FACTORS))})


def exchange_columns(draw, table):
    """The contents of two columns are exchanged."""
    one, other = draw(st.permutations(list(table)))[:2]
    return table.rename(columns={one: other, other: one})


def merge_names(draw, table):
    """Two runs under one name."""
    if "run" not in table or table["run"].nunique() < 2:
        return table
    one, other = draw(st.permutations(list(table["run"].unique())))[:2]
    return table.assign(run=table["run"].replace({one: other}))


def cut(draw, content):
    """The end of the file is missing, the last row at least one cell."""
    short = content[: draw(st.integers(0, len(content)))]
    line = short.rfind(b"\n") + 1
    return short[: max(line, short.rfind(b","), short.rfind(b":"))]


def insert_junk(draw, content):
    """Bytes that do not belong there, between lines or cells or within."""
    place = draw(st.integers(0, len(content)))
    return content[:place] + draw(st.sampled_from(JUNK)) + content[place:]


def change_separators(draw, content):
    """Other separators than before."""
    return content.replace(
        b",", draw(st.sampled_from([b";", b"\t", b"|", b" ", b", "]))
    )


def change_encoding(draw, content):
    """Another encoding."""
    kinds = ("utf-16", "utf-16-le", "utf-8-sig", "utf-32", "cp500")
    return content.decode("latin-1").encode(draw(st.sampled_from(kinds)))


def change_case(draw, content):
    """All in capitals, or none."""
    return draw(st.sampled_from([content.upper(), content.lower()]))


def change_line_ends(draw, content):
    """Line ends of other systems."""
    return content.replace(b"\n", draw(st.sampled_from([b"\r\n", b"\r", b"\n\n"])))


def repeat_header(draw, content):
    """The first line stands again within the file."""
    lines = content.splitlines(keepends=True)
    place = draw(st.integers(0, len(lines)))
    return b"".join([*lines[:place], *lines[:1], *lines[place:]])


OF_TABLES = (
    drop_rows,
    repeat_rows,
    shuffle_rows,
    swap_rows,
    drop_column,
    rename_column,
    change_cell,
    rescale_column,
    exchange_columns,
    merge_names,
)
OF_BYTES = (
    cut,
    insert_junk,
    change_separators,
    change_encoding,
    change_case,
    change_line_ends,
    repeat_header,
)


@st.composite
def mutilated(draw, form):
    """A clean log and its bytes after one or two kinds of damage."""
    log = draw(logs(form))
    kinds = st.sampled_from(OF_TABLES + OF_BYTES)
    done = draw(st.lists(kinds, min_size=1, max_size=2))
    table = log.table
    for damage in [d for d in done if d in OF_TABLES]:
        if len(table) and table.shape[1] > 1 and table.columns.is_unique:
            table = damage(draw, table)
    try:
        content = log.write(table)
    except (ArithmeticError, LookupError, TypeError, ValueError):
        content = csv(table)
    for damage in [d for d in done if d in OF_BYTES]:
        content = damage(draw, content)
    return log, content, [damage.__name__ for damage in done]
