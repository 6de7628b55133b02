"""Tables as HTML for a page: with a box that filters rows, and folded by source."""

import html

import pandas as pd


def kinds_html(kinds: pd.DataFrame, runs: pd.DataFrame) -> str:
    """Kinds of loss with their units and meanings, folded by source."""
    used = runs.drop_duplicates(["source", "loss_kind"]).merge(kinds, on="loss_kind")
    parts = []
    for source, part in used.sort_values("loss_kind").groupby("source"):
        table = _html_table(part[["loss_kind", "unit", "meaning"]])
        head = f"<summary>{source}: {len(part)}</summary>"
        parts.append(f"<details>{head}{table}</details>\n")
    return "".join(parts)


def _html_table(table: pd.DataFrame, style: str = "") -> str:
    names = (name.replace("_", " ") for name in table.columns)
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
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
    "const words = this.value.toLowerCase().split(' '), box = this.closest('div'); "
    "let shown = 0; for (const row of box.querySelectorAll('tbody tr')) { row.hidden = "
    "!words.every(word => row.textContent.toLowerCase().includes(word)); "
    "shown += !row.hidden } "
    "box.querySelector('output').textContent = shown + ' shown'"
)


def explorer(table: pd.DataFrame, label: str) -> str:
    """A table as HTML with a box that filters rows; without scripts, all rows show."""
    rows = _html_table(table, "white-space: nowrap; font-size: 0.8rem")
    return (
        f'<div class="explorer"><label>{label} with '
        f'<input type="search" oninput="{FILTER}"></label> '
        f'<output aria-live="polite">{len(table)} shown</output>'
        '<section style="overflow: auto; max-height: 28rem" tabindex="0" '
        f'aria-label="{label}">{rows}</section></div>'
    )
