"""What the forecast was meant to reach, what it reaches, and its prior in numbers."""

from itertools import pairwise

import numpy as np
import pandas as pd

from hitchhiker.forecasts.forecasting import forecast
from hitchhiker.forecasts.parametrisation import law_terms, log_loss, reference_logs
from hitchhiker.forecasts.prior import PRIOR_DF, load_prior
from hitchhiker.laws import Z_80

from .forecast_errors import SIZE_COUNTS
from .forecast_grids import SCALE_UP_EDGES, coverage_by_study, standing
from .grids import eligible_families
from .studies import KEYS, over_studies

# The bands of the table of errors by their words here, above the first edge and up to
# the second. There a band of numbers of sizes is named by its least number, hence the
# edges one lower.
COUNT_WORDS = ("1", "2", "3", "4", "5", "6 or 7", "8 and more")
COUNT_BANDS = dict(
    zip(COUNT_WORDS, pairwise(n - 1 for n in (*SIZE_COUNTS, np.inf)), strict=True)
)
SCALE_UP_WORDS = ("up to 2x", "2 to 5x", "5 to 15x", "15 to 50x", "above 50x")
SCALE_UP_BANDS = dict(zip(SCALE_UP_WORDS, pairwise(SCALE_UP_EDGES), strict=True))
AIMED_AT = COUNT_WORDS[:5]  # numbers of sizes at which the forecast should be best
QUANTITIES = (
    "alpha",
    "beta",
    "share of E at the reference",
    "share of the size term",
    "share of the token term",
)


def standing_by(grid, column, bands):
    """`forecast_grids.standing` in bands of a column, a row a band and method.

    Parameters
    ----------
    grid : DataFrame
        As from `forecast_grids.window_grid`.
    column : str
    bands : dict of (float, float)
        Above the first and up to the second, by the name of the band.
    """
    parts = []
    for name, (low, high) in bands.items():
        inside = grid[(grid[column] > low) & (grid[column] <= high)]
        if len(inside):
            cells = len(inside) // inside["method"].nunique()
            table = standing(inside).reset_index()
            parts.append(table.assign(band=name, cells=cells))
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
    """Every aim that the forecast was built for, what came, and whether it is met.

    Returns
    -------
    DataFrame
        ``aim, met`` ("yes", "no", "in part") ``, found`` (words).
    """
    rows = [*_aims_of_errors(grid), *_aims_of_intervals(coverage_by_study(grid))]
    table = pd.DataFrame(rows, columns=["aim", "found", "met"])
    share = table["met"].astype(float)
    table["met"] = np.select([share == 1, share == 0], ["yes", "no"], "in part")
    return table[["aim", "met", "found"]]


def _aims_of_errors(grid):
    """Aims about errors: words, what is reached in words, share of it that is met."""
    whole, counted = standing(grid), standing_by(grid, "n_sizes", COUNT_BANDS)
    ratio = whole.loc["forecast", "mean"] / whole.loc["paper", "mean"]
    yield "mean half of the paper's", f"{ratio:.2f} of it", ratio <= 0.5
    for value, word in (("median", "median"), ("high", "90 % point")):
        best = least(counted, value) & set(AIMED_AT)
        met = len(best) / len(AIMED_AT)
        yield f"best {word}, 1 to 5 sizes", f"at {listed(sorted(best))}", met
    many = counted[counted["band"] == COUNT_WORDS[-1]].set_index("method")["mean"]
    yield (
        "from 8 sizes on no worse than our fit",
        f"mean error {100 * many['forecast']:.1f} %, fit {100 * many['fit']:.1f} %",
        many["forecast"] <= many["fit"],
    )


def _aims_of_intervals(covered):
    """Aims about intervals, from `forecast_grids.coverage_by_study`."""
    for level, low, high in ((80, 75, 85), (90, 86, 94)):
        inside = 100 * covered[f"inside_{level}"].mean()
        yield (
            f"{level} % intervals hold {low} to {high} %",
            f"{inside:.0f} %, mean over studies",
            low <= inside <= high,
        )
    width, usual = covered["width_80"], covered["usual"]
    narrow = width < usual
    yield (
        "no wider than errors elsewhere",
        f"{100 * width.mean():.0f} against {100 * usual.mean():.0f} % of the loss; "
        f"narrower in {narrow.sum()} of {len(narrow)} studies",
        narrow.mean() if width.mean() < usual.mean() else False,
    )


def by_share(table):
    """Errors and intervals by how much of their training the small runs had seen.

    Parameters
    ----------
    table : DataFrame
        As from `forecast_grids.unfinished_grid`. Cells without a row left are counted,
        not scored.

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
        scored = cells[cells["n_rows"] > 0].copy()
        scored["width"] = scored["high_80"] / scored["low_80"] - 1
        lost = len(cells) - len(scored)
        row = {"share": share, "cells": len(cells), "lost": lost}
        row["are"] = over_studies(scored, "are")
        for level in (80, 90):
            low, high = scored[f"low_{level}"], scored[f"high_{level}"]
            scored["inside"] = scored["target_loss"].between(low, high)
            families = scored.groupby(KEYS)["inside"].mean()
            studies = families.groupby("source").mean()
            row[f"inside_{level}"] = studies.mean()
            if level == 80:
                row |= {"lowest": studies.min(), "highest": studies.max()}
        rows.append(row | {"width_80": over_studies(scored, "width")})
    return pd.DataFrame(rows)


def drawn_laws(prior, n=4000, seed=0):
    """Laws (n, 5) drawn from a prior, with E = 1, as `hitchhiker.forecasts` draws them.

    Columns are the logarithms of E, A, alpha, B, beta at the reference.
    """
    rng = np.random.default_rng(seed)
    tails = np.sqrt(rng.chisquare(PRIOR_DF, (n, 1)) / PRIOR_DF)
    drawn = rng.standard_normal((n, 4)) @ np.linalg.cholesky(prior.covariance).T / tails
    return np.insert(drawn + prior.mean, 0, 0.0, axis=1)


def learned():
    """The shipped prior in numbers one can read, a row a quantity.

    Returns
    -------
    DataFrame
        ``quantity, low, middle, high`` (80 % of families, 50 %) and ``least, most`` of
        the middles of the priors that lack one study.
    """
    prior = load_prior()
    table = pd.DataFrame(_points(prior), columns=["low", "middle", "high"])
    others = [_points(load_prior(without=study))[:, 1] for study in prior.sources]
    bounds = {"least": np.min(others, axis=0), "most": np.max(others, axis=0)}
    return table.assign(quantity=QUANTITIES, **bounds)[
        ["quantity", "low", "middle", "high", "least", "most"]
    ]


def _points(prior):
    """10 % point, median and 90 % point of each of `QUANTITIES`, (5, 3)."""
    spread = Z_80 * np.sqrt(np.diag(prior.covariance))
    exponents = np.exp(prior.mean + np.outer([-1, 0, 1], spread))[:, [1, 3]]
    parts = np.stack(law_terms(drawn_laws(prior), np.zeros(1), np.zeros(1)))[..., 0]
    shares = np.quantile(parts / parts.sum(axis=0), [0.1, 0.5, 0.9], axis=1)
    return np.hstack([exponents, shares]).T


def shapes(prior, num_params, tokens_seen, n=4000):
    """Losses of laws drawn from a prior, over that at the reference, (n, points)."""
    laws = drawn_laws(prior, n)
    points = np.broadcast_arrays(*reference_logs(num_params, tokens_seen))
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
        params, tokens = runs["num_params"], runs["tokens_seen"].max()
        largest = forecast(runs, params.max(), tokens)
        row = dict(runs[KEYS].iloc[0]) | largest.law.as_dict()
        row |= {"min_params": params.min(), "max_params": params.max()}
        unlike = any("unlike" in warning for warning in largest.warnings)
        rows.append(row | {"max_tokens": tokens, "unlike": unlike})
    return pd.DataFrame(rows)
