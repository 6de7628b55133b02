"""Claim about the degrees of freedom of the five parameters."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from hitchhiker.evaluation.evaluating import evaluate
from hitchhiker.evaluation.methods import LawMethod, with_law
from hitchhiker.fits.fitting import fit_many
from hitchhiker.runs.selection import size_names

from .cache import cached
from .grids import eligible_families
from .new_law import bootstrap_evidence, logs
from .rules import Claim, in_percent, verdict_of_parts
from .studies import KEYS, over_studies

LAW_COLUMNS = ["ln A", "ln B", "ln E", "alpha", "beta"]
SHUFFLES = 200
TRIED_EXPONENTS = np.geomspace(
    0.1, 1.2, 15
)  # tried where a tie leaves one exponent to search


def whole_laws(laws=None):
    """Fits to all runs of a family with E, A and B above zero, and their logarithms."""
    laws = bootstrap_evidence() if laws is None else laws
    laws = laws[(laws["draw"] == 0) & (laws[["E", "A", "B"]] > 0).all(axis=1)]
    return logs(laws).reset_index(drop=True)


def explained(values, standardise):
    """Shares of variance (n_columns,) that the principal components explain, added up.

    Examples
    --------
    >>> line = np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]])
    >>> explained(line, standardise=True).round(3).tolist()
    [1.0, 1.0]
    """
    values = values - values.mean(axis=0)
    if standardise:
        values = values / values.std(axis=0)
    power = np.linalg.svd(values, compute_uv=False) ** 2
    return np.cumsum(power / power.sum())


def steepness(laws):
    """Logarithms of alpha A / N^alpha and beta B / D^beta at each family's centre."""
    size = np.log(laws["alpha"]) + laws["ln A"] - laws["alpha"] * laws["log_size"]
    tokens = np.log(laws["beta"]) + laws["ln B"] - laws["beta"] * laws["log_tokens"]
    return size.to_numpy(), tokens.to_numpy()


def unrelated(laws, rng):
    """Laws of no relation: exponents and E change places among families.

    Every family keeps its centre and how steeply its loss falls there; alpha, beta and
    E come from other families at random. A and B follow.
    """
    size, tokens = steepness(laws)
    one, two, three = (rng.permutation(len(laws)) for _ in range(3))
    alpha, beta = laws["alpha"].to_numpy()[one], laws["beta"].to_numpy()[two]
    return pd.DataFrame(
        {
            "ln A": size - np.log(alpha) + alpha * laws["log_size"],
            "alpha": alpha,
            "ln B": tokens - np.log(beta) + beta * laws["log_tokens"],
            "beta": beta,
            "ln E": laws["ln E"].to_numpy()[three],
        }
    )


def shuffled(laws, rng):
    """Every column shuffled on its own: the same numbers, no relation at all."""
    return laws[LAW_COLUMNS].apply(rng.permutation)


def components(laws):
    """Shares that 1 to 5 components explain, of our fits and of unrelated laws.

    Returns
    -------
    DataFrame
        ``form`` (raw, standardised) ``, n, ours``, means over random tables
        ``shuffled`` and ``unrelated``, and the middle 90 % of the latter, ``low,
        high``.
    """
    parts = []
    for form in ("raw", "standardised"):
        rng, standardise = np.random.default_rng(0), form == "standardised"
        mixed = [shuffled(laws, rng) for _ in range(SHUFFLES)]
        null = [unrelated(laws, rng) for _ in range(SHUFFLES)]
        ours, mixed, null = (
            np.array([explained(t[LAW_COLUMNS].to_numpy(), standardise) for t in some])
            for some in ([laws], mixed, null)
        )
        low, high = np.quantile(null, [0.05, 0.95], axis=0)
        parts.append(
            pd.DataFrame(
                {
                    "form": form,
                    "n": range(1, 6),
                    "ours": ours[0],
                    "shuffled": mixed.mean(axis=0),
                    "unrelated": null.mean(axis=0),
                    "low": low,
                    "high": high,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def ridges(laws):
    """Slope of ln A on alpha in each family's bootstrap, and what the ridge predicts.

    The data fix how steeply the loss falls with size where they lie, alpha A / N^alpha;
    if that stays while alpha moves, the slope is ln N - 1 / alpha.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, slope, expected, log_size`` of the families with
        five runs or more.
    """
    rows = []
    usable = logs(laws).query("draw > 0 and status == 'ok' and A > 0 and runs >= 5")
    for keys, draws in usable.groupby(KEYS, sort=False):
        if len(draws) > 20:
            slope = np.polyfit(draws["alpha"], draws["ln A"], 1)[0]
            log_size = draws["log_size"].iloc[0]
            expected = log_size - 1 / draws["alpha"].median()
            rows.append([*keys, slope, expected, log_size])
    return pd.DataFrame(rows, columns=[*KEYS, "slope", "expected", "log_size"])


@dataclass(frozen=True)
class Tied:
    """Forecast by the best of several fits, each with some parameters fixed.

    Parameters
    ----------
    choices : tuple of dict
        Values of ``fixed`` to try, see `hitchhiker.fit`.
    """

    choices: tuple

    def __call__(self, train_runs, num_params, tokens_seen):
        """Forecast from one table."""
        every = np.ones((1, len(train_runs)))
        return next(self.many(train_runs, every, num_params, tokens_seen))

    def many(self, runs, seen, num_params, tokens_seen):
        """The same for several selections of rows, seen (n_selections, n_rows)."""
        tables = [fit_many(runs, fixed=f, weights=seen) for f in self.choices]
        best = np.array([fits.objective for fits in tables]).argmin(axis=0)
        for i, k in enumerate(best):
            fits = tables[k]
            yield with_law(fits.laws[i], num_params, tokens_seen, fits.status[i])


def line(laws):
    """Slope and level of ln A on alpha over families, every study weighing the same."""
    weight = laws.groupby("source")["source"].transform("size") ** -0.5
    return np.polyfit(laws["alpha"], laws["ln A"], 1, w=weight)


def ties(others):
    """Methods with fewer free parameters; ties follow the laws of ``others``."""
    slope, level = line(others)
    middle = others.groupby("source")[["alpha", "beta"]].median().median()
    return {
        "five free": "fit",
        "alpha = beta": Tied(tuple({"alpha": e, "beta": e} for e in TRIED_EXPONENTS)),
        "A tied to alpha": Tied(
            tuple(
                {"alpha": e, "A": float(np.exp(level + slope * e))}
                for e in TRIED_EXPONENTS[::2]
            )
        ),
        "exponents of others": LawMethod(fixed=dict(middle)),
    }


@cached
def tied_evidence():
    """Forecasts with five free parameters and with fewer, from few sizes and from all.

    What is tied comes from the families of other sources whose fit is sound.

    Returns
    -------
    DataFrame
        Rows of `hitchhiker.evaluate`; ``n_all`` is how many smaller sizes the family
        has.
    """
    sound, parts = whole_laws().query("status == 'ok'"), []
    for runs in eligible_families(min_checkpoints=5):
        count = size_names(runs).nunique() - 1
        choices = sorted({2, min(3, count), count})
        methods = ties(sound[sound["source"] != runs["source"].iloc[0]])
        scores = evaluate(runs, methods, sizes=choices, share=[0.3, 1.0])
        parts.append(scores.assign(n_all=count))
    return pd.concat(parts, ignore_index=True)


def by_sizes(scores):
    """Median ARE with two, three and all sizes, by share and method, studies alike."""
    groups = {
        "two": scores["n_sizes"] == 2,
        "three": scores["n_sizes"] == 3,
        "all": scores["n_sizes"] == scores["n_all"],
    }
    cells = {
        name: scores[rows]
        .groupby(["share", "method"], sort=False)
        .apply(over_studies, "are")
        for name, rows in groups.items()
    }
    return pd.DataFrame(cells).reset_index()


def _explained_by_three(laws):
    """Shares that three components explain, as they are and standardised."""
    values = laws[LAW_COLUMNS].to_numpy()
    return [explained(values, standardise)[2] for standardise in (False, True)]


def _judge(laws, limits):
    raw, standard = _explained_by_three(laws)
    return (
        f"three components explain {in_percent(raw, '.2f')} as they are and "
        f"{in_percent(standard, '.2f')} standardised, over {len(laws)} fits"
    ), verdict_of_parts(raw >= limits["raw"], standard >= limits["standardised"])


def _variance_left(laws, limits):
    """What three components leave, of the whole corpus, as it is and standardised."""
    left = 1 - np.array(_explained_by_three(laws))
    most = [1 - limits["raw"], 1 - limits["standardised"]]
    return pd.DataFrame({"value": left, "high": most})


CLAIMS = (
    Claim(
        id="freedom",
        name="Three degrees of freedom",
        asks="variance left, {raw:rest} and {standardised:rest}",
        rule="""Principal components of (ln A, ln B, ln E, alpha, beta) over all
        families whose fit has E, A and B above zero. Holds if three explain at least
        {raw:percent} of the variance as they are and at least {standardised:percent}
        when each parameter is standardised; does not hold if neither; else holds in
        part""",
        limits={"raw": 0.99, "standardised": 0.95},
        evidence=whole_laws,
        judge=_judge,
        families=_variance_left,
    ),
)
