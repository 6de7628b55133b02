"""The numbers behind the panel on the landing page: what error to expect from small runs."""

import json
from itertools import pairwise

import numpy as np
import pandas as pd

from . import forecast_errors

# Coarser than `forecasts.COUNTS` (both ends included): the panel splits each band by
# scale-up and by share trained too, and finer ones fall short of `FEWEST` more often.
COUNTS = {
    "1": (1, 1),
    "2": (2, 2),
    "3": (3, 3),
    "4 or 5": (4, 5),
    "6 or more": (6, np.inf),
}
SCALES = dict(
    zip(
        (
            "up to 2 times",
            "2 to 5 times",
            "5 to 15 times",
            "15 to 50 times",
            "more than 50 times",
        ),
        pairwise(forecast_errors.SCALES),
        strict=True,
    )
)
SHARES = {"all of it": 1.0, "70 %": 0.7, "50 %": 0.5, "30 %": 0.3, "10 %": 0.1}
FEWEST = {"n_families": 3, "n_studies": 2}  # without which nothing is said


def panel_table():
    """Error of the forecast by number of sizes, distance of the target and share trained.

    Returns
    -------
    DataFrame
        ``sizes, scale, share`` (words of `COUNTS`, `SCALES`, `SHARES`) ``, n_studies,
        n_families, low, middle, high`` (ARE: 10 % point, median, 90 % point, every
        study weighing the same) ``, cost`` (median share of the target's FLOPs); no row
        where fewer than `FEWEST` tell.
    """
    whole = forecast_errors.window_grid().query("method == 'forecast'")
    cells = pd.concat(
        [whole, forecast_errors.partial_grid().query("share < 1")], ignore_index=True
    )
    cells = cells[cells["n_rows"] > 0]
    rows = []
    for sizes, (least, most) in COUNTS.items():
        for scale, (low, high) in SCALES.items():
            near = cells[
                cells["n_sizes"].between(least, most)
                & (cells["scale_up"] > low)
                & (cells["scale_up"] <= high)
            ]
            for share, value in SHARES.items():
                own = near[np.isclose(near["share"], value)]
                if len(own):
                    told = forecast_errors.spread(own)
                    rows.append(
                        (sizes, scale, share, *told, own["flops_share"].median())
                    )
    names = "sizes scale share n_studies n_families low middle high cost".split()
    table = pd.DataFrame(rows, columns=names).astype(dict.fromkeys(FEWEST, int))
    return table[(table[list(FEWEST)] >= pd.Series(FEWEST)).all(axis=1)].reset_index(
        drop=True
    )


def sentence(row):
    """What the panel says about a row, as the script of the page says it too.

    Examples
    --------
    >>> sentence({"low": 0.01, "middle": 0.034, "high": 0.12, "cost": 0.2, "n_families": 9,
    ...           "n_studies": 4})
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
    chosen = {"sizes": "4 or 5", "scale": "5 to 15 times", "share": "all of it"}
    labels = {
        "sizes": "I train so many sizes",
        "scale": "the target is larger by",
        "share": "of each run I have seen",
    }
    options = {"sizes": COUNTS, "scale": SCALES, "share": SHARES}
    fields = "".join(
        f'<label>{labels[name]} <select name="{name}">'
        + "".join(
            f"<option{' selected' if o == chosen[name] else ''}>{o}</option>"
            for o in known
        )
        + "</select></label>"
        for name, known in options.items()
    )
    first = rows.get("|".join(chosen.values()), ["?"] * 5)
    return (
        f'<form class="guide-panel" aria-label="What error to expect">{fields}'
        f'<output aria-live="polite"><strong>{first[0]}</strong> <span class="rest">off at the '
        f"median; four in five families: {first[1]}; cost: {first[2]} of the target's FLOPs; "
        f"evidence: {first[3]}.</span></output>"
        f'<script type="application/json" class="guide-panel-data">{json.dumps(rows)}</script>'
        '</form><script src="_static/panel.js" defer></script>'
    )
