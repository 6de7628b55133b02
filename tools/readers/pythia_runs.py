"""What is known of each Pythia run beyond its perplexities, from its name.

Two suites: ``v0``, the early release, and ``v1``, the retrained one that most
people mean.  In v0 three sizes took half as many steps of twice the tokens.
"""

from .facts import run_row

# v0 sizes with steps of 4,194,304 tokens: 71,500 steps, schedule over 71,250
DOUBLE_BATCH = ("160m", "410m", "1.4b")
OTHER_BATCH = "MtokBS"  # in the names of runs with other batches
# What follows the main run's name, longest first.
ENDINGS = ("long-intervention", "intervention", "late", "again")
# Final evaluations of other families: their tokens at the end of training.
OTHERS = {"bloom": 341_000_000_000, "opt": 300_000_000_000}


def evaluated_tokens(run: str, step: float) -> float:
    """Tokens that a run has seen at a step; runs of `OTHERS` are at their end."""
    family = run.partition("-")[0]
    if family in OTHERS:
        return OTHERS[family]
    return step * describe(run)["batch_tokens"]


def describe(run: str) -> dict:
    """Row of the table of runs for the run of this name."""
    suite = run.partition("-")[0]
    if suite in OTHERS:
        return run_row("pythia", suite, "one-evaluation", run=run)
    main, ending = _main_run(run)
    _, version, size = main.split("-")[:3]
    blocks = ["suite", size]
    family = f"pythia-{version}"
    if "deduped" in run:
        blocks.append("deduped")
        family += "-deduped"
    if OTHER_BATCH in run:  # the source does not tell their schedule
        blocks.append(run.rpartition("-")[2])
    else:
        blocks.append("schedule")
    double = version == "v0" and size in DOUBLE_BATCH
    if double:
        blocks.append("double-batch")
    elif ending.endswith("intervention"):
        blocks.append("shared-name")
    if ending:
        blocks.append(ending)
    elif version == "v0":
        blocks.append("v0")
    words = {"main": main}
    return run_row("pythia", *blocks, words=words, run=run, model=main, family=family)


def _main_run(run: str) -> tuple[str, str]:
    """Run that this one is about, and what its name has beyond that run's."""
    for ending in ENDINGS:
        if run.endswith(f"-{ending}"):
            return run.removesuffix(f"-{ending}"), ending
    return run, ""
