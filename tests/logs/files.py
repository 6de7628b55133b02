"""One file a run, as TensorBoard, Hugging Face and Lightning write them."""

import json

import pandas as pd

from .cases import Case, asks, either, right
from .ladders import BATCH, GPTS, LETTERS, NANO, every_other, held_out, ladder
from .writers import csv, jsonl

STEPS = {"batch_tokens": BATCH}


def by_run(runs):
    """The rows of each run, by its name."""
    return {name: rows for name, rows in runs.groupby("run", sort=False)}


def scalars(rows, loss="loss"):
    """The CSV that TensorBoard hands out: wall time, step, value; from step 0."""
    table = pd.DataFrame({"Step": [0, *rows["step"]], "Value": [10.9, *rows[loss]]})
    table.insert(0, "Wall time", 1.69e9 + 1.7 * table["Step"])
    return csv(table, end="\r\n")


def tensorboard():
    """A download a run and tag, named by both, in three generations of names."""
    runs = ladder(seed=61)
    for label, title, tag in (
        ("dash", "run-{}-tag-{}.csv", "train_loss"),
        ("underscore", "run_{}-tag-{}.csv", "lm-loss-validation_lm loss validation"),
        ("comma", "run_{},tag_{}.csv", "loss"),
        ("copy", "run-{}-tag-{} (1).csv", "Loss_train"),
    ):
        files = {title.format(n, tag): scalars(r) for n, r in by_run(runs).items()}
        yield Case(f"{label}-files", files, right(runs), STEPS)
        below = {f"tb/{name}": content for name, content in files.items()}
        yield Case(f"{label}-folder", below, right(runs), STEPS, read=("tb",))
    plain = {f"{n}.csv": scalars(r) for n, r in by_run(runs).items()}
    yield Case("named-by-hand", plain, right(runs), STEPS)
    letters = ladder(LETTERS, rows=6, seed=62)
    plain = {f"run-{n}-tag-loss.csv": scalars(r) for n, r in by_run(letters).items()}
    options = STEPS | {"sizes": LETTERS}
    yield Case("sizes-given", plain, right(letters), options)
    yield Case("sizes-untold", plain, asks("run-a", "--size|run-a="), STEPS)
    dots = {f"{n}/run-.-tag-loss.csv": scalars(r) for n, r in by_run(runs).items()}
    yield Case("run-is-a-dot", dots, right(runs), STEPS)
    tags = {}
    for name, rows in by_run(runs).items():
        tags[f"run-{name}-tag-train_loss.csv"] = scalars(rows)
        tags[f"run-{name}-tag-val_loss.csv"] = scalars(every_other(rows), "val")
    asked = asks("train_loss", "val_loss", "--loss")
    expect = either(right(held_out(runs), "train_loss"), asked)
    yield Case("two-tags", tags, expect, STEPS)
    chosen = STEPS | {"loss": "val_loss"}
    yield Case("two-tags-chosen", tags, right(held_out(runs)), chosen)
    files = dict(list(plain.items())[:1])
    yield Case("no-batch", files, asks("batch.tokens"), {"sizes": {"run-a": 85e6}})
    one = {"run-gpt-125M-tag-loss.csv": scalars(by_run(runs)["gpt-125M"])}
    yield Case("one", one, right(runs[runs["run"] == "gpt-125M"]), STEPS)


def history(rows, *, evaluated=True, trained=True, tokens=False):
    """The log_history of the Hugging Face trainer, with its closing summary."""
    last, found = int(rows["step"].max()), []
    measured = set(every_other(rows)["step"]) if evaluated else set()
    for row in rows.to_dict("records"):
        at = {"epoch": row["step"] / last, "step": row["step"]}
        seen = {"num_input_tokens_seen": row["tokens_seen"]} if tokens else {}
        if trained:
            rates = {"grad_norm": 0.5, "learning_rate": 3e-4}
            found.append(at | rates | {"loss": row["loss"]} | seen)
        if row["step"] in measured:
            speed = {"eval_runtime": 30.1, "eval_samples_per_second": 33.2}
            found.append(at | speed | {"eval_loss": row["val"]} | seen)
    end = {"total_flos": 1e18, "train_loss": 3.9, "train_runtime": 3600.0}
    return [*found, {"epoch": 1.0, "step": last} | end]


def state(rows, indent=2, **parts):
    """A trainer_state.json."""
    content = {
        "best_metric": None,
        "best_model_checkpoint": None,
        "epoch": 1.0,
        "eval_steps": 2000,
        "global_step": int(rows["step"].max()),
        "is_hyper_param_search": False,
        "is_local_process_zero": True,
        "log_history": history(rows, **parts),
        "logging_steps": 500,
        "max_steps": int(rows["step"].max()),
        "num_train_epochs": 1,
        "trial_name": None,
        "trial_params": None,
    }
    return json.dumps(content, indent=indent, sort_keys=True).encode()


def trainer_state():
    """A trainer_state.json a run."""
    runs = ladder(seed=63)
    count = str(len(every_other(runs)))
    trained = right(runs, "eval_loss", rf"\b{count}\b")
    only = {"evaluated": False}
    for label, title, read in (
        ("folders", "{}/trainer_state.json", ()),
        ("folder-of-folders", "out/{}/trainer_state.json", ("out",)),
        ("checkpoints", "out/{}/checkpoint-8000/trainer_state.json", ("out",)),
        ("named", "{}.json", ()),
    ):
        for indent in (2, None):
            files = {title.format(n): state(r, indent) for n, r in by_run(runs).items()}
            yield Case(f"{label}-{indent}", files, trained, STEPS, read=read)
    folders = by_run(runs).items()
    files = {f"{n}/trainer_state.json": state(r, **only) for n, r in folders}
    yield Case("training-only", files, right(runs), STEPS)
    files = {f"{n}/trainer_state.json": state(r) for n, r in folders}
    chosen = STEPS | {"loss": "eval_loss"}
    yield Case("chosen", files, right(held_out(runs)), chosen)
    files = {f"{n}/trainer_state.json": state(r, trained=False) for n, r in folders}
    yield Case("evaluation-only", files, right(held_out(runs)), STEPS)
    files = {f"{n}/trainer_state.json": state(r, tokens=True) for n, r in folders}
    yield Case("tokens-in-it", files, trained)
    files = {f"{n}.jsonl": _lines(history(r)) for n, r in folders}
    yield Case("history-lines", files, trained, STEPS)
    files = {f"{n}.json": json.dumps(history(r)).encode() for n, r in folders}
    yield Case("history-array", files, trained, STEPS)
    files = {f"{n}/trainer_state.json": state(r) for n, r in folders}
    yield Case("no-batch", files, asks("batch.tokens"))
    stages = {
        f"out/{n}/checkpoint-{1000 * k}/trainer_state.json": state(r.head(k))
        for n, r in folders
        for k in (4, 8)
    }
    expect = either(
        right(runs, "eval_loss"), asks("checkpoint-4000", "checkpoint-8000")
    )
    yield Case("two-checkpoints", stages, expect, STEPS, read=("out",))


def _lines(rows):
    return ("\n".join(map(json.dumps, rows)) + "\n").encode()


def lightning(rows, train, held, *, epoch=True):
    """A metrics.csv of Lightning's CSVLogger: a row a call, blanks elsewhere."""
    parts = []
    for row in rows.to_dict("records"):
        at = {"epoch": 0, "step": row["step"]} if epoch else {"step": row["step"]}
        parts.append(at | {train: row["loss"]})
        if held and row["place"] % 2:
            parts.append(at | {held: row["val"]})
    names = ["epoch"] * epoch + ["step", train] + [held] * bool(held)
    return csv(pd.DataFrame(parts, columns=names))


def csv_logger():
    """A metrics.csv of Lightning a run, in folders of versions."""
    runs = ladder(seed=64)
    runs = runs.assign(
        step=runs["step"] - 1,  # Lightning counts from zero
        tokens_seen=(runs["step"] - 1) * BATCH,
        place=runs.groupby("run").cumcount(),
    )
    measured = held_out(runs)
    for label, title, read in (
        ("name-version", "logs/{}/version_0/metrics.csv", ("logs",)),
        ("files", "{}/version_0/metrics.csv", ()),
        ("lightning-logs", "{}/lightning_logs/version_0/metrics.csv", ()),
        ("version-3", "{}/version_3/metrics.csv", ()),
        ("no-version", "{}/metrics.csv", ()),
        ("by-hand", "{}.csv", ()),
        ("by-hand-word", "{}_metrics.csv", ()),
    ):
        folders = by_run(runs).items()
        files = {title.format(n): lightning(r, "train_loss", "val_loss")
                 for n, r in folders}  # fmt: off
        named = (
            runs
            if label != "by-hand-word"
            else runs.assign(run=runs["run"] + "_metrics")
        )
        told = either(
            right(held_out(named), "train_loss", "--loss"),
            right(measured, "train_loss", "--loss"),
        )
        yield Case(f"{label}-held-out", files, told, STEPS, read=read)
    for train, held in (
        ("train_loss_step", "val_loss"),
        ("train/loss", "val/loss"),
        ("loss", None),
        ("train_loss", None),
    ):
        files = {f"{n}/version_0/metrics.csv": lightning(r, train, held)
                 for n, r in folders}  # fmt: off
        expect = right(measured, train) if held else right(runs)
        label = f"{train}-{held}".replace("/", "-")
        yield Case(label, files, expect, STEPS)
    files = {f"{n}/version_0/metrics.csv": lightning(r, "train_loss", "val_loss")
             for n, r in folders}  # fmt: off
    chosen = STEPS | {"loss": "train_loss"}
    yield Case("chosen-training", files, right(runs), chosen)
    clash = {
        f"lightning_logs/version_{k}/metrics.csv": lightning(r, "train_loss", None)
        for k, (_, r) in enumerate(folders)
    }
    yield Case("only-versions", clash, asks("version_0"), STEPS)


def two_files_of_one_run():
    """Two files that give one name: joined where one goes on, else asked about."""
    runs = ladder(NANO, rows=10, seed=65)
    table = runs.drop(columns=["val", "tokens_seen", "num_params"])
    place = runs.groupby("run").cumcount()
    for label, first, second in (
        ("parts", "part1/{}.csv", "part2/{}.csv"),
        ("folders", "a/{}/metrics.csv", "b/{}/metrics.csv"),
    ):
        for name, cut, joined in (
            ("goes-on", (place < 5, place >= 5), True),
            ("same", (place >= 0, place >= 0), None),
            ("beside", (place >= 0, place < 5), False),
        ):
            halves = [table[rows] for rows in cut]
            if joined is False:
                halves[1] = halves[1].assign(loss=halves[1]["loss"] + 0.2)
            files = {
                title.format(run): csv(rows.drop(columns="run"))
                for title, half in zip((first, second), halves, strict=True)
                for run, rows in by_run(half).items()
            }
            titles = [t.format("nano_44m") for t in (first, second)]
            asked = asks(*titles)
            if joined:
                expect = right(runs, "join|go(es)? on|continu")
            elif joined is None:
                expect = either(right(runs, "cop|same|twice"), asked)
            else:
                expect = asked
            yield Case(f"{label}-{name}", files, expect, STEPS)
    part = table.drop(columns="run")
    for label, columns in (("with-runs", table), ("jsonl", table)):
        halves = columns[place < 5], columns[place >= 5]
        write = jsonl if label == "jsonl" else csv
        ending = "jsonl" if label == "jsonl" else "csv"
        files = {f"{n}.{ending}": write(h) for n, h in zip("ab", halves, strict=True)}
        yield Case(f"column-{label}", files, right(runs, "join|go(es)? on"), STEPS)
    apart = {f"{n}.csv": csv(r) for n, r in by_run(table).items()}
    yield Case("column-apart", apart, right(runs), STEPS)
    gpts = ladder(GPTS, seed=66).drop(columns="val")
    mixed = {"ladder.csv": csv(gpts.drop(columns=["tokens_seen"]))}
    mixed["nano_44m.csv"] = csv(part[runs["run"] == "nano_44m"])
    both = pd.concat([gpts, runs[runs["run"] == "nano_44m"]])
    yield Case("table-and-run", mixed, right(both), STEPS)
    twice = {"x/log.csv": csv(table), "y/log.csv": csv(table)}
    expect = either(right(runs, "cop|same|twice"), asks("x/log.csv", "y/log.csv"))
    yield Case("tables-twice", twice, expect, STEPS)
