"""The same real runs as seven programs log them, and what one command makes of each."""

import contextlib
import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from click.testing import CliRunner

from experiments.example_files import TRACKED
from hitchhiker import DataError, forecast, load_runs, read_export
from hitchhiker.cli import main

LOGGED_STEP = 512 * 1024  # tokens of a step in the files
ROWS = 40  # of each run
LOGGED_TARGET = (1.4e9, 28e9)  # parameters, tokens
TYPED = """\
hitchhiker forecast {paths} \\
    --batch-tokens 512x1024 --params 1.4B --tokens 28B"""


@dataclass(frozen=True)
class Log:
    """A way to log runs: its name, the texts of its files by path, what is typed."""

    name: str
    files: dict
    paths: str

    @property
    def command(self):
        """The command that forecasts the target from these files."""
        return TYPED.format(paths=self.paths)

    def first_lines(self, number=4, width=88):
        """Path and first lines of the first file."""
        path, text = next(iter(self.files.items()))
        lines = text.splitlines()[:number]
        cut = [
            line if len(line) <= width else line[: width - 2] + " …" for line in lines
        ]
        return path, "\n".join(cut)

    def write(self, folder):
        """Write the files below a folder."""
        for path, text in self.files.items():
            (Path(folder) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / path).write_text(text, encoding="utf-8")


def runs():
    """Training losses of four small models: ``run, step, loss``, real but for steps.

    The steps are the tokens of the source, counted in steps of one size.
    """
    table = load_runs("overtrain", "overtrain-c4", "train")
    parts = []
    for run, (name, _) in TRACKED.items():
        part = table[table["run"] == run]
        part = part.iloc[:: max(1, len(part) // ROWS)]
        steps = (part["tokens_seen"] / LOGGED_STEP).round().astype(int)
        parts.append(
            pd.DataFrame(
                {
                    "run": name.replace(" ", "-"),
                    "step": steps,
                    "loss": part["loss"].round(4),
                }
            ).drop_duplicates("step")
        )
    return pd.concat(parts, ignore_index=True)


def logs():
    """Every way to log, with the same runs in it."""
    table = runs()

    def a_file_a_run(path, text):
        by_run = table.groupby("run", sort=False)
        return {path.format(run): text(rows) for run, rows in by_run}

    hf = a_file_a_run("hf/{}/trainer_state.json", _hf)
    lightning = a_file_a_run("lightning/{}/version_0/metrics.csv", _lightning)
    tensorboard = a_file_a_run("tensorboard/run-{}-tag-train_loss.csv", _tensorboard)
    return (
        Log("a table", {"runs.csv": table.to_csv(index=False)}, "runs.csv"),
        Log("a chart of a tracker", {"chart.csv": _chart(table)}, "chart.csv"),
        Log(
            "text logs of nanoGPT", a_file_a_run("nanogpt/{}.log", _nanogpt), "nanogpt/"
        ),
        Log(
            "text logs of Megatron",
            a_file_a_run("megatron/{}.log", _megatron),
            "megatron/",
        ),
        Log("the state of a trainer of transformers", hf, "hf/*/trainer_state.json"),
        Log("the metrics of Lightning", lightning, "lightning/"),
        Log("exports of TensorBoard", tensorboard, "tensorboard/"),
    )


def _lightning(rows):
    named = rows.assign(epoch=0).rename(columns={"loss": "train_loss"})
    return named[["epoch", "step", "train_loss"]].to_csv(index=False)


def _tensorboard(rows):
    names = {"time": "Wall time", "step": "Step", "loss": "Value"}
    named = rows.assign(time=1.7e9).rename(columns=names)
    return named[list(names.values())].to_csv(index=False)


def _chart(table):
    """A column a run, as trackers export a chart."""
    wide = table.pivot(index="step", columns="run", values="loss")
    wide.columns = [f"{run} - train/loss" for run in wide]
    return wide.reset_index().rename(columns={"step": "Step"}).to_csv(index=False)


def _nanogpt(rows):
    return "".join(
        f"iter {row.step}: loss {row.loss:.4f}, time 230.11ms, mfu 38.01%\n"
        for row in rows.itertuples()
    )


def _megatron(rows):
    return "".join(
        f" iteration {row.step:8d}/  200000 | consumed samples: {256 * row.step:12d} "
        f"| learning rate: 3.0E-04 | global batch size:   256 | lm loss: {row.loss:.6E}"
        " | loss scale: 1.0 |\n"
        for row in rows.itertuples()
    )


def _hf(rows):
    history = [
        {"epoch": 0.1, "learning_rate": 3e-4, "loss": row.loss, "step": row.step}
        for row in rows.itertuples()
    ]
    return json.dumps({"global_step": history[-1]["step"], "log_history": history})


@contextlib.contextmanager
def written(*ways):
    """A folder that holds the files of some ways to log, as the current one."""
    with TemporaryDirectory() as folder, contextlib.chdir(folder):
        for way in ways:
            way.write(folder)
        yield Path(folder)


def typed(line):
    """Print a command line as typed in the current folder, and what it answers."""
    words = []
    for word in shlex.split(line.replace("\\\n", " "))[1:]:
        found = sorted(map(str, Path().glob(word))) if "*" in word else []
        words += found or [word]
    print("$", line)
    print(CliRunner().invoke(main, words).output)


def forecasts():
    """The forecast from each way to log, and how many notes were taken: a table."""
    rows = []
    with written(*logs()):
        for way in logs():
            paths = sorted(Path().glob(way.paths)) if "*" in way.paths else way.paths
            table, notes = read_export(paths, batch_tokens=LOGGED_STEP)
            row = forecast(table, *LOGGED_TARGET).table.iloc[0]
            rows.append(
                {
                    "log": way.name,
                    "files": len(way.files),
                    "rows": len(table),
                    "notes": len(notes),
                    "loss": row["loss"],
                }
            )
    return pd.DataFrame(rows)


def questions():
    """Files that can be meant in two ways, and what the tool asks: a table."""
    table = runs()
    both = table.assign(eval_loss=table["loss"] + 0.05)
    cases = {
        "steps without a batch": (table, {}),
        "a run of no known size": (
            table.assign(run=table["run"].str.split("-").str[0]),
            {"batch_tokens": LOGGED_STEP},
        ),
        "training and evaluation of a run in one column": (
            both.melt(["run", "step"], var_name="metric", value_name="value"),
            {"batch_tokens": LOGGED_STEP},
        ),
        "two runs under one name": (
            table.assign(run="base-412M"),
            {"batch_tokens": LOGGED_STEP},
        ),
        "a count that can be read in two ways": (
            table.assign(num_params="1,300B"),
            {"batch_tokens": LOGGED_STEP},
        ),
    }
    rows = []
    for name, (content, options) in cases.items():
        with written(Log(name, {"runs.csv": content.to_csv(index=False)}, "runs.csv")):
            try:
                read_export("runs.csv", **options)
            except DataError as error:
                rows.append({"the file holds": name, "the tool answers": str(error)})
    return pd.DataFrame(rows)
