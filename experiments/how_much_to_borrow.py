"""What the pooled forecast was meant to reach, and what it reaches: numbers of its chapter."""

from itertools import pairwise

import numpy as np
import pandas as pd

from hitchhiker.forecasts.forecasting import forecast, load_prior
from hitchhiker.forecasts.posterior import REFERENCE, log_loss, terms

from . import forecast_errors
from .grids import eligible_families
from .rules import KEYS, by_source

FEW = ("1", "2", "3", "4", "5")
# The bands of `forecasts` by their words here, above the first edge and up to the
# second. There a band of numbers of sizes is named by its least number, hence the edges
# one lower.
COUNTS = dict(
    zip(
        ("1", "2", "3", "4", "5", "6 or 7", "8 and more"),
        pairwise(n - 1 for n in (*forecast_errors.COUNTS, np.inf)),
        strict=True,
    )
)
SCALES = dict(
    zip(
        ("up to 2x", "2 to 5x", "5 to 15x", "15 to 50x", "above 50x"),
        pairwise(forecast_errors.SCALES),
        strict=True,
    )
)
NORMAL = 1.2816  # standard deviations on either side that hold 80 % of a Gaussian


def standing_by(grid, column, bands):
    """`forecasts.standing` in bands of a column, a row a band and method.

    Parameters
    ----------
    grid : DataFrame
        As from `forecasts.window_grid`.
    column : str
    bands : dict of (float, float)
        Above the first and up to the second, by the name of the band.
    """
    parts = []
    for name, (low, high) in bands.items():
        own = grid[(grid[column] > low) & (grid[column] <= high)]
        if len(own):
            cells = len(own) // own["method"].nunique()
            parts.append(
                forecast_errors.standing(own)
                .reset_index()
                .assign(band=name, cells=cells)
            )
    return pd.concat(parts, ignore_index=True)


def least(table, value):
    """Bands in which the forecast has the least of a value among all methods."""
    best = table.loc[table.groupby("band", sort=False)[value].idxmin()]
    return set(best.loc[best["method"] == "forecast", "band"])


def listed(names):
    """Names as a list in words.

    Examples
    --------
    >>> listed(["1", "2", "3"]), listed([])
    ('1, 2 and 3', 'none')
    """
    *first, last = list(names) or ["none"]
    return f"{', '.join(first)} and {last}" if first else last


def aims(grid):
    """Every aim that the forecast was built for, what is found, and whether that meets it.

    Returns
    -------
    DataFrame
        ``aim, met`` ("yes", "no", "in part") ``, found`` (words).
    """
    whole, covered = forecast_errors.standing(grid), forecast_errors.coverage(grid)
    counted = standing_by(grid, "n_sizes", COUNTS)
    many = counted[counted["band"] == "8 and more"].set_index("method")["mean"]
    ratio = whole.loc["forecast", "mean"] / whole.loc["paper", "mean"]
    rows = [("mean half of the paper's", f"{ratio:.2f} of it", ratio <= 0.5)]
    for value, word in (("median", "median"), ("high", "90 % point")):
        best = least(counted, value) & set(FEW)
        rows.append(
            (
                f"best {word}, 1 to 5 sizes",
                f"at {listed(sorted(best))}",
                len(best) / len(FEW),
            )
        )
    rows.append(
        (
            "from 8 sizes on no worse than our fit",
            f"mean error {100 * many['forecast']:.1f} %, fit {100 * many['fit']:.1f} %",
            many["forecast"] <= many["fit"],
        )
    )
    for level, low, high in ((80, 75, 85), (90, 86, 94)):
        inside = 100 * covered[f"inside_{level}"].mean()
        rows.append(
            (
                f"{level} % intervals hold {low} to {high} %",
                f"{inside:.0f} %, mean over studies",
                low <= inside <= high,
            )
        )
    width, usual = covered["width_80"], covered["usual"]
    told = f"{100 * width.mean():.0f} against {100 * usual.mean():.0f} % of the loss"
    narrow = width < usual
    rows.append(
        (
            "no wider than errors elsewhere",
            f"{told}; narrower in {narrow.sum()} of {len(narrow)} studies",
            narrow.mean() if width.mean() < usual.mean() else False,
        )
    )
    table = pd.DataFrame(rows, columns=["aim", "found", "met"])
    share = table["met"].astype(float)
    table["met"] = np.select([share == 1, share == 0], ["yes", "no"], "in part")
    return table[["aim", "met", "found"]]


def by_share(table):
    """Errors and intervals by how much of their training the small runs had seen.

    Parameters
    ----------
    table : DataFrame
        As from `forecasts.partial_grid`. Cells without a row left are counted, not
        scored.

    Returns
    -------
    DataFrame
        ``share, cells, lost`` (cells without a row) ``, are`` (median, every study
        weighing the same) ``, inside_80, inside_90`` (shares of final losses, the same)
        ``, lowest, highest`` (study's share inside the 80 % interval) ``, width_80``
        (median).
    """
    rows = []
    for share, cells in table.groupby("share"):
        own = cells[cells["n_rows"] > 0].copy()
        own["width"] = own["high_80"] / own["low_80"] - 1
        row = {
            "share": share,
            "cells": len(cells),
            "lost": len(cells) - len(own),
            "are": by_source(own, "are"),
        }
        for level in (80, 90):
            own["inside"] = own["target_loss"].between(
                own[f"low_{level}"], own[f"high_{level}"]
            )
            families = own.groupby(KEYS)["inside"].mean().groupby("source").mean()
            row[f"inside_{level}"] = families.mean()
            if level == 80:
                row |= {"lowest": families.min(), "highest": families.max()}
        rows.append(row | {"width_80": by_source(own, "width")})
    return pd.DataFrame(rows)


def learned():
    """The shipped prior in numbers one can read, a row a quantity.

    Returns
    -------
    DataFrame
        ``quantity, low, middle, high`` (80 % of families, 50 %) and ``least, most`` of
        the middles of the priors that lack one study.
    """

    def rows(prior):
        spread = NORMAL * np.sqrt(np.diag(prior.covariance))
        ends = np.exp(prior.mean + np.outer([-1, 0, 1], spread))
        parts = np.stack(
            terms(forecast_errors.drawn_laws(prior), np.zeros(1), np.zeros(1))
        )[..., 0]
        shares = np.quantile(parts / parts.sum(axis=0), [0.1, 0.5, 0.9], axis=1)
        return np.array([ends[:, 1], ends[:, 3], *shares.T])

    names = [
        "alpha",
        "beta",
        "share of E at the reference",
        "share of the size term",
        "share of the token term",
    ]
    prior = load_prior()
    table = pd.DataFrame(rows(prior), columns=["low", "middle", "high"]).assign(
        quantity=names
    )
    others = np.array([rows(load_prior(without=s))[:, 1] for s in prior.sources])
    table = table.assign(least=others.min(axis=0), most=others.max(axis=0))
    return table[["quantity", "low", "middle", "high", "least", "most"]]


def shapes(prior, num_params, tokens_seen, n=4000):
    """Losses of laws drawn from a prior, over the loss at the reference, (n, points)."""
    laws = forecast_errors.drawn_laws(prior, n)
    size = np.log(np.divide(num_params, REFERENCE["num_params"]))
    points = np.broadcast_arrays(
        size, np.log(np.divide(tokens_seen, REFERENCE["tokens_seen"]))
    )
    return np.exp(log_loss(laws, *points) - log_loss(laws, np.zeros(1), np.zeros(1)))


def family_laws():
    """Most plausible law of every family from all its runs, a row a family.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, E, A, alpha, B, beta, min_params, max_params,
        max_tokens, unlike`` (the forecast warns that the family is unlike the others).
    """
    rows = []
    for runs in eligible_families(1):
        found = forecast(runs, runs["num_params"].max(), runs["tokens_seen"].max())
        rows.append(
            dict(runs[KEYS].iloc[0])
            | found.law.as_dict()
            | {
                "min_params": runs["num_params"].min(),
                "max_params": runs["num_params"].max(),
                "max_tokens": runs["tokens_seen"].max(),
                "unlike": any("unlike" in warning for warning in found.warnings),
            }
        )
    return pd.DataFrame(rows)
