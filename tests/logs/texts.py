"""Text logs of trainers, as they print them."""

from .cases import Case, asks, either, right
from .files import by_run
from .ladders import BATCH, NANO, every_other, held_out, ladder
from .writers import text

STEPS = {"batch_tokens": BATCH}
SEQUENCE = 2048
TITLES = (
    ("files", "{}.log", ()),
    ("folder", "logs/{}.txt", ("logs",)),
    ("folders", "runs/{}/train.log", ("runs",)),
    ("out", "{}.out", ()),
)


def _files(runs, title, lines, **parts):
    return {title.format(n): text(lines(r, **parts)) for n, r in by_run(runs).items()}


def nanogpt_lines(rows, *, iterations=True, evaluated=True, head=True, noise=False):
    """What nanoGPT's train.py prints."""
    if head:
        yield f"tokens per iteration will be: {BATCH:,}"
        yield "number of parameters: {:.2f}M".format(rows["num_params"].iloc[0] / 1e6)
        yield "num decayed parameter tensors: 50, with 124,354,560 parameters"
        yield "using fused AdamW: True"
    if evaluated:
        yield "step 0: train loss 10.9886, val loss 10.9898"
    if iterations:
        yield "iter 0: loss 10.9866, time 25421.10ms, mfu -100.00%"
    measured = set(every_other(rows)["step"])
    for row in rows.to_dict("records"):
        step, loss = row["step"], row["loss"]
        if evaluated and step in measured:
            yield f"step {step}: train loss {loss:.4f}, val loss {row['val']:.4f}"
            yield "saving checkpoint to out"
        if iterations:
            yield f"iter {step}: loss {loss:.4f}, time 231.90ms, mfu 38.20%"
        if noise:
            yield "[rank0]:W0601 10:00:00.000 torch/_dynamo/utils.py:1] step 7 is slow"


def nanogpt_logs():
    """Text logs of nanoGPT, one a run."""
    runs = ladder(seed=71)
    told = either(
        right(held_out(runs), "train|iter", "--loss"),
        right(runs, "val", "--loss"),
        asks("val", "--loss"),
    )
    for label, title, read in TITLES:
        files = _files(runs, title, nanogpt_lines, noise=label == "out")
        yield Case(f"{label}-both", files, told, STEPS, read=read)
        files = _files(runs, title, nanogpt_lines, evaluated=False)
        yield Case(f"{label}-iterations", files, right(runs), STEPS, read=read)
        files = _files(runs, title, nanogpt_lines, iterations=False)
        expect = right(held_out(runs), "train", "--loss")
        yield Case(f"{label}-evaluations", files, expect, STEPS, read=read)
    files = _files(runs, "{}.log", nanogpt_lines)
    chosen = either(right(held_out(runs)), asks("val", "--loss"))
    yield Case("chosen", files, chosen, STEPS | {"loss": "val_loss"})
    files = _files(runs, "{}.log", nanogpt_lines, evaluated=False)
    yield Case("batch-in-log", files, either(right(runs), asks("batch.tokens")))
    named = runs.assign(run=runs["run"].str.replace(r"gpt-\d+M", "", regex=True))
    letters = dict(zip(runs["run"].unique(), "xyz", strict=True))
    named = runs.assign(run=runs["run"].map(letters))
    files = _files(named, "{}.log", nanogpt_lines, evaluated=False)
    yield Case("size-in-log", files, either(right(named), asks("--size|=350M")), STEPS)


def llm_c_lines(rows, *, trained=True, evaluated=True, scored=False, norm=True):
    """What llm.c writes into main.log."""
    measured = set(every_other(rows)["step"])
    if evaluated:
        yield "s:0 tel:11.0099"
    if trained:
        yield "s:0 trl:11.0043 lr:0.000001" + " norm:15.10" * norm
    for row in rows.to_dict("records"):
        step = row["step"]
        if evaluated and step in measured:
            yield f"s:{step} tel:{row['val']:.4f}"
        if scored and step in measured:
            yield f"s:{step} eval:0.2857"
        if trained:
            yield f"s:{step} trl:{row['loss']:.4f} lr:0.000600" + " norm:0.31" * norm


def llm_c_logs():
    """Main logs of llm.c, one a run."""
    runs = ladder(NANO, seed=72)
    for label, title, read in (
        ("main", "{}/main.log", ()),
        ("folder", "logs/{}/main.log", ("logs",)),
        ("named", "{}.log", ()),
        ("text", "{}.txt", ()),
    ):
        expect = either(right(held_out(runs), "tr", "--loss"), asks("te", "--loss"))
        files = _files(runs, title, llm_c_lines, scored=label == "main")
        yield Case(f"{label}-both", files, expect, STEPS, read=read)
        files = _files(runs, title, llm_c_lines, evaluated=False)
        yield Case(f"{label}-training", files, right(runs), STEPS, read=read)
        files = _files(runs, title, llm_c_lines, trained=False, scored=True)
        yield Case(f"{label}-test", files, right(held_out(runs)), STEPS, read=read)
    files = _files(runs, "{}.log", llm_c_lines, evaluated=False, norm=False)
    yield Case("without-norm", files, right(runs), STEPS)


def megatron_lines(rows, *, trained=True, evaluated=True, prefix="", speed=False):
    """What Megatron-LM prints, with its lines of validation."""
    measured = set(every_other(rows)["step"])
    samples, fast = BATCH // SEQUENCE, " throughput per GPU (TFLOP/s/GPU): 411.2 |"
    for row in rows.to_dict("records"):
        step = row["step"]
        if trained:
            yield (
                f"{prefix} iteration {step:8d}/  100000 | consumed samples: "
                f"{step * samples:12d} | elapsed time per iteration (ms): 612.3 |"
                f"{fast * speed} learning rate: 3.000000E-04 | global batch size: "
                f"{samples:5d} | lm loss: {row['loss']:.6E} | loss scale: 1.0 | grad "
                "norm: 0.412 | number of skipped iterations:   0 | number of nan "
                "iterations:   0 |"
            )
        if evaluated and step in measured:
            rule = "-" * 100
            yield rule
            yield (
                f"{prefix} validation loss at iteration {step} | lm loss value: "
                f"{row['val']:.6E} | lm loss PPL: {2.718281828 ** row['val']:.6E} | "
            )
            yield rule


def megatron_logs():
    """Text logs of Megatron-LM, one a run."""
    runs = ladder(seed=73)
    told = either(
        right(held_out(runs), "lm loss|train", "--loss"),
        right(runs, "valid", "--loss"),
        asks("valid", "--loss"),
    )
    parts = {"evaluated": False}
    samples = {"sequence_length": SEQUENCE}
    for label, title, read in TITLES:
        for name, options in (("batch", STEPS), ("samples", samples)):
            files = _files(runs, title, megatron_lines, **parts, speed=name == "batch")
            yield Case(f"{label}-{name}", files, right(runs), options, read=read)
        files = _files(runs, title, megatron_lines, prefix="7: ")
        yield Case(f"{label}-validation", files, told, samples, read=read)
    files = _files(runs, "{}.log", megatron_lines, trained=False)
    expect = right(held_out(runs))
    yield Case("only-validation", files, expect, STEPS)
    files = _files(runs, "{}.log", megatron_lines, **parts)
    untold = asks("batch.tokens|sequence.length")
    yield Case("untold", files, untold)


def torchtitan_lines(rows, *, prefix="", colour=False, accuracy=False):
    """What torchtitan prints."""
    red, off = ("\x1b[31m", "\x1b[0m") if colour else ("", "")
    yield f"{prefix}2026-01-18 16:04:40,001 - root - INFO - Starting job: a run"
    yield f"{prefix}2026-01-18 16:04:41,001 - root - INFO - Training starts at step 1"
    for row in rows.to_dict("records"):
        share = "  accuracy:  0.4012" if accuracy else ""
        yield (
            f"{prefix}2026-01-18 16:04:46,338 - root - INFO - {red}step: "
            f"{row['step']:2d}  {red}loss: {row['loss']:8.5f}{share}  {red}grad_norm: "
            f" 0.8319  {red}memory:  9.46GiB(64.99%)  {red}tps: 7,282  {red}tflops: "
            f"0.52  {red}mfu: 0.17%{off}"
        )


def torchtitan_logs():
    """Text logs of torchtitan, one a run."""
    runs = ladder(seed=74)
    for label, title, read in TITLES:
        for name, parts in (
            ("rank", {"prefix": "[rank0]:[titan] "}),
            ("plain", {"prefix": ""}),
            ("colour", {"prefix": "[rank0]:", "colour": True}),
        ):
            files = _files(runs, title, torchtitan_lines, **parts)
            yield Case(f"{label}-{name}", files, right(runs), STEPS, read=read)
    files = _files(runs, "{}.log", torchtitan_lines)
    yield Case("no-batch", files, asks("batch.tokens"))
