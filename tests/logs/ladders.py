"""Ladders of runs that follow one law, as tables: the truth behind every log."""

import numpy as np
import pandas as pd

from hitchhiker import ScalingLaw

LAW = ScalingLaw(E=1.8172, A=482.01, alpha=0.3478, B=2085.43, beta=0.3658)
TARGET = (1.3e9, 26e9)
TRUTH = 2.466  # of the law at the target
BATCH = 2**19  # tokens of a step
EVERY = 1000  # steps from checkpoint to checkpoint
GPTS = {"gpt-125M": 125e6, "gpt-350M": 350e6, "gpt-760M": 760e6}
LETTERS = {"run-a": 85e6, "run-b": 170e6, "run-c": 340e6, "run-d": 680e6}
NANO = {"nano_44m": 44e6, "nano_92m": 92e6}
HELD_OUT_ABOVE = 0.05  # nats, a held-out loss over the training loss


def ladder(sizes=None, rows=8, *, batch=BATCH, seed=0):
    """Checkpoints of each run, a tenth of a percent around the law.

    Columns ``run, num_params, step, tokens_seen, loss, val``; ``val`` is a loss on held
    out text, a little above.
    """
    random = np.random.default_rng(seed)
    tables = []
    for name, size in (sizes or GPTS).items():
        step = EVERY * np.arange(1, rows + 1)
        noise = 1 + 0.001 * random.standard_normal(rows)
        loss = (LAW.predict(size, step * batch) * noise).round(4)
        columns = {
            "run": name,
            "num_params": int(size),
            "step": step,
            "tokens_seen": step * batch,
            "loss": loss,
            "val": (loss + HELD_OUT_ABOVE).round(4),
        }
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def final_rows(runs):
    """The last checkpoint of each run."""
    return runs.groupby("run", sort=False).tail(1).reset_index(drop=True)


def every_other(runs):
    """Every second checkpoint of each run, where a held-out loss is measured."""
    return runs[(runs["step"] + 1) // EVERY % 2 == 0]  # Lightning's are one lower


def held_out(runs):
    """The truth of a log whose held-out loss is the one that counts."""
    return every_other(runs).assign(loss=lambda t: t["val"])


def with_eval(runs, train, held, *, apart, name="run_name"):
    """Rows with a training loss at each step and a held-out one at every second.

    ``apart``: the held-out losses have rows of their own, as trainers write them.
    """
    base = runs.rename(columns={"run": name, "loss": train})[[name, "step", train]]
    other = every_other(runs).rename(columns={"run": name, "val": held})
    other = other[[name, "step", held]]
    if not apart:
        return base.merge(other, on=[name, "step"], how="left")
    both = pd.concat([base, other])
    return both.sort_values("step", kind="stable").sort_values(
        name, kind="stable", key=lambda c: c.map(list(runs["run"].unique()).index)
    )


def wide(runs, metrics, *, axis="Step", between=" - ", by="step"):
    """A column a run and metric; ``metrics``: our column by the tracker's name."""
    columns = {axis: sorted(runs[by].unique())}
    for run, rows in runs.groupby("run", sort=False):
        for metric, ours in metrics.items():
            values = rows.set_index(by)[ours].reindex(columns[axis])
            title = f"{run}{between}{metric}" if metric else run
            columns[title] = values.to_numpy()
    return pd.DataFrame(columns)


def long(runs, metrics, *, metric="metric", value="value", run="run_name", key="{}"):
    """A row a run, step and metric, the metrics alternating."""
    parts = [
        pd.DataFrame(
            {
                run: runs["run"],
                "order": range(len(runs)),
                metric: key.format(theirs),
                "step": runs["step"],
                value: runs[ours] if isinstance(ours, str) else ours,
            }
        )
        for theirs, ours in metrics.items()
    ]
    rows = pd.concat(parts).sort_values("order", kind="stable")
    return rows.drop(columns="order").reset_index(drop=True)
