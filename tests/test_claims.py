"""The ledger of claims: complete, with rules, and verdicts that follow from them."""

import pandas as pd
import pytest

from experiments import checkpoints, claims, fooled, rules, studies
from hitchhiker.fits.fitting import OBJECTIVES
from hitchhiker.runs.data import read_table
from tools.book import ROOT, pages

LEDGER = read_table("claims").fillna("")


def test_every_claim_has_words_a_number_and_a_rule():
    assert not LEDGER.duplicated("id").any()
    for column in ("claim", "where", "paper_value", "rule", "chapter"):
        assert (LEDGER[column] != "").all(), f"{column} is empty for a claim"


def test_chapters_of_tested_claims_exist():
    stems = {page.stem for page in pages()}
    tested = LEDGER[LEDGER["id"].isin(claims.TESTS)]
    assert set(tested["chapter"]) <= stems
    assert (ROOT / "chapters").is_dir()


def test_an_untested_claim_says_so():
    assert claims.result("no such claim") == ("", "not yet tested")


@pytest.mark.parametrize(
    ("shares", "verdict"),
    [
        ([0.7, 0.9], "holds"),
        ([0.7, 0.6], "holds in part"),
        ([0.4, 0.6], "holds in part"),
        ([0.4, 0.1], "does not hold"),
    ],
)
def test_verdict_of_shares(shares, verdict):
    assert rules.verdict_of_shares(shares) == verdict


def test_verdict_of_parts():
    assert rules.verdict_of_parts(True, True) == "holds"
    assert rules.verdict_of_parts(False, True) == "holds in part"
    assert rules.verdict_of_parts(False, False) == "does not hold"


def test_every_source_weighs_the_same():
    table = pd.DataFrame({"source": ["a"] * 9 + ["b"], "are": [0.1] * 9 + [0.5]})
    assert studies.over_studies(table, "are") == pytest.approx(0.3)
    assert studies.share_over_studies(table, table["are"] < 0.2) == pytest.approx(0.5)


def test_trail_evidence():
    """One row a family, loss kind and estimator; the errors of GPT-3 as the chapter tells them."""
    table = checkpoints.trail_evidence()
    assert not table.duplicated([*studies.KEYS, "method"]).any()
    gpt3 = table[(table["family"] == "gpt3") & (table["loss_kind"] == "validation")]
    ours = gpt3.set_index("method").loc["our fit"]
    assert 0.02 < ours["all"] < 0.05
    assert ours["last"] > 2 * ours["all"]
    overtrain = table[(table["source"] == "overtrain") & (table["method"] == "our fit")]
    assert (overtrain["lengths"] > 100).all()
    assert (overtrain["last"] < overtrain["all"]).mean() > 0.5


def test_early_evidence():
    """The cut decides the paper's estimator on Pythia v1, and hardly moves ours."""
    table = checkpoints.early_evidence().set_index(["family", "loss_kind", "method"])
    paper = table.loc[("pythia-v1", "lambada-last-word", "the paper's fit")]
    ours = table.loc[("pythia-v1", "lambada-last-word", "our fit")]
    assert paper["none"] > 5 * paper["10B"]
    assert ours["none"] < 1.5 * ours["10B"]


def test_objectives_are_compared_where_it_matters():
    """Four objectives on three kinds of real rows and three of made-up noise; outliers decide."""
    table = fooled.objectives_table()
    assert list(table.index) == list(OBJECTIVES)
    assert table.shape == (4, 6)
    assert table.notna().all(axis=None)
    assert table["made up: outliers"].loc[["ls", "ls-log"]].min() > 0.015
    assert (
        table.loc[["huber-log", "huber-scaled"]].filter(like="made up").max(axis=None)
        < 0.015
    )
    robust = table.loc["huber-scaled"] / table.loc["huber-log"]
    assert (
        robust["made up: clean"] < 0.95
    )  # a threshold of a thousandth wastes clean rows
    assert robust.filter(like="real").between(0.8, 1.1).all()


@pytest.mark.parametrize("claim", sorted(claims.TESTS))
def test_verdicts_follow(claim):
    value, verdict = claims.result(claim)
    assert verdict in rules.VERDICTS
    assert verdict != "not yet tested"
    assert any(letter.isdigit() for letter in value), "our value has a number"
