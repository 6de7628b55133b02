"""Parameters of each run: from the file, from options, from the name of a run."""

import re

from ..runs.checks import ONE_SIZE_OF_RUN, DataError
from ..runs.naming import listed, rows_named
from .counts import counts, parse_count

WRITTEN_SIZE = re.compile(
    r"(?<![\w.,])(\d+(?:[.,p]\d+)?)\s*(m|b|mn|bn|million|billion)"
    r"(?:params?|parameters?)?(?![a-z0-9])",
    re.IGNORECASE,
)
# Words beside a number that say it counts something else.
ELSE = re.compile(
    r"\b(tok|toks|token|tokens|batch|bs|bsz|gbs|ctx|context|data|seq|samples|docs|"
    r"steps?|iters?|d|lr|budget|flops)\b",
    re.IGNORECASE,
)


def size_in_name(name):
    """Parameters that the name of a run tells, or None where that is not certain.

    Examples
    --------
    >>> size_in_name("gpt-1.3b-seed2"), size_in_name("llama-7b-100b-tokens")
    (1300000000.0, None)
    """
    words = re.sub(r"[_\-/:=@ ]+", " ", str(name))
    found = list(WRITTEN_SIZE.finditer(words))
    if len(found) != 1:
        return None
    before = words[: found[0].start()].split()[-1:]
    after = words[found[0].end() :].split()[:1]
    if any(ELSE.fullmatch(word) for word in before + after):
        return None
    number = re.sub("[,p]", ".", found[0][1].lower())
    return parse_count(number + found[0][2])


def with_sizes(table, sizes, unit, notes):
    """The table with parameters; ``sizes`` by run go before those of the file."""
    sizes = {str(run): parse_count(value) for run, value in (sizes or {}).items()}
    if "run" not in table:
        if sizes:
            raise DataError("sizes are given by run, but the file names no runs")
        if "num_params" not in table:
            raise DataError(
                "no num_params and no run to tell the sizes by: add a column, or name "
                "it, such as --map my_column=num_params"
            )
    names = list(table["run"].unique()) if "run" in table else []
    unknown = [run for run in sizes if run not in names]
    if unknown:
        raise DataError(
            f"--size {unknown[0]}: no such run; the file has {listed(names)}"
        )
    if "num_params" in table:
        given = table["run"].isin(list(sizes)) if sizes else False
        file_sizes = counts(table, "num_params") * unit
        if sizes:
            file_sizes = file_sizes.mask(given, table["run"].map(sizes))
        table = table.assign(num_params=file_sizes)
        table = _filled(table, names, notes)
        _check_one_size(table, names)
        if "run" not in table:
            return table
        names = list(table.loc[table["num_params"].isna(), "run"].unique())
    read = _read_off([name for name in names if name not in sizes], notes)
    told = table["run"].map(read | sizes).astype(float)
    if "num_params" in table:
        told = told.where(table["num_params"].isna(), table["num_params"])
    return table.assign(num_params=told)


def _read_off(names, notes):
    """Parameters by run, as the names of runs tell them."""
    read = {name: size_in_name(name) for name in names}
    unsized = [name for name, size in read.items() if size is None]
    if unsized:
        raise DataError(
            f"no parameters known for run {', '.join(map(repr, unsized[:3]))}"
            f"{', ...' if len(unsized) > 3 else ''}: add a column num_params, or give "
            f"its size, --size {unsized[0]}=350M"
        )
    if read:
        some = ", ".join(f"{name} {n:.3g}" for name, n in list(read.items())[:3])
        notes.append(f"parameters read from names of runs ({some}): check them")
    return read


def _filled(table, names, notes):
    """Rows without a size get that of their run."""
    gaps = table["num_params"].isna()
    if not gaps.any() or not names:
        return table
    size = table.groupby("run", sort=False)["num_params"].transform("max")
    gained = gaps & size.notna()
    if gained.any():
        notes.append(f"num_params of {rows_named(table, gained)} is that of its run")
    return table.assign(num_params=table["num_params"].fillna(size))


def _check_one_size(table, names):
    if not names:
        return
    by_run = table.groupby("run", sort=False)["num_params"].agg(["min", "max"])
    several = by_run[by_run["max"] > ONE_SIZE_OF_RUN * by_run["min"]]
    if several.empty:
        return
    name = several.index[0]
    rows = table["run"] == name
    changes = rows & table["num_params"].ne(table.loc[rows, "num_params"].iloc[0])
    raise DataError(
        f"run {name!r} has several sizes ({several['min'].iloc[0]:,.0f} and "
        f"{several['max'].iloc[0]:,.0f} parameters, {rows_named(table, changes)}): a "
        "run has one, name runs of different sizes differently or mend the size"
    )
