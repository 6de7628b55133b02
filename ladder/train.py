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
import platform
import sys
import sysconfig
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import multiprocessing, nn
from torch.nn import functional
from tqdm import tqdm

WIDTHS = (
    16,
    22,
    28,
    36,
    48,
    64,
    84,
)  # 9 thousand to a quarter of a million, a factor 1.7 a step
LENGTHS = tuple(2**power for power in (19, 20, 21, 22, 23))  # tokens, here bytes
LAYERS, HEADS, CONTEXT, BATCH = 3, 2, 128, 16  # bytes of a window, windows a step
STEP_TOKENS = CONTEXT * BATCH
DECAY, WARMUP = 0.2, 32  # part of a run, steps
HELD_OUT = 1024  # windows that measure the loss
SKIPPED = {"test", "tests", "idlelib", "site-packages", "dist-packages"}
COLUMNS = (
    "run model seed num_params params_non_embedding params_embedding params_position "
    "params_attention params_mlp params_norm schedule schedule_tokens learning_rate rate_factor "
    "step tokens_seen flops loss is_final cpu_seconds corpus_sha256"
).split()


class Model(nn.Module):
    """A decoder over bytes; the matrix that reads bytes also predicts them."""

    def __init__(self, width):
        super().__init__()
        self.embedding, self.position = (
            nn.Embedding(256, width),
            nn.Embedding(CONTEXT, width),
        )
        options = {
            "dropout": 0.0,
            "activation": "gelu",
            "batch_first": True,
            "bias": False,
        }
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, HEADS, 4 * width, norm_first=True, **options
            )
            for _ in range(LAYERS)
        )
        self.norm = nn.LayerNorm(width, bias=False)
        self.register_buffer(
            "mask", nn.Transformer.generate_square_subsequent_mask(CONTEXT)
        )
        for table in (self.embedding, self.position):
            nn.init.normal_(table.weight, std=width**-0.5)
        for block in self.blocks:  # every block starts as a shortcut
            nn.init.zeros_(block.self_attn.out_proj.weight)
            nn.init.zeros_(block.linear2.weight)

    def forward(self, windows):
        """Mean loss in nats per byte of (n, CONTEXT + 1) bytes."""
        windows = windows.long()
        x = self.embedding(windows[:, :-1]) + self.position.weight
        for block in self.blocks:
            x = block(x, src_mask=self.mask, is_causal=True)
        logits = self.norm(x) @ self.embedding.weight.T
        return functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())

    def params(self):
        """Count of parameters by role, in the order of the table."""
        roles = dict.fromkeys(("embedding", "position", "attn", "linear", "norm"), 0)
        for name, weights in self.named_parameters():
            roles[next(role for role in roles if role in name)] += weights.numel()
        return roles


@dataclass(frozen=True)
class Job:
    """One width and seed: a trunk and its branches, at a multiple of the rule's learning rate."""

    width: int
    seed: int
    lengths: tuple = LENGTHS
    factor: float = 1.0

    def run(self, length=None):
        """Name of the run that ends at a length, or of the trunk."""
        rate = "" if self.factor == 1 else f"-rate{self.factor:g}"
        end = f"{length / 2**20:g}m" if length else "constant"
        return f"ladder-w{self.width}-s{self.seed}{rate}-{end}"

    def learning_rate(self):
        """The rule: 0.01 at width 32, falling with the square root of the width."""
        return self.factor * 0.01 * (32 / self.width) ** 0.5

    def flops(self, steps):
        """FLOPs: six a token and parameter that multiplies, and the scores of attention."""
        params = 12 * LAYERS * self.width**2 + (256 + 2 * LAYERS + 1) * self.width
        return steps * STEP_TOKENS * (6 * params + 12 * LAYERS * CONTEXT * self.width)

    def stops(self):
        """Steps at which the trunk is measured, and step -> length of the branch that leaves."""
        ends = {length // STEP_TOKENS: length for length in self.lengths}
        branches = {step - int(DECAY * step): length for step, length in ends.items()}
        grid = {int(32 * 2 ** (k / 2)) for k in range(40)} | {max(branches)}
        return {step for step in grid if step <= max(branches)}, branches


def read_corpus(folder):
    """Training windows and held-out windows, (n, CONTEXT + 1) bytes, and what they come from."""
    windows, facts = {}, {"python": platform.python_version()}
    paths = [path.relative_to(folder) for path in sorted(folder.rglob("*.py"))]
    for name in ("train", "held_out"):  # by file: one name in ten is held out
        mine = [
            path
            for path in paths
            if SKIPPED.isdisjoint(path.parts)
            and (hashlib.sha256(path.as_posix().encode()).digest()[0] < 26)
            == (name == "held_out")
        ]
        text = b"\n".join((folder / path).read_bytes() for path in mine)
        if len(text) <= HELD_OUT * CONTEXT:
            sys.exit(
                f"{folder}: {len(text)} bytes of {name} text are too few; see --text"
            )
        digest = hashlib.sha256(text).hexdigest()
        facts |= {
            f"{name}_files": len(mine),
            f"{name}_bytes": len(text),
            f"{name}_sha256": digest,
        }
        numbers = torch.frombuffer(bytearray(text), dtype=torch.uint8)
        windows[name] = numbers.unfold(0, CONTEXT + 1, CONTEXT)
    spaced = torch.linspace(0, len(windows["held_out"]) - 1, HELD_OUT).long()
    return windows["train"], windows["held_out"][spaced], facts


class Trainer:
    """One job under way: model, optimiser, step and CPU seconds."""

    def __init__(self, job, train, held_out, corpus, path, report):
        torch.manual_seed(
            1000 * job.width + job.seed
        )  # weights, then the order of the text
        self.job, self.train, self.held_out, self.report = job, train, held_out, report
        self.model, self.corpus, self.path = Model(job.width), corpus, path
        self.optimiser = torch.optim.Adam(
            self.model.parameters(), betas=(0.9, 0.95), fused=True
        )
        self.order = torch.randperm(len(train))
        self.step, self.seconds, self.roles = 0, 0.0, self.model.params()
        if path.exists():
            state = torch.load(path, weights_only=True)
            self.model.load_state_dict(state["model"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.step, self.seconds = state["step"], state["seconds"]

    def save(self):
        """Keep the state, so that a stopped job goes on from here."""
        state = {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        torch.save(
            state | {"step": self.step, "seconds": self.seconds}, f"{self.path}.new"
        )
        Path(f"{self.path}.new").replace(self.path)

    def advance(self, end, decaying=False):
        """Train to a step, with the rate constant after the warm-up or falling in a line to 0."""
        clock, start, rate = time.process_time(), self.step, self.job.learning_rate()
        for step in range(start, end):
            part = (
                (end - step) / (end - start)
                if decaying
                else min(1, (step + 1) / WARMUP)
            )
            for group in self.optimiser.param_groups:
                group["lr"] = rate * part
            self.model(
                self.train[self.order[step * BATCH : (step + 1) * BATCH]]
            ).backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimiser.step()
            self.optimiser.zero_grad(set_to_none=True)
            self.report(self.job.flops(1))
        self.step, self.seconds = end, self.seconds + time.process_time() - clock

    def row(self, length=None):
        """The table's row of the trunk as it stands, or of the run that ends at a length."""
        with torch.no_grad():
            parts = [self.model(part) for part in self.held_out.split(128)]
        job, params = self.job, list(self.roles.values())
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
            job.factor,
            self.step,
            self.step * STEP_TOKENS,
            job.flops(self.step),
            f"{sum(parts).item() / len(parts):.6f}",
            length is not None,
            f"{self.seconds:.1f}",
            self.corpus,
        )
        return dict(zip(COLUMNS, values, strict=True))

    def branch(self, length):
        """The row at the end of a decay that leaves the trunk here; the trunk does not move."""
        leaf = copy.copy(self)
        leaf.model, leaf.optimiser = copy.deepcopy((self.model, self.optimiser))
        leaf.advance(length // STEP_TOKENS, decaying=True)
        return leaf.row(length)


def train(job):
    """Train one job; its rows are written the moment they are known, once."""
    folder, corpus, windows, lock, report = train.shared
    trainer = Trainer(job, *windows, corpus, folder / f"{job.run()}.pt", report)
    grid, branches = job.stops()
    report(job.flops(trainer.step))
    for step in sorted(s for s in grid | set(branches) if s > trainer.step):
        trainer.advance(step)
        rows = [trainer.row()] if step in grid else []
        rows += [trainer.branch(branches[step])] if step in branches else []
        with lock, (folder / "losses.csv").open("r+", newline="") as table:
            known = {(row["run"], int(row["step"])) for row in csv.DictReader(table)}
            rows = [row for row in rows if (row["run"], row["step"]) not in known]
            csv.DictWriter(table, COLUMNS, lineterminator="\n").writerows(rows)
        trainer.save()


def begin(folder, corpus, windows, lock, counter):
    """What a worker needs beside its jobs."""

    def report(flops):
        with counter.get_lock():
            counter.value += flops

    torch.set_num_threads(1)
    train.shared = (folder, corpus, windows, lock, report)


def main(arguments=None):
    """Train what is asked for, some jobs at a time, the largest first."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add(
        "--out",
        type=Path,
        default=Path("ladder/runs"),
        help="folder of the table and the states",
    )
    add("--widths", type=int, nargs="+", default=WIDTHS)
    add(
        "--seeds",
        type=int,
        help="of every width (default: 5 of the four smallest, else 3)",
    )
    add("--lengths", type=int, nargs="+", default=LENGTHS, help="tokens of the runs")
    add(
        "--rates",
        type=float,
        nargs="+",
        default=[1.0],
        help="multiples of the learning rate",
    )
    add(
        "--text",
        type=Path,
        default=Path(sysconfig.get_paths()["stdlib"]),
        help="*.py files",
    )
    add("--jobs", type=int, default=2, help="trained at a time, one core each")
    ask = parser.parse_args(arguments)
    *windows, facts = read_corpus(ask.text)
    if max(ask.lengths) > len(windows[0]) * CONTEXT:
        sys.exit(
            f"{ask.text} has {len(windows[0]) * CONTEXT} bytes to train on; see --lengths"
        )
    corpus = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
    ask.out.mkdir(parents=True, exist_ok=True)
    record, table = ask.out / "corpus.json", ask.out / "losses.csv"
    if record.exists() and json.loads(record.read_text()) != facts:
        sys.exit(f"{record} is of another text or Python; give another --out")
    record.write_text(json.dumps(facts, indent=2) + "\n")
    if not table.exists():
        table.write_text(",".join(COLUMNS) + "\n")
    jobs = [
        Job(width, seed, tuple(ask.lengths), rate)
        for rate in ask.rates
        for width in sorted(ask.widths, reverse=True)
        for seed in range(ask.seeds or (5 if width < 40 else 3))
    ]
    context = multiprocessing.get_context("spawn")
    shared = (
        ask.out,
        corpus,
        windows,
        context.Lock(),
        counter := context.Value("d", 0.0),
    )
    decays = sum(int(DECAY * length) for length in ask.lengths) // STEP_TOKENS
    total = sum(job.flops(max(job.stops()[1]) + decays) for job in jobs)
    bar = tqdm(total=total, unit="FLOP", unit_scale=True, smoothing=0.05)
    with bar, context.Pool(min(ask.jobs, len(jobs)), begin, shared) as pool:
        results = [pool.apply_async(train, (job,)) for job in jobs]
        while any(not result.ready() for result in results):
            time.sleep(0.5)
            bar.update(counter.value - bar.n)
        [result.get() for result in results]


if __name__ == "__main__":
    main()
