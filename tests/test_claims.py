"""The ledger of claims: complete, its words from its limits, verdicts that follow."""

from dataclasses import replace
from string import Formatter

import numpy as np
import pandas as pd
import pytest

from experiments import claims, rules
from experiments.rules import STRICTLY_BELOW_ONE, in_words, margin
from experiments.studies import share_over_studies
from hitchhiker.runs.data import read_table
from tools.book import ROOT, pages

LEDGER = read_table("claims").fillna("")
EVERY = list(claims.CLAIMS.values())


def named(claim):
    return claim.id


@pytest.fixture(scope="module")
def families():
    return claims.families()


def test_every_claim_has_words_a_number_and_an_object():
    assert not LEDGER.duplicated("id").any()
    for column in ("claim", "where", "paper_value", "chapter"):
        assert (LEDGER[column] != "").all(), f"{column} is empty for a claim"
    assert list(LEDGER["id"]) == list(claims.CLAIMS)


def test_chapters_of_claims_exist():
    assert set(LEDGER["chapter"]) <= {page.stem for page in pages()}
    assert (ROOT / "chapters").is_dir()


def test_an_untested_claim_says_so():
    assert claims.result("no such claim") == ("", "not yet tested")


@pytest.mark.parametrize("claim", EVERY, ids=named)
def test_words_name_every_limit(claim):
    """A limit that no sentence prints would be known to the code only."""
    fields = Formatter().parse(claim.rule + claim.asks)
    printed = {name.split("[")[0] for _, name, _, _ in fields if name}
    silent = {name for name, v in claim.limits.items() if v == STRICTLY_BELOW_ONE}
    assert printed | silent == set(claim.limits)
    assert "{" not in claim.rule_in_words() + claim.asks_in_words()


@pytest.mark.parametrize("claim", EVERY, ids=named)
def test_verdicts_follow(claim):
    value, verdict = claim.result()
    assert verdict in rules.VERDICTS[:3]
    assert any(letter.isdigit() for letter in value), "our value has a number"


@pytest.mark.parametrize("limit", [0.3, 0.31])
def test_a_limit_decides_words_verdict_and_margin(limit):
    """One number, three uses."""
    table = pd.DataFrame({"source": ["a"], "value": [0.3]})
    claim = rules.Claim(
        id="made up",
        name="Made up",
        asks="{least:percent} or more",
        rule="Holds if it is at least {least:percent}",
        limits={"least": limit},
        evidence=lambda: table,
        judge=lambda t, limits: ("", str(t["value"].min() >= limits["least"])),
        families=lambda t, limits: t.assign(low=limits["least"]),
    )
    assert claim.rule_in_words() == f"Holds if it is at least {100 * limit:.0f} %"
    assert claim.result()[1] == str(limit == 0.3)
    assert claim.by_family()["meets"].tolist() == [limit == 0.3]
    stricter = replace(claim, limits={"least": 0.9})
    assert not stricter.by_family()["meets"].any()
    better = claim.by_family(table.assign(value=0.6))["margin"].item()
    assert better == pytest.approx(0.6 / limit)


def test_in_words():
    limits = {"some": (0.02, 0.06), "sizes": (1e9, 2.5e9), "share": 1 / 3, "at": 1e11}
    template = "{some:points} %, {sizes:billions}, {share:fraction},\n   {at:power}"
    assert in_words(template, limits) == "2 and 6 %, 1B and 2.5B, 1/3, 1e11"
    assert in_words("{half:word} of {five:word}", {"half": 0.5, "five": 5}) == (
        "half of five"
    )


def test_margin():
    """Least value, most value, a band, and no value at all."""
    rows = [
        (0.2, 0.1, np.nan),
        (0.2, np.nan, 0.1),
        (0.04, 0.02, 0.06),
        (np.nan, np.nan, 0.1),
        (0.0, np.nan, 0.1),
        (0.0, 0.4, np.nan),
    ]
    value, low, high = np.array(rows).T
    times = margin(value, low, high)
    assert times == pytest.approx([2.0, 0.5, 1.5, 0.0, np.inf, 0.0])


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
    assert rules.verdict_of_shares(shares, holds=2 / 3, fails=1 / 2) == verdict


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(0.4, "holds"), (0.3, "holds in part"), (0.25, "does not hold")],
)
def test_verdict_of_value(value, verdict):
    assert rules.verdict_of_value(value, holds=0.4, fails=0.25) == verdict


def test_verdict_of_parts():
    assert rules.verdict_of_parts(True, True) == "holds"
    assert rules.verdict_of_parts(False, True) == "holds in part"
    assert rules.verdict_of_parts(False, False) == "does not hold"


def test_families(families):
    """Every claim is there, and none is true of every family or false of all."""
    assert list(families["id"].unique()) == list(claims.CLAIMS)
    assert not families["margin"].isna().any()
    assert (families["meets"] == (families["margin"] >= 1)).all()
    met = families.dropna(subset="source").groupby("id")["meets"].mean()
    assert ((met > 0) & (met < 1)).all(), "the chapter says so"


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ("partial", "within 5 % are {} of families"),
        ("checkpoints", "{method}: better in {} of families"),
        ("early", "{method}: better in {} of families"),
        ("down", "{method}: {} of families within 10 %"),
    ],
)
def test_a_rule_about_a_share_of_families_is_that_of_its_families(
    families, claim, words
):
    value = claims.result(claim)[0]
    rows = families[families["id"] == claim]
    for method, part in rows.groupby("method"):
        share = rules.in_percent(share_over_studies(part, part["meets"]), ".0f")
        assert words.format(share, method=method) in value


def test_by_study():
    table = pd.DataFrame(
        {
            "id": ["a", "a", "b"],
            "source": ["x", "x", None],
            "meets": [True, False, True],
        }
    )
    assert claims.by_study(table).to_dict() == {"a": {"x": 0.5}}
