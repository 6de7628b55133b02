"""Counters: steps of two kinds, counters that begin again, tokens said once."""

import numpy as np
import pandas as pd

from .cases import Case, Warned, asks, either, right
from .ladders import BATCH, GPTS, LETTERS, NANO, final_rows, ladder
from .writers import array, csv, jsonl

STEPS = {"batch_tokens": BATCH}


def two_steps():
    """A counter of log lines beside one of training steps."""
    runs = ladder(seed=21)
    line = runs.groupby("run").cumcount()
    base = runs[["run", "loss"]].rename(columns={"run": "name"})
    for label, counter, step, write in (
        ("wandb", "_step", "trainer/global_step", csv),
        ("wandb-jsonl", "_step", "trainer/global_step", jsonl),
        ("train", "_step", "train/global_step", csv),
        ("plain", "_step", "step", csv),
        ("array", "_step", "global_step", array),
        ("iteration", "_step", "iteration", csv),
        ("chart", "Step", "trainer/global_step", csv),
        ("iter", "_step", "iter", csv),
    ):
        for scale in (1, 20):
            table = base.assign(**{counter: line * scale, step: runs["step"]})
            ending = {csv: "csv", jsonl: "jsonl", array: "json"}[write]
            yield Case(
                f"{label}-{scale}",
                {f"history.{ending}": write(table.assign(_runtime=line * 9.5))},
                right(runs, step, rf"(^|\W){counter}\b"),
                STEPS,
            )
    table = base.assign(_step=runs["step"], step=runs["step"])
    yield Case("equal", {"a.csv": csv(table)}, right(runs), STEPS)
    table = base.assign(_step=line, tokens=runs["tokens_seen"], step=runs["step"])
    yield Case("tokens-first", {"a.csv": csv(table)}, right(runs))
    table = base.assign(_step=runs["step"], **{"trainer/global_step": line + 1})
    yield Case(
        "mapped",
        {"a.csv": csv(table)},
        right(runs),
        STEPS | {"columns": {"_step": "step"}},
    )


def _rewound(runs, *places):
    """Tokens as a counter writes them that begins again after these rows."""
    place = runs.groupby("run").cumcount()
    before = pd.Series(0, index=runs.index)
    for first in places:
        seen = runs["tokens_seen"].where(place == first - 1)
        total = seen.groupby(runs["run"]).transform("max")
        before = before.where(place < first, total.fillna(0))
    return (runs["tokens_seen"] - before).astype(int)


def counter_restarts():
    """Counters that begin again while the training goes on."""
    runs = ladder(rows=10, seed=22)
    table = runs.drop(columns=["val", "num_params"])
    for label, places, step, tokens in (
        ("once", (5,), "step", "n_tokens"),
        ("twice", (3, 7), "step", "tokens"),
        ("early", (1,), "_step", "tokens_seen"),
        ("late", (9,), "global_step", "num_tokens"),
        ("often", (2, 4, 6, 8), "iteration", "train_tokens"),
        ("capitals", (5,), "Step", "Tokens"),
    ):
        broken = table.assign(tokens_seen=_rewound(runs, *places))
        names = {"step": step, "tokens_seen": tokens}
        files = {"a.csv": csv(broken.rename(columns=names))}
        yield Case(label, files, right(runs, "added|before|counter"))
        bare = broken.drop(columns="step").rename(columns=names)
        yield Case(f"{label}-no-step", {"a.jsonl": jsonl(bare)}, asks("gpt-125M"))
    one = runs["run"] == "gpt-350M"
    broken = table.assign(tokens_seen=_rewound(runs, 5).where(one, runs["tokens_seen"]))
    yield Case("of-one-run", {"a.csv": csv(broken)}, right(runs, "gpt-350M"))
    shuffled = table.sample(frac=1, random_state=2)
    yield Case("only-shuffled", {"a.csv": csv(shuffled)}, right(runs))
    yield Case("newest-first", {"a.csv": csv(table[::-1])}, right(runs))
    place = runs.groupby("run").cumcount()
    began = table.assign(loss=(table["loss"] * 1.01).round(4))[place.between(4, 6)]
    again = pd.concat([table[place < 4], began, table[place >= 4]])
    order = again["run"].map(list(GPTS).index)
    again = again.iloc[np.argsort(order.to_numpy(), kind="stable")]
    yield Case("restart", {"a.csv": csv(again)}, right(runs, "restart"))
    copies = pd.concat([table, table[place == 3]])
    yield Case("copies", {"a.csv": csv(copies)}, right(runs, "3 |three"))
    each = table.assign(tokens_seen=BATCH)
    yield Case(
        "tokens-of-a-step",
        {"a.csv": csv(each)},
        either(right(runs, "token"), asks("token")),
    )
    curve = table.drop(columns="tokens_seen")
    curves = pd.concat([curve, curve.assign(loss=curve["loss"] + 0.2)])
    yield Case("two-curves", {"a.csv": csv(curves)}, asks("gpt-125M"), STEPS)
    curves = curves.sort_values(["run", "step"], kind="stable")
    yield Case("two-curves-mixed", {"a.csv": csv(curves)}, asks("gpt-125M"), STEPS)


def one_token_count():
    """Tables without steps: every run saw the same tokens, said once."""
    tokens = 300e9
    rows = final_rows(ladder(LETTERS, batch=300e9 / 8000, seed=23))
    rows = rows.assign(tokens_seen=tokens)
    plain = rows[["run", "num_params", "loss"]]
    named = plain.rename(columns={"run": "model_name", "loss": "val_loss"})
    ppl = named.assign(perplexity=np.exp(named["val_loss"])).drop(columns="val_loss")
    each = {name: tokens for name in LETTERS}
    yield Case("all", {"a.csv": csv(plain)}, right(rows), {"tokens_seen": tokens})
    yield Case("each", {"a.csv": csv(plain)}, right(rows), {"tokens_seen": each})
    yield Case("named", {"a.csv": csv(named)}, right(rows), {"tokens_seen": tokens})
    yield Case("jsonl", {"a.jsonl": jsonl(named)}, right(rows), {"tokens_seen": each})
    yield Case(
        "perplexity",
        {"results.csv": csv(ppl.assign(tokens_per_second=[24, 20, 15, 11]))},
        right(rows, "perplexity"),
        {"tokens_seen": tokens},
    )
    for words in (("300B",), ("300e9",), ("300,000,000,000",), ("300 billion",)):
        typed = ("--tokens-seen", *words)
        label = f"words-{words[0].replace(' ', '-').replace(',', '_')}"
        yield Case(label, {"a.csv": csv(plain)}, right(rows), words=typed)
    typed = [w for name in LETTERS for w in ("--tokens-seen", f"{name}=0.3T")]
    yield Case("words-each", {"a.csv": csv(plain)}, right(rows), words=tuple(typed))
    other = rows.assign(tokens_seen=[tokens, 150e9, tokens, tokens])
    yield Case(
        "words-but-one",
        {"a.csv": csv(plain)},
        right(other),
        words=("--tokens-seen", "300B", "--tokens-seen", "run-b=150B"),
    )
    yield Case("untold", {"a.csv": csv(plain)}, asks("tokens-seen|tokens_seen"))
    yield Case(
        "untold-perplexity", {"a.csv": csv(ppl)}, asks("tokens-seen|tokens_seen")
    )
    part = {name: tokens for name in ("run-a", "run-b")}
    yield Case("missing", {"a.csv": csv(plain)}, asks("run-c"), {"tokens_seen": part})


def repeated_epochs():
    """Tokens of a text that is read several times."""
    for label, column, most, warned in (
        ("twenty", "epoch", 20, True),
        ("four", "Epoch", 4, True),
        ("a-half-more", "train/epoch", 1.5, True),
        ("two", "epochs", 2, True),
        ("nine", "trainer/epoch", 9, True),
        ("within-one", "epoch", 0.9, False),
        ("just-one", "epoch", 1.0, False),
    ):
        runs = ladder(seed=24).drop(columns="val")
        share = runs["step"] / runs["step"].max()
        table = runs.assign(**{column: (most * share).round(3)})
        words = r"epoch.*(repeat|again|more than|times|pass|new)|repeat.*epoch"
        expect = Warned((words if warned else "repeat",), absent=not warned)
        for form, write in (("csv", csv), ("jsonl", jsonl)):
            files = {f"a.{form}": write(table)}
            yield Case(f"{label}-{form}", files, expect, call="forecast")


def warm_restarts():
    """Learning rates that rise again: losses go up and down, and all is read."""
    for label, names, jumps in (
        ("once", GPTS, (4,)),
        ("twice", LETTERS, (3, 6)),
        ("thrice", NANO, (2, 4, 6)),
    ):
        runs = ladder(names, rows=9, seed=25)
        place = runs.groupby("run").cumcount()
        up = 1 + 0.04 * sum(np.exp(j - place) * (place >= j) for j in jumps)
        runs = runs.assign(loss=(runs["loss"] * up).round(4))
        full = runs.drop(columns=["val", "step"])
        for form, content in (
            ("csv", csv(full)),
            ("tsv", csv(full, "\t")),
            ("jsonl", jsonl(full)),
            ("json", array(full)),
        ):
            yield Case(f"{label}-{form}", {f"a.{form}": content}, right(runs))
