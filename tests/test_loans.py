"""Loans: the drop of the size term, who lends, what is lent against alternatives."""

import numpy as np
import pandas as pd
import pytest

from experiments import borrow, loans, studies
from hitchhiker import ScalingLaw, fit, load_runs, selection
from hitchhiker.evaluation.methods import BORROWED
from hitchhiker.laws import PARAMETERS


def single(source, end, **names):
    """Return one size of a family, its beginning left out."""
    return selection.early_cut(selection.window(load_runs(source, **names), 1, end))


@pytest.mark.parametrize(("source", "end"), [("opt", 3), ("opt", 5), ("gpt3", 6)])
def test_borrowing_is_a_curve_less_a_drop(source, end):
    one = single(source, end, loss_kind="validation")
    n, target = one["num_params"].iloc[0], (175e9, 280e9)
    by_hand = loans.curve_of_one_size(one).predict(n, target[1]) - loans.size_drop(
        **BORROWED, num_params=n, larger=target[0]
    )
    assert fit(one, fixed=BORROWED).predict(*target) == pytest.approx(by_hand, rel=1e-3)


def test_lenders():
    table = loans.lenders().set_index(["family", "loss_kind"])
    assert not table.index.has_duplicates
    lends = table[table["lends"]]
    assert (lends["A"] > 0).all()
    assert lends["alpha"].between(0.01, 2).all()
    assert not lends.index.get_level_values("family").str.contains("44ep").any()


def test_lending_evidence():
    table = loans.lending_evidence()
    borrowers = table.drop_duplicates(studies.KEYS)
    assert len(table) == len(borrowers) * loans.lenders()["lends"].sum()
    one = table[(table["family"] == "gpt3") & (table["lender_family"] == "chinchilla")]
    assert one["scale_up"].to_numpy() == pytest.approx([175 / 13] * len(one), rel=1e-6)
    lent = table[(table["family"] == "gpt3") & (table["lender_family"] == "gpt3")]
    assert (lent["absolute"] < lent["best_seen"] / 2).all()


def test_a_scaled_loan_knows_no_unit():
    """With A scaled to the loss a family in bits gets the same error as in nats."""
    lender, one = (
        loans.lenders().query("family == 'opt'").iloc[0],
        single("red_pajama", 1),
    )
    n, end = one["num_params"].iloc[0], one["tokens_seen"].max()
    law, forecasts = ScalingLaw(**lender[list(PARAMETERS)]), []
    for unit in (1.0, np.log(2)):
        curve = loans.curve_of_one_size(one.assign(loss=one["loss"] / unit))
        scale = curve.predict(n, end) / law.predict(n, end)
        less = scale * loans.size_drop(law.A, law.alpha, n, 6.7e9)
        forecasts.append(unit * (curve.predict(n, end) - less))
    assert forecasts[0] == pytest.approx(forecasts[1], rel=1e-6)


def test_groups_leave_out_loans_within_a_source():
    facts = {
        "arch": "decoder",
        "lender_arch": "decoder",
        "unit": "u",
        "lender_unit": "u",
    }
    rows = [("a", "a", 9.0), ("a", "b", 1.0), ("a", "b", 3.0), ("b", "a", 4.0)]
    table = pd.DataFrame(rows, columns=["lender_source", "source", "absolute"]).assign(
        relative=0.0, best_seen=0.0, **facts
    )
    groups = loans.lending_groups(table)
    assert groups[["lends", "borrows", "absolute"]].to_numpy().tolist() == [
        ["decoder, u", "decoder, u", 3.0]
    ]


def test_alternatives_share_their_targets():
    table = loans.alternatives_evidence()
    cells = table.groupby([*studies.KEYS, "scale_up"])["method"].nunique()
    assert (cells == 5).all()
    table = borrow.by_scale_up(table[table["unit"] == loans.NATS_PER_TOKEN])
    middle = table.groupby("method")["above"].median()
    assert middle["others' exponents"] < middle["borrowed"] < middle["best_seen"]
