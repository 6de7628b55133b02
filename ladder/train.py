"""Train a ladder of small byte-level language models on a CPU: sizes, lengths, seeds.

The text is the source code of Python's standard library; a token is a byte.  A model of
one width and seed is trained once at a constant learning rate (the trunk); finished
runs of several lengths branch off it with a decay to zero.  A ladder that was stopped
goes on when asked again.
"""

import argparse
import copy
import csv
import hashlib
import json
import sys
import sysconfig
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from corpus import read_corpus
from model import CONTEXT, Model, training_flops
from torch import multiprocessing, nn
from tqdm import tqdm

# 9 thousand to a quarter of a million parameters, a factor 1.7 a step
WIDTHS = (16, 22, 28, 36, 48, 64, 84)
LENGTHS = tuple(2**power for power in (19, 20, 21, 22, 23))  # tokens, here bytes
BATCH = 16  # windows of a step
STEP_TOKENS = CONTEXT * BATCH
DECAY = 0.2  # part of a run
WARMUP = 32  # steps
COLUMNS = (
    "run model seed num_params params_non_embedding params_embedding params_position "
    "params_attention params_mlp params_norm schedule schedule_tokens learning_rate "
    "rate_factor step tokens_seen flops loss is_final cpu_seconds corpus_sha256"
).split()


@dataclass(frozen=True)
class Job:
    """One width and seed at a multiple of the rule's rate: trunk and branches."""

    width: int
    seed: int
    lengths: tuple = LENGTHS
    rate_factor: float = 1.0

    def run(self, length=None):
        """Name of the run that ends at a length, or of the trunk."""
        rate = "" if self.rate_factor == 1 else f"-rate{self.rate_factor:g}"
        end = f"{length / 2**20:g}m" if length else "constant"
        return f"ladder-w{self.width}-s{self.seed}{rate}-{end}"

    def learning_rate(self):
        """The rule: 0.01 at width 32, falling with the square root of the width."""
        return self.rate_factor * 0.01 * (32 / self.width) ** 0.5

    def flops(self, steps):
        """FLOPs of a number of steps."""
        return training_flops(self.width, steps * STEP_TOKENS)

    def all_flops(self):
        """FLOPs of the trunk and of every decay that leaves it."""
        decays = sum(int(DECAY * length) for length in self.lengths) // STEP_TOKENS
        return self.flops(max(self.branches()) + decays)

    def branches(self):
        """Step of the trunk -> length in tokens of the run that leaves it there."""
        ends = {length // STEP_TOKENS: length for length in self.lengths}
        return {step - int(DECAY * step): length for step, length in ends.items()}

    def measured(self):
        """Steps at which the trunk itself is measured, two a doubling."""
        last = max(self.branches())
        steps = {int(32 * 2 ** (k / 2)) for k in range(40)} | {last}
        return {step for step in steps if step <= last}


class Trainer:
    """One job under way: model, optimiser, step and CPU seconds."""

    def __init__(self, job, train, held_out, corpus, path, report):
        # The seed draws the weights first, then the order of the text.
        torch.manual_seed(1000 * job.width + job.seed)
        self.job = job
        self.train = train
        self.held_out = held_out
        self.corpus = corpus
        self.path = path
        self.report = report
        self.model = Model(job.width)
        weights = self.model.parameters()
        self.optimiser = torch.optim.Adam(weights, betas=(0.9, 0.95), fused=True)
        self.order = torch.randperm(len(train))
        self.roles = self.model.params()
        self.step = 0
        self.seconds = 0.0
        if path.exists():
            self.load()

    def load(self):
        """Go on from the state that was kept."""
        state = torch.load(self.path, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]
        self.seconds = state["seconds"]

    def save(self):
        """Keep the state, so that a stopped job goes on from here."""
        state = {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
        }
        part = Path(f"{self.path}.new")
        torch.save(state, part)
        part.replace(self.path)

    def advance(self, end, decaying=False):
        """Train to a step, at a constant rate after the warm-up or decaying to 0."""
        clock = time.process_time()
        start = self.step
        for step in range(start, end):
            part = min(1, (step + 1) / WARMUP)
            if decaying:
                part = (end - step) / (end - start)
            for group in self.optimiser.param_groups:
                group["lr"] = self.job.learning_rate() * part
            windows = self.order[step * BATCH : (step + 1) * BATCH]
            self.model(self.train[windows]).backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimiser.step()
            self.optimiser.zero_grad(set_to_none=True)
            self.report(self.job.flops(1))
        self.step = end
        self.seconds += time.process_time() - clock

    def row(self, length=None):
        """The row of the trunk as it stands, or of the run that ends at a length."""
        job = self.job
        params = list(self.roles.values())
        values = (
            job.run(length),
            f"ladder-w{job.width}",
            job.seed,
            sum(params),
            sum(params[2:]),
            *params,
            "wsd" if length else "constant",
            length,
            f"{job.learning_rate():.6g}",
            job.rate_factor,
            self.step,
            self.step * STEP_TOKENS,
            job.flops(self.step),
            f"{self.model.mean_loss(self.held_out):.6f}",
            length is not None,
            f"{self.seconds:.1f}",
            self.corpus,
        )
        return dict(zip(COLUMNS, values, strict=True))

    def branch(self, length):
        """The row at the end of a decay that leaves here; the trunk does not move."""
        leaf = copy.copy(self)
        leaf.model, leaf.optimiser = copy.deepcopy((self.model, self.optimiser))
        leaf.advance(length // STEP_TOKENS, decaying=True)
        return leaf.row(length)


def append(rows, path, lock):
    """Write those rows that the table does not hold yet."""
    with lock, path.open("r+", newline="") as table:
        known = {(row["run"], int(row["step"])) for row in csv.DictReader(table)}
        rows = [row for row in rows if (row["run"], row["step"]) not in known]
        csv.DictWriter(table, COLUMNS, lineterminator="\n").writerows(rows)


def train(job):
    """Train one job; its rows are written the moment they are known, once."""
    folder, corpus, windows, lock, report = train.shared
    trainer = Trainer(job, *windows, corpus, folder / f"{job.run()}.pt", report)
    measured = job.measured()
    branches = job.branches()
    report(job.flops(trainer.step))
    for step in sorted(s for s in measured | set(branches) if s > trainer.step):
        trainer.advance(step)
        rows = [trainer.row()] if step in measured else []
        rows += [trainer.branch(branches[step])] if step in branches else []
        append(rows, folder / "losses.csv", lock)
        trainer.save()


def begin(folder, corpus, windows, lock, counter):
    """What a worker needs beside its jobs."""

    def report(flops):
        with counter.get_lock():
            counter.value += flops

    torch.set_num_threads(1)
    train.shared = (folder, corpus, windows, lock, report)


def options(arguments):
    """What the command line asks for."""
    text = Path(sysconfig.get_paths()["stdlib"])
    seeds = "of every width (default: 5 of the four smallest, else 3)"
    rates = "multiples of the learning rate"
    folder = "folder of the table and the states"
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--out", type=Path, default=Path("ladder/runs"), help=folder)
    add("--widths", type=int, nargs="+", default=WIDTHS)
    add("--seeds", type=int, help=seeds)
    add("--lengths", type=int, nargs="+", default=LENGTHS, help="tokens of the runs")
    add("--rates", type=float, nargs="+", default=[1.0], help=rates)
    add("--text", type=Path, default=text, help="*.py files")
    add("--jobs", type=int, default=2, help="trained at a time, one core each")
    return parser.parse_args(arguments)


def prepare(out, facts):
    """Make the folder with its empty table; a folder of another text is refused."""
    out.mkdir(parents=True, exist_ok=True)
    record = out / "corpus.json"
    table = out / "losses.csv"
    if record.exists() and json.loads(record.read_text()) != facts:
        sys.exit(f"{record} is of another text or Python; give another --out")
    record.write_text(json.dumps(facts, indent=2) + "\n")
    if not table.exists():
        table.write_text(",".join(COLUMNS) + "\n")


def main(arguments=None):
    """Train what is asked for, some jobs at a time, the largest first."""
    asked = options(arguments)
    *windows, facts = read_corpus(asked.text)
    available = len(windows[0]) * CONTEXT
    if max(asked.lengths) > available:
        sys.exit(f"{asked.text} has {available} bytes to train on; see --lengths")
    corpus = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
    prepare(asked.out, facts)
    jobs = [
        Job(width, seed, tuple(asked.lengths), rate)
        for rate in asked.rates
        for width in sorted(asked.widths, reverse=True)
        for seed in range(asked.seeds or (5 if width < 40 else 3))
    ]
    context = multiprocessing.get_context("spawn")
    counter = context.Value("d", 0.0)
    shared = (asked.out, corpus, windows, context.Lock(), counter)
    total = sum(job.all_flops() for job in jobs)
    bar = tqdm(total=total, unit="FLOP", unit_scale=True, smoothing=0.05)
    with bar, context.Pool(min(asked.jobs, len(jobs)), begin, shared) as pool:
        results = [pool.apply_async(train, (job,)) for job in jobs]
        while any(not result.ready() for result in results):
            time.sleep(0.5)
            bar.update(counter.value - bar.n)
        [result.get() for result in results]


if __name__ == "__main__":
    main()
