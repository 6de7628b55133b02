"""Training the target part of the way: the evidence, and the rule on made-up tables."""

import numpy as np
import pandas as pd
import pytest

from experiments import partial, studies

KEYS = [*studies.KEYS, "share", "method"]


@pytest.fixture(scope="module")
def scores():
    return partial.partial_evidence()


def table(part, n_part=3):
    """A target with a part of its run, and a smaller finished run of its shape."""
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
    forecast = partial.same_shape(table(part=True), None, asked)
    np.testing.assert_allclose(forecast, whole["loss"].to_numpy()[3:], rtol=1e-12)


def test_the_part_is_the_targets_own_run_and_shares_are_of_its_whole_length():
    runs = table(part=False).assign(source="a", family="b", loss_kind="c")
    both = partial.with_part(runs)
    assert set(both["run"]) == {"s", "l", partial.PART_RUN}
    seen = partial.rows_seen(both[both["run"] != "l"], part=0.3, small=1, sizes=["s"])
    assert seen.loc[seen["run"] == partial.PART_RUN, "tokens_seen"].max() == 3e10
    assert seen.loc[seen["run"] == "s", "tokens_seen"].max() == 5e10
    none = partial.rows_seen(both[both["run"] != "l"], part=0.0)
    assert none.empty


def test_evidence_is_complete_and_fair(scores):
    """One row a family, share and method; nothing costs more FLOPs than it may."""
    assert not scores.duplicated(KEYS).any()
    count = scores.groupby(studies.KEYS).size()
    assert set(count) == {7 * len(partial.TARGET_SHARES)}
    same = scores[
        scores["method"].isin(
            [partial.LAW_ON_PART, partial.SMALL_TO_END, partial.SMALL_PART_WAY]
        )
    ]
    assert (same["flops_share"] <= same["share"] + 1e-9).all()


def test_a_shape_needs_less_of_the_target_than_a_law(scores):
    part, shape = (
        partial.within(scores, m) for m in (partial.LAW_ON_PART, partial.SMALLER_SHAPE)
    )
    assert part[0.3] < part[0.4] < part[0.5] < 0.9
    assert part[0.3] < 1 / 2
    assert all(shape[q] > part[q] for q in (0.3, 0.4, 0.5))
    assert shape[0.4] == 1


def test_borrowed_term_spoils_the_law_on_a_tiny_run(scores):
    """The borrowed size term alone is several times the loss: no share is enough."""
    tiny = scores[scores["source"] == "ladder"].set_index("method")["are"]
    assert tiny[partial.LAW_ON_PART].dropna().min() > 1
    assert tiny[partial.SMALLER_SHAPE].max() < 0.05
    published = partial.within(
        scores[scores["source"] != "ladder"], partial.LAW_ON_PART
    )
    assert published[0.3] < 1 / 2 < published[0.5]


def test_falling_rates_make_forecasts_too_high():
    """Of single runs; most where the learning rate falls along a cosine."""
    single = partial.single_evidence()
    is_part = single["method"] == partial.LAW_ON_PART
    part = single[is_part & (single["share"] == partial.CLAIMED)]
    falling = part[part["schedule"].isin(["cosine", "linear", "wsd", "two-stage"])]
    assert (falling["signed_error"] > 0).all()
    study = part[part["source"] == "schedules"].groupby("schedule")["signed_error"]
    assert study.median()["cosine"] > 2 * study.median()["constant"]


@pytest.mark.parametrize(
    ("errors", "verdict"),
    [
        ([0.01, 0.04, 0.2], "holds"),
        ([0.01, 0.2, np.nan], "holds in part"),
        ([0.2, np.nan, 0.06], "does not hold"),
    ],
)
def test_verdict_follows_the_rule(errors, verdict):
    """A family without a forecast counts as a miss; every source weighs the same."""
    rows = [
        {"source": f"s{i}", "method": partial.LAW_ON_PART, "share": q, "are": are}
        for i, are in enumerate(errors)
        for q in partial.TARGET_SHARES
    ]
    assert partial.CLAIMS[0].result(pd.DataFrame(rows))[1] == verdict
