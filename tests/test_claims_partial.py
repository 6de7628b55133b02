"""Training the target part of the way: the evidence, and the rule on made-up tables."""

import numpy as np
import pandas as pd
import pytest

from experiments import partial, studies

KEYS = [*studies.KEYS, "share", "method"]
TOLERANCE = (
    0.03  # of a share of families: one family of a study of six, among nine studies
)


@pytest.fixture(scope="module")
def scores():
    return partial.partial_evidence()


def table(part, n_part=3):
    """A target of 1000 (in units of 1e7) with a part, and a smaller finished run of its shape."""
    steps = np.arange(1, 11) * 1e10
    curve = 2.0 + 3.0 * np.exp(-steps / 4e10)
    small = pd.DataFrame(
        {"run": "s", "model": "s", "num_params": 1e9, "tokens_seen": steps / 2}
    )
    large = pd.DataFrame(
        {"run": "l", "model": "l", "num_params": 1e10, "tokens_seen": steps}
    )
    small, large = small.assign(loss=curve), large.assign(loss=0.8 * curve)
    return pd.concat([small, large.iloc[:n_part] if part else large], ignore_index=True)


def test_same_shape_gives_a_shape_back():
    """Two runs that differ by a factor, one twice as long: the forecast is exact."""
    whole = table(part=False).query("run == 'l'")
    asked = whole["tokens_seen"].to_numpy()[3:]
    found = partial.same_shape(table(part=True), None, asked)
    np.testing.assert_allclose(found, whole["loss"].to_numpy()[3:], rtol=1e-12)


def test_the_part_is_the_targets_own_run_and_shares_are_of_its_whole_length():
    runs = table(part=False).assign(source="a", family="b", loss_kind="c")
    both = partial.with_part(runs)
    assert set(both["run"]) == {"s", "l", partial.PART}
    seen = partial.seen(both[both["run"] != "l"], part=0.3, small=1, sizes=["s"])
    assert seen.loc[seen["run"] == partial.PART, "tokens_seen"].max() == 3e10
    assert seen.loc[seen["run"] == "s", "tokens_seen"].max() == 5e10
    none = partial.seen(both[both["run"] != "l"], part=0.0)
    assert none.empty


def test_evidence_is_complete_and_fair(scores):
    """One row a family, share and method; nothing costs more FLOPs than it may."""
    assert not scores.duplicated(KEYS).any()
    count = scores.groupby(studies.KEYS).size()
    assert len(count) == 33
    assert set(count) == {7 * len(partial.SHARES)}
    same = scores[
        scores["method"].isin([partial.PART, partial.TO_END, partial.PART_WAY])
    ]
    assert (same["flops_share"] <= same["share"] + 1e-9).all()


def test_values_of_the_chapter(scores):
    part, shape = (partial.within(scores, m) for m in (partial.PART, partial.SHAPE))
    assert part[0.3] == pytest.approx(0.43, abs=TOLERANCE)
    assert part[0.4] == pytest.approx(0.65, abs=TOLERANCE)
    assert part[0.5] == pytest.approx(0.76, abs=TOLERANCE)
    assert shape[0.3] == pytest.approx(0.875, abs=TOLERANCE)
    assert shape[0.4] == pytest.approx(1.0, abs=TOLERANCE)
    ways = [partial.within(scores, m)[0.3] for m in (partial.TO_END, partial.PART_WAY)]
    assert ways == pytest.approx([0.33, 0.49], abs=2 * TOLERANCE)


def test_borrowed_term_spoils_the_law_on_a_tiny_run(scores):
    """The borrowed size term alone is several times the loss: no share is enough."""
    tiny = scores[scores["source"] == "ladder"].set_index("method")["are"]
    assert tiny[partial.PART].dropna().min() > 1
    assert tiny[partial.SHAPE].max() < 0.05
    published = partial.within(scores[scores["source"] != "ladder"], partial.PART)
    assert [published[0.3], published[0.5]] == pytest.approx(
        [0.49, 0.85], abs=TOLERANCE
    )


def test_falling_rates_make_forecasts_too_high():
    """What the chapter says about single runs whose learning rate falls, and of a constant one."""
    single = partial.single_evidence()
    part = single[
        (single["method"] == partial.PART) & (single["share"] == partial.CLAIMED)
    ]
    falling = part[part["schedule"].isin(["cosine", "linear", "wsd", "two-stage"])]
    assert (falling["signed_error"] > 0).all()
    middle = (
        part[part["source"] == "schedules"].groupby("schedule")["signed_error"].median()
    )
    assert 100 * middle["cosine"] == pytest.approx(2.3, abs=0.3)
    assert 100 * middle["constant"] == pytest.approx(0.7, abs=0.2)


@pytest.mark.parametrize(
    ("errors", "verdict"),
    [
        ([0.01, 0.04, 0.2], "holds"),
        ([0.01, 0.2, np.nan], "holds in part"),
        ([0.2, np.nan, 0.06], "does not hold"),
    ],
)
def test_verdict_follows_the_rule(monkeypatch, errors, verdict):
    """A family without a forecast counts as a miss; every source weighs the same."""
    rows = [
        {"source": f"s{i}", "method": partial.PART, "share": q, "are": are}
        for i, are in enumerate(errors)
        for q in partial.SHARES
    ]
    monkeypatch.setattr(partial, "partial_evidence", lambda: pd.DataFrame(rows))
    assert partial.TESTS["partial"]()[1] == verdict
