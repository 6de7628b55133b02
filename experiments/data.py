"""The claim about the released corpus: how much there is of it."""

import pandas as pd

from hitchhiker.runs.data import load_evaluations, load_runs

from .rules import Claim, verdict_of_parts


def corpus():
    """How much each study holds.

    Returns
    -------
    DataFrame
        ``source, runs, families, steps, scores``.
    """
    runs = load_runs().groupby("source", sort=False)
    table = pd.DataFrame(
        {
            "runs": runs["run"].nunique(),
            "families": runs["family"].nunique(),
            "steps": runs["n_averaged"].sum(),
            "scores": load_evaluations().groupby("source").size(),
        }
    )
    return table.fillna({"scores": 0}).reset_index()


def _judge(table, limits):
    runs, families, steps, scores = table[["runs", "families", "steps", "scores"]].sum()
    words = (
        f"{runs:.0f} runs in {families:.0f} families, {steps / 1e6:.2f}M steps, "
        f"{scores / 1e6:.2f}M scores"
    )
    return words, verdict_of_parts(
        runs >= limits["runs"], families >= limits["families"]
    )


def _counts(table, limits):
    """The two counts of the rule, of the whole corpus."""
    names = ["runs", "families"]
    return pd.DataFrame(
        {"value": table[names].sum(), "low": [limits[name] for name in names]}
    )


CLAIMS = (
    Claim(
        id="dataset",
        name="The corpus is large",
        asks="runs and families against the paper's",
        rule="""Holds if the shipped tables hold at least {runs} training runs and at
        least {families} families; does not hold if they hold neither; else holds in
        part""",
        limits={"runs": 485, "families": 40},
        evidence=corpus,
        judge=_judge,
        families=_counts,
    ),
)
