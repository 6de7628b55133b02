"""The panel on the landing page: what error to expect from small runs."""

import json
from itertools import pairwise

import numpy as np
import pandas as pd

from .forecast_errors import error_spread
from .forecast_grids import SCALE_UP_EDGES, unfinished_grid, window_grid

# Least and most number of sizes. Coarser than the bands of the table of errors: the
# panel splits each by scale-up and by share trained too, and finer ones fall short of
# `LEAST_EVIDENCE` more often.
SIZES_ASKED = {
    "1": (1, 1),
    "2": (2, 2),
    "3": (3, 3),
    "4 or 5": (4, 5),
    "6 or more": (6, np.inf),
}
WORDS_ASKED = (
    "up to 2 times",
    "2 to 5 times",
    "5 to 15 times",
    "15 to 50 times",
    "more than 50 times",
)
SCALE_UPS_ASKED = dict(zip(WORDS_ASKED, pairwise(SCALE_UP_EDGES), strict=True))
SHARES_ASKED = {"all of it": 1.0, "70 %": 0.7, "50 %": 0.5, "30 %": 0.3, "10 %": 0.1}
LEAST_EVIDENCE = {"n_families": 3, "n_studies": 2}  # without which nothing is said
FIRST_CHOICE = {"sizes": "4 or 5", "scale": "5 to 15 times", "share": "all of it"}
QUESTIONS = {
    "sizes": "I train so many sizes",
    "scale": "the target is larger by",
    "share": "of each run I have seen",
}


def panel_table():
    """Error of the forecast by number of sizes, distance of the target, share trained.

    Returns
    -------
    DataFrame
        ``sizes, scale, share`` (words of `SIZES_ASKED`, `SCALE_UPS_ASKED`,
        `SHARES_ASKED`) ``, n_studies, n_families, low, middle, high`` (ARE: 10 %
        point, median, 90 % point, every study weighing the same) ``, cost`` (median
        share of the target's FLOPs); no row where there is less than `LEAST_EVIDENCE`.
    """
    finished = window_grid().query("method == 'forecast'")
    parts = [finished, unfinished_grid().query("share < 1")]
    cells = pd.concat(parts, ignore_index=True)
    cells = cells[cells["n_rows"] > 0]
    rows = []
    for sizes, (least, most) in SIZES_ASKED.items():
        of_sizes = cells[cells["n_sizes"].between(least, most)]
        for scale, (low, high) in SCALE_UPS_ASKED.items():
            inside = (of_sizes["scale_up"] > low) & (of_sizes["scale_up"] <= high)
            near = of_sizes[inside]
            for share, value in SHARES_ASKED.items():
                cell = near[np.isclose(near["share"], value)]
                if len(cell):
                    row = {"sizes": sizes, "scale": scale, "share": share}
                    row |= error_spread(cell)
                    rows.append(row | {"cost": cell["flops_share"].median()})
    table = pd.DataFrame(rows)
    enough = (table[list(LEAST_EVIDENCE)] >= pd.Series(LEAST_EVIDENCE)).all(axis=1)
    return table[enough].reset_index(drop=True)


def sentence(row):
    """What the panel says about a row, as the script of the page says it too.

    Examples
    --------
    >>> sentence({"low": 0.01, "middle": 0.034, "high": 0.12, "cost": 0.2,
    ...           "n_families": 9, "n_studies": 4})
    ['3.4 %', '1.0 to 12.0 %', '20 %', '9 families of 4 studies']
    """
    return [
        f"{100 * row['middle']:.1f} %",
        f"{100 * row['low']:.1f} to {100 * row['high']:.1f} %",
        f"{100 * row['cost']:.2g} %",
        f"{row['n_families']} families of {row['n_studies']} studies",
    ]


def panel_html(table=None):
    """The panel as HTML; the script ``_static/panel.js`` brings it to life."""
    table = panel_table() if table is None else table
    rows = {
        f"{r['sizes']}|{r['scale']}|{r['share']}": [*sentence(r), round(r["middle"], 4)]
        for r in table.to_dict("records")
    }
    lists = {
        "sizes": SIZES_ASKED,
        "scale": SCALE_UPS_ASKED,
        "share": SHARES_ASKED,
    }
    fields = "".join(_field(name, words) for name, words in lists.items())
    first = rows.get("|".join(FIRST_CHOICE.values()), ["?"] * 5)
    return (
        f'<form class="guide-panel" aria-label="What error to expect">{fields}'
        f'<output aria-live="polite"><strong>{first[0]}</strong> '
        f'<span class="rest">off at the median; four in five families: {first[1]}; '
        f"cost: {first[2]} of the target's FLOPs; evidence: {first[3]}.</span></output>"
        '<script type="application/json" class="guide-panel-data">'
        f'{json.dumps(rows)}</script></form><script src="_static/panel.js" defer>'
        "</script>"
    )


def _field(name, words):
    """One question of the panel with its list of answers."""
    options = "".join(
        f"<option{' selected' if word == FIRST_CHOICE[name] else ''}>{word}</option>"
        for word in words
    )
    return f'<label>{QUESTIONS[name]} <select name="{name}">{options}</select></label>'
