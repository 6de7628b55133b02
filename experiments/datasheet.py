"""What the shipped tables hold and support: counted, never typed.

``python -m experiments.datasheet`` writes the tables into ``data/README.md``;
a test compares.  *The data* chapter shows some of them.
"""

import re
from pathlib import Path

import pandas as pd

from hitchhiker.plots.style import human
from hitchhiker.runs.data import load_evaluations, load_runs, read_table

from .corpus import SECOND_EVALUATION, run_pairs

README = Path(__file__).resolve().parents[1] / "data" / "README.md"
GENERATED = re.compile(r"<!-- generated: (\w+) -->\n(.*?)<!-- end -->\n", re.DOTALL)
FACT_COLUMNS = (
    "context",
    "batch_tokens",
    "tokenizer",
    "schedule",
    "schedule_tokens",
    "epochs",
    "unique_tokens",
    "seed",
    "params_non_embedding",
)
LEAST_SIZES, LEAST_TOKEN_COUNTS = 3, 3  # that determine a law in N, in D
LEAST_CHECKPOINTS = 5  # of a run that is a trajectory


def coverage(runs: pd.DataFrame) -> pd.DataFrame:
    """Models and families by source, counted as the original study counts.

    A model is a training; where the table ``families`` says so, it is a size.  A second
    evaluation of a training does not count.

    Parameters
    ----------
    runs : DataFrame
        As from `hitchhiker.load_runs`.

    Returns
    -------
    DataFrame
        ``source, models, families, runs, rows, form, in_study``.

    Examples
    --------
    >>> table = coverage(load_runs("chinchilla"))
    >>> table[["models", "families", "runs"]].values.tolist()
    [[43, 1, 245]]
    """
    facts = read_table("families")
    in_study = set(facts.loc[facts["in_study"], "source"])
    by_size = set(facts.loc[facts["counted_by"] == "size", "source"])
    second = run_pairs(SECOND_EVALUATION)["run"]
    rows = []
    for source, part in runs.groupby("source"):
        trainings = part[~part["run"].isin(second)]
        rows.append(
            {
                "source": source,
                "models": trainings["model" if source in by_size else "run"].nunique(),
                "families": part["family"].nunique(),
                "runs": part["run"].nunique(),
                "rows": len(part),
                "form": _form(part),
                "in_study": source in in_study,
            }
        )
    return pd.DataFrame(rows)


def _checkpoints(part: pd.DataFrame) -> pd.Series:
    """Checkpoints of each run, in the kind of loss that has most."""
    return part.groupby(["run", "loss_kind"]).size().groupby("run").max()


def _form(part: pd.DataFrame) -> str:
    long = _checkpoints(part) >= LEAST_CHECKPOINTS
    form = "finished runs" if not long.any() else "trajectories"
    form += " and finished runs" if 0 < long.mean() < 1 else ""
    digitised = part.drop_duplicates("run")["digitised"]
    if digitised.any():
        form += ", from a figure" if digitised.all() else ", partly from a figure"
    return form + (", steps only" if part["tokens_seen"].isna().all() else "")


def families(runs: pd.DataFrame) -> pd.DataFrame:
    """What each family can support: a row a family, runs without one after the others.

    Parameters
    ----------
    runs : DataFrame
        As from `hitchhiker.load_runs`.

    Returns
    -------
    DataFrame
        ``source, family, sizes, parameters`` (smallest to largest) ``, runs, kinds``
        (of loss) ``, checkpoints`` (median a run, of the kind with most) ``, tokens``
        (longest run) ``, ends`` (runs whose log reaches the end of training) ``,
        seeds`` (distinct ones that are known) ``, law`` (what a fit can determine).

    Examples
    --------
    >>> table = families(load_runs("opt"))
    >>> table[["sizes", "checkpoints", "ends", "law"]].values.tolist()
    [[6, 22, '0 of 6', 'N and D']]
    """
    keyed = runs.assign(family=runs["family"].fillna(""), last=runs["family"].isna())
    groups = keyed.groupby(["source", "last", "family"])
    return pd.DataFrame([_family(*key[::2], part) for key, part in groups])


def _family(source: str, family: str, part: pd.DataFrame) -> dict:
    runs = part.drop_duplicates("run")
    sizes, tokens = part["num_params"], part["tokens_seen"].max()
    ends = dict.fromkeys(map(human, (sizes.min(), sizes.max())))
    return {
        "source": source,
        "family": family,
        "sizes": part["model"].nunique(),
        "parameters": " to ".join(ends),
        "runs": len(runs),
        "kinds": part["loss_kind"].nunique(),
        "checkpoints": round(_checkpoints(part).median()),
        "tokens": human(tokens) if tokens > 0 else "unknown",
        "ends": f"{runs['complete'].sum()} of {len(runs)}",
        "seeds": runs["seed"].nunique(),
        "law": _law(part) if family else "",
    }


def _law(part: pd.DataFrame) -> str:
    """What a fit can determine from sizes and token counts that meet in one kind."""
    if part["tokens_seen"].isna().all():
        return "none: steps only"
    kinds = part.groupby("loss_kind")
    sizes = kinds["model"].nunique().max() >= LEAST_SIZES
    counts = part.groupby(["loss_kind", "model"])["tokens_seen"].nunique()
    tokens = counts.groupby("loss_kind").median().max() >= LEAST_TOKEN_COUNTS
    law = " and ".join(n for n, enough in (("N", sizes), ("D", tokens)) if enough)
    unknown = part["loss_kind"].str.startswith("unknown-unit").all()
    return (law or "none") + (", unit unknown" if unknown else "")


def markdown(table: pd.DataFrame) -> str:
    """A frame of ready values as a Markdown table."""
    lines = [
        list(table.columns),
        ["---"] * table.shape[1],
        *table.astype(str).values.tolist(),
    ]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def counts_table() -> str:
    """How much there is by source."""
    table = coverage(load_runs()).drop(columns="in_study")
    scores = load_evaluations()["source"].value_counts()
    return markdown(
        table.assign(scores=table["source"].map(scores).fillna(0).astype(int))
    )


def facts_table() -> str:
    """What is known of the trainings by source; empty is unknown."""
    runs = load_runs().drop_duplicates("run")
    table = runs.groupby("source")[list(FACT_COLUMNS)].agg(_known)
    return markdown(
        table.rename(columns=lambda name: name.replace("_", " ")).reset_index()
    )


def _known(values: pd.Series) -> str:
    given = values.dropna()
    if given.empty:
        return ""
    if given.nunique() > 4:
        text = f"{given.nunique()} values"
    elif given.name in ("tokenizer", "schedule"):
        text = " or ".join(given.unique())
    else:
        plain = given.name in ("seed", "context", "epochs")
        words = map("{:g}".format if plain else human, sorted(given.unique()))
        text = " or ".join(dict.fromkeys(words))
    return (
        text
        if len(given) == len(values)
        else f"{text} ({len(given)} of {len(values)} runs)"
    )


def families_table() -> str:
    """What each family can support."""
    table = families(load_runs())
    names = table["family"].map("`{}`".format).where(table["family"] != "", "none")
    return markdown(table.assign(family=names))


def licences_table() -> str:
    """Where the raw files come from and under which licence."""
    table = read_table("sources").assign(
        upstream_commit=lambda t: t["upstream_commit"].str[:7]
    )
    table["licence"] = table["licence"].replace("unknown", "**none stated**")
    keys = ["upstream_repo", "upstream_commit", "licence"]
    sources = table.groupby(keys)["source"].agg(lambda names: ", ".join(names.unique()))
    files = table.groupby(keys).size().rename("files")
    return markdown(pd.concat([files, sources.rename("sources")], axis=1).reset_index())


def kinds_by_unit(kinds: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """How many kinds of loss, sources and rows each unit has."""
    table = runs.merge(kinds[["loss_kind", "unit"]], on="loss_kind").groupby("unit")
    table = table.agg(
        kinds=("loss_kind", "nunique"),
        sources=("source", "nunique"),
        rows=("loss", "size"),
    )
    return table.sort_values("rows", ascending=False).reset_index()


def renewed(text: str) -> str:
    """The datasheet with its generated tables made anew."""
    tables = {
        "counts": counts_table,
        "facts": facts_table,
        "families": families_table,
        "licences": licences_table,
    }
    return GENERATED.sub(
        lambda found: (
            f"<!-- generated: {found[1]} -->\n{tables[found[1]]()}<!-- end -->\n"
        ),
        text,
    )


def main() -> None:
    """Write the tables into the datasheet."""
    README.write_text(renewed(README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
