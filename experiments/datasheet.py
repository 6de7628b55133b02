"""What the shipped tables hold and support: counted, never typed.

``python -m experiments.datasheet`` writes the tables into ``data/README.md``;
a test compares.  *The data* chapter shows some of them.
"""

import html
import re
from pathlib import Path

import pandas as pd

from hitchhiker.plots.style import human
from hitchhiker.runs.data import load_evaluations, load_runs, read_table

README = Path(__file__).resolve().parents[1] / "data" / "README.md"
GENERATED = re.compile(r"<!-- generated: (\w+) -->\n(.*?)<!-- end -->\n", re.DOTALL)
FACTS = (
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
EXTRAS = (
    "gzip",
    "ladder",
    "moduleformer",
    "schedules",
)  # not among the sources of the original study
SECOND_EVALUATIONS = ("-again", "-late")  # of trainings that are runs already
LEAST_SIZES, LEAST_CHECKPOINTS, LEAST_TOKEN_COUNTS = 3, 5, 3


def coverage(runs: pd.DataFrame) -> pd.DataFrame:
    """Models and families by source, counted as the original study counts.

    A model is a training.  Chinchilla's finished trainings count once a size, and a
    second evaluation of a training does not count.

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
    >>> coverage(load_runs("chinchilla"))[["models", "families", "runs"]].values.tolist()
    [[43, 1, 245]]
    """
    rows = []
    for source, part in runs.groupby("source"):
        trainings = part.loc[
            ~part["run"].str.endswith(SECOND_EVALUATIONS), ["run", "model"]
        ]
        rows.append(
            {
                "source": source,
                "models": trainings[
                    "model" if source == "chinchilla" else "run"
                ].nunique(),
                "families": part["family"].nunique(),
                "runs": part["run"].nunique(),
                "rows": len(part),
                "form": _form(part),
                "in_study": source not in EXTRAS,
            }
        )
    return pd.DataFrame(rows)


def _form(part: pd.DataFrame) -> str:
    long = (
        part.groupby(["run", "loss_kind"]).size().groupby("run").max()
        >= LEAST_CHECKPOINTS
    )
    form = "finished runs" if not long.any() else "trajectories"
    form += " and finished runs" if 0 < long.mean() < 1 else ""
    digitised = part.drop_duplicates("run")["digitised"]
    if digitised.any():
        form += ", from a figure" if digitised.all() else ", partly from a figure"
    return form + (", steps only" if part["tokens_seen"].isna().all() else "")


def families(runs: pd.DataFrame) -> pd.DataFrame:
    """What each family can support: one row a source and family, runs without one at its end.

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
    >>> families(load_runs("opt"))[["sizes", "checkpoints", "ends", "law"]].values.tolist()
    [[6, 22, '0 of 6', 'N and D']]
    """
    keyed = runs.assign(family=runs["family"].fillna(""), last=runs["family"].isna())
    groups = keyed.groupby(["source", "last", "family"])
    return pd.DataFrame([_family(*key[::2], part) for key, part in groups])


def _family(source: str, family: str, part: pd.DataFrame) -> dict:
    runs = part.drop_duplicates("run")
    checkpoints = (
        part.groupby(["run", "loss_kind"]).size().groupby("run").max().median()
    )
    sizes, tokens = part["num_params"], part["tokens_seen"].max()
    return {
        "source": source,
        "family": family,
        "sizes": part["model"].nunique(),
        "parameters": " to ".join(
            dict.fromkeys(map(human, (sizes.min(), sizes.max())))
        ),
        "runs": len(runs),
        "kinds": part["loss_kind"].nunique(),
        "checkpoints": round(checkpoints),
        "tokens": human(tokens) if tokens > 0 else "unknown",
        "ends": f"{runs['complete'].sum()} of {len(runs)}",
        "seeds": runs["seed"].nunique(),
        "law": _law(part) if family else "",
    }


def _law(part: pd.DataFrame) -> str:
    """What a fit can determine: sizes and token counts that meet in one kind of loss."""
    if part["tokens_seen"].isna().all():
        return "none: steps only"
    kinds = part.groupby("loss_kind")
    sizes = kinds["model"].nunique().max() >= LEAST_SIZES
    counts = (
        part.groupby(["loss_kind", "model"])["tokens_seen"]
        .nunique()
        .groupby("loss_kind")
    )
    tokens = counts.median().max() >= LEAST_TOKEN_COUNTS
    law = {(True, True): "N and D", (True, False): "N", (False, True): "D"}.get(
        (sizes, tokens)
    )
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
    table = runs.groupby("source")[list(FACTS)].agg(_known)
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


def kinds_html(kinds: pd.DataFrame, runs: pd.DataFrame) -> str:
    """Kinds of loss with their units and meanings, folded by source."""
    used = runs.drop_duplicates(["source", "loss_kind"]).merge(kinds, on="loss_kind")
    parts = []
    for source, own in used.sort_values("loss_kind").groupby("source"):
        own = own[["loss_kind", "unit", "meaning"]]
        parts.append(
            f"<details><summary>{source}: {len(own)}</summary>{_html_table(own)}</details>\n"
        )
    return "".join(parts)


def _html_table(table: pd.DataFrame, style: str = "") -> str:
    head = "".join(
        f'<th scope="col">{name.replace("_", " ")}</th>' for name in table.columns
    )
    rows = "".join(
        "<tr>"
        + "".join(f"<td>{html.escape(str(value))}</td>" for value in row)
        + "</tr>\n"
        for row in table.itertuples(index=False)
    )
    return (
        f'<table class="dataframe" style="{style}"><thead><tr>{head}</tr></thead>'
        f"<tbody>\n{rows}</tbody></table>"
    )


# As an attribute, so that it works in a page as well as in a notebook.
FILTER = (
    "const words = this.value.toLowerCase().split(' '), box = this.closest('div'); let shown = 0; "
    "for (const row of box.querySelectorAll('tbody tr')) { "
    "row.hidden = !words.every(word => row.textContent.toLowerCase().includes(word)); "
    "shown += !row.hidden } box.querySelector('output').textContent = shown + ' shown'"
)


def explorer(table: pd.DataFrame, label: str) -> str:
    """A table as HTML with a box that filters its rows; without scripts, all rows show."""
    return (
        f'<div class="explorer"><label>{label} with <input type="search" oninput="{FILTER}">'
        f'</label> <output aria-live="polite">{len(table)} shown</output>'
        f'<section style="overflow: auto; max-height: 28rem" tabindex="0" aria-label="{label}">'
        f"{_html_table(table, 'white-space: nowrap; font-size: 0.8rem')}</section></div>"
    )


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
