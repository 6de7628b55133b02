"""Forecast the largest model of a ladder before it is trained; then compare.

``python ladder/forecast.py FOLDER`` reads the finished runs in ``FOLDER/losses.csv``
and writes ``FOLDER/forecast.csv``: one row a way to forecast, a set of sizes and a
length.  A forecast that is there is never changed: called again, the script prints what
came of it.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from hitchhiker import forecast, read_runs
from hitchhiker.evaluation.methods import METHODS

LARGEST = 286_860  # parameters of ladder/train.py at width 84
LADDERS = {
    "all six smaller sizes": 6,
    "four smallest sizes": 4,
    "two smallest sizes": 2,
}


def forecasts(runs):
    """Forecast every length from three ladders, the guide's way and by plain fits."""
    runs = runs[runs["num_params"] < LARGEST]
    lengths = sorted(runs["tokens_seen"].unique())
    sizes = sorted(runs["num_params"].unique())
    rows = []
    for name, count in LADDERS.items():
        smaller = runs[runs["num_params"].isin(sizes[:count])]
        label = {
            "seen": name,
            "n_sizes": smaller["num_params"].nunique(),
            "n_runs": len(smaller),
        }
        table = forecast(smaller, [LARGEST] * len(lengths), lengths).table
        rows += [
            label | {"method": "forecast"} | row for row in table.to_dict("records")
        ]
        for method in ("fit", "borrowed", "paper"):
            table = METHODS[method](smaller, LARGEST, np.array(lengths))[["loss"]]
            table = table.assign(num_params=LARGEST, tokens_seen=lengths)
            rows += [
                label | {"method": method} | row for row in table.to_dict("records")
            ]
    return pd.DataFrame(rows).astype({"num_params": int, "tokens_seen": int})


def compare(table, runs):
    """Print forecast and mean measured loss of the largest model, a line a length."""
    largest = runs[runs["num_params"] == LARGEST]
    measured = largest.groupby("tokens_seen")["loss"].mean()
    whole = table[(table["method"] == "forecast") & (table["n_sizes"] == 6)]
    for row in whole.itertuples():
        loss = measured.get(row.tokens_seen)
        print(
            f"{row.tokens_seen:>9,} tokens: forecast {row.loss:.3f} (four in five: "
            f"{row.low_80:.3f} to {row.high_80:.3f}), "
            + (f"measured {loss:.3f}" if loss else "not trained yet")
        )


def main(folder):
    """Write the forecast if there is none, then compare it with what is measured."""
    runs = read_runs(Path(folder) / "losses.csv").assign(source="ladder")
    runs = runs[runs["is_final"]]
    path = Path(folder) / "forecast.csv"
    if not path.exists():
        table = forecasts(runs)
        table.to_csv(path, index=False, float_format="%.6f", lineterminator="\n")
        print(f"wrote {path}")
    compare(pd.read_csv(path), runs)


if __name__ == "__main__":
    main(*sys.argv[1:])
