"""A hundred tables that nobody should fit: a named error or an honest status."""

import numpy as np
import pandas as pd
import pytest
from surfaces import table

from hitchhiker import DataError, fit, fit_many

REFUSED = {
    "nan loss": lambda t: t.assign(loss=t["loss"].where(t.index > 0)),
    "nan tokens": lambda t: t.assign(tokens_seen=t["tokens_seen"].where(t.index > 0)),
    "nan size": lambda t: t.assign(num_params=t["num_params"].where(t.index > 0)),
    "negative loss": lambda t: t.assign(loss=-t["loss"]),
    "zero loss": lambda t: t.assign(loss=t["loss"] * (t.index > 0)),
    "infinite loss": lambda t: t.assign(loss=np.inf),
    "zero tokens": lambda t: t.assign(tokens_seen=0),
    "negative size": lambda t: t.assign(num_params=-1e9),
    "words for losses": lambda t: t.assign(loss="low"),
    "numbers as text": lambda t: t.assign(loss=t["loss"].astype(object)),
    "billions": lambda t: t.assign(num_params=t["num_params"] / 1e9),
    "tokens in billions": lambda t: t.assign(tokens_seen=t["tokens_seen"] / 1e9),
    "no loss": lambda t: t.drop(columns="loss"),
    "other names": lambda t: t.rename(columns={"num_params": "N", "tokens_seen": "D"}),
    "twice": lambda t: pd.concat([t, t], ignore_index=True),
    "mixed kinds": lambda t: t.assign(loss_kind=["train", "test"] * (len(t) // 2)),
    "a dict": lambda t: t.to_dict("list"),
    "nothing": lambda t: None,
    "a list": lambda t: t.to_numpy().tolist(),
    "empty": lambda t: t.head(0),
    "1e30 tokens": lambda t: t.assign(tokens_seen=t["tokens_seen"] * 1e19),
}

DOUBTED = {
    "one row": lambda t: t.head(1),
    "two rows": lambda t: t.head(2),
    "four rows": lambda t: t.iloc[[0, 9, 18, 27]],
    "one run": lambda t: t[t["run"] == "run-0"],
    "two sizes": lambda t: t[t["run"].isin(["run-0", "run-3"])],
    "one token count": lambda t: t.groupby("run").tail(1),
    "constant loss": lambda t: t.assign(loss=3.0),
    "sizes do nothing": lambda t: t.assign(loss=2 + 1e3 / t["tokens_seen"] ** 0.3),
    "tokens do nothing": lambda t: t.assign(loss=2 + 1e3 / t["num_params"] ** 0.3),
    "rising in size": lambda t: t.assign(loss=1 + 1e-9 * t["num_params"] ** 0.9),
    "rising in tokens": lambda t: t.assign(loss=1 + 1e-9 * t["tokens_seen"] ** 0.9),
    "identical runs": lambda t: t.assign(
        num_params=1e9, loss=2 + 1e3 / t["tokens_seen"] ** 0.3
    ),
}

SURVIVED = {
    "a strange index": lambda t: t.set_index(np.full(len(t), 7)),
    "index of text": lambda t: t.set_index(t["run"] + t["tokens_seen"].astype(str)),
    "integers": lambda t: t.assign(
        num_params=t["num_params"].astype(int), tokens_seen=t["tokens_seen"].astype(int)
    ),
    "an exa of tokens": lambda t: t.assign(tokens_seen=t["tokens_seen"] * 3e6),
    "tiny losses": lambda t: t.assign(loss=t["loss"] * 1e-12),
    "huge losses": lambda t: t.assign(loss=t["loss"] * 1e12),
    "one outlier": lambda t: t.assign(loss=t["loss"].where(t.index != 5, 50.0)),
    "float32": lambda t: t.astype({"loss": "float32"}),
    "categories": lambda t: t.assign(run=t["run"].astype("category")),
    "shuffled": lambda t: t.sample(frac=1, random_state=0),
    "further columns": lambda t: t.assign(note="x", other=np.nan),
}
FORCED = (  # survived and doubted only by who insists
    "rising in size",
    "rising in tokens",
    "an exa of tokens",
    "tiny losses",
    "huge losses",
)
SEEDS = (0, 1, 2)


def hostile(change, seed):
    return change(table(noise=0.003 * seed, seed=seed))


@pytest.mark.parametrize("seed", SEEDS[:2])
@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_a_name(name, seed):
    with pytest.raises((DataError, ValueError)) as caught:
        fit(hostile(REFUSED[name], seed))
    assert len(str(caught.value)) > 20


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", DOUBTED)
def test_doubted_in_words(name, seed):
    found = fit(hostile(DOUBTED[name], seed), force=True)
    assert found.status != "ok"
    assert found.warnings
    assert found.summary()


@pytest.mark.parametrize("name", DOUBTED)
def test_a_threshold_from_residuals_doubts_as_much(name):
    found = fit(hostile(DOUBTED[name], 1), objective="huber-scaled", force=True)
    assert found.status != "ok"
    assert found.warnings


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", SURVIVED)
def test_survived(name, seed):
    runs = hostile(SURVIVED[name], seed)
    found = fit(runs, force=True)
    assert found.status in ("ok", "at_bound")
    loss = found.predict(
        runs["num_params"].to_numpy(float), runs["tokens_seen"].to_numpy(float)
    )
    assert np.median(np.abs(loss / runs["loss"].to_numpy() - 1)) < 0.02


@pytest.mark.parametrize("name", [*DOUBTED, *SURVIVED])
def test_what_can_hardly_be_meant_needs_force(name):
    runs = hostile((DOUBTED | SURVIVED)[name], 1)
    if name not in FORCED:
        fit(runs)
        return
    with pytest.raises(DataError, match="go on with --force"):
        fit(runs)


def test_a_problem_without_weight_says_so_and_spares_the_others():
    runs = table()
    fits = fit_many(runs, weights=np.array([np.zeros(len(runs)), np.ones(len(runs))]))
    assert fits[0].status in ("too_few_points", "failed")
    assert fits[1].status == "ok"


def test_there_are_a_hundred():
    count = 2 * len(REFUSED) + len(SEEDS) * (len(DOUBTED) + len(SURVIVED))
    assert count >= 100
