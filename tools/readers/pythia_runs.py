"""What is known of each Pythia run beyond its perplexities, from its name.

Two suites: ``v0``, the early release, and ``v1``, the retrained one that most
people mean.  In v0 three sizes took half as many steps of twice the tokens.
"""

PILE = "the Pile"
DEDUPED = "the Pile, deduplicated"
DEDUPED_TOKENS = 207_000_000_000
STEP_TOKENS = 2_097_152
LAST_STEP = 143_000
# v0 sizes with steps of 4,194,304 tokens: 71,500 steps, schedule over 71,250
DOUBLE_BATCH = ("160m", "410m", "1.4b")
BATCH_VARIANTS = {"0.25M": 262_144, "0.5M": 524_288, "1M": 1_048_576}
NUM_PARAMS = {  # total, without embedding and head (arXiv:2304.01373, model cards)
    "70m": (70_426_624, 18_915_328),
    "160m": (162_322_944, 85_056_000),
    "410m": (405_334_016, 302_311_424),
    "1b": (1_011_781_632, 805_736_448),
    "1.4b": (1_414_647_808, 1_208_602_624),
    "2.8b": (2_775_208_960, 2_517_652_480),
    "6.9b": (6_857_302_016, 6_444_163_072),
    "12b": (11_846_072_320, 11_327_027_200),
}
OTHERS = {
    "bloom": {  # model cards of bigscience/bloom-*
        "560m": 559_214_592,
        "1b1": 1_065_314_304,
        "1b7": 1_722_408_960,
        "3b": 3_002_557_440,
        "7b1": 7_069_016_064,
    },
    "opt": {
        "125m": 125_000_000,
        "350m": 350_000_000,
        "1.3b": 1_300_000_000,
        "2.7b": 2_700_000_000,
        "6.7b": 6_700_000_000,
        "13b": 13_000_000_000,
        "30b": 30_000_000_000,
        "66b": 66_000_000_000,
    },
}
ENDINGS = {  # what follows the model in a run's name, longest first
    "-long-intervention": (
        "no family: continued from a checkpoint of {main} on text with swapped pronouns, over "
        "the last fifth of training"
    ),
    "-intervention": (
        "no family: continued from a checkpoint of {main} on text with swapped pronouns, over "
        "the last 7 % of training"
    ),
    "-late": (
        "no family: no training of its own but late checkpoints of {main}, evaluated as the "
        "baseline of the interventions; {main} has the checkpoints of the whole training"
    ),
    "-again": (
        "no family: no training of its own but a second evaluation of {main}, under an older "
        "name of the model; the difference shows the noise of an evaluation (up to 0.02)"
    ),
}
SEED, SEEDED = (
    1234,
    ("70m", "160m", "410m"),
)  # arXiv:2503.09543 tells it of these v1 models
NOTES = {
    "pythia-v0": "early suite; three sizes have twice the batch, so sizes differ in more than N",
    "pythia-v1-1b": "called 1b-bf16 in the raw files, four of them misnamed 5shot",
    "pythia-v1-2.8b": (
        "same weights as pythia-v1-2.8b-deduped as far as its evaluations show (equal to six "
        "digits up to step 1000): one of the two stands for the wrong corpus"
    ),
}
NOTES["pythia-v1-2.8b-deduped"] = NOTES["pythia-v1-2.8b"].replace(
    "2.8b-deduped", "2.8b"
)


def tokens_a_step(run: str) -> int:
    """Tokens of one optimiser step of a Pythia run."""
    _, version, size = run.split("-")[:3]
    if "MtokBS" in run:
        return BATCH_VARIANTS[_variant(run)]
    return 2 * STEP_TOKENS if version == "v0" and size in DOUBLE_BATCH else STEP_TOKENS


def describe(run: str) -> dict:
    """Row of the table of runs for the run of this name."""
    if not run.startswith("pythia-"):
        return _other(run)
    main, note = _main_run(run)
    _, version, size = main.split("-")[:3]
    total, non_embedding = NUM_PARAMS[size]
    deduped = "deduped" in run
    family = f"pythia-{version}" + ("-deduped" if deduped else "")
    if "MtokBS" in run:
        family = f"pythia-v1-batch-{_variant(run).lower()}"
    row = {
        "run": run,
        "source": "pythia",
        "family": None if note else family,
        "model": main,
        "arch": "decoder",
        "corpus": DEDUPED if deduped else PILE,
        "num_params": total,
        "params_non_embedding": non_embedding,
        "epochs": round(LAST_STEP * STEP_TOKENS / DEDUPED_TOKENS, 2) if deduped else 1,
        "unique_tokens": DEDUPED_TOKENS if deduped else None,
        "batch_tokens": tokens_a_step(run),
        "context": 2048,
        "tokenizer": "GPT-NeoX-20B BPE",
        "complete": True,
        "digitised": False,
        "corrected": _corrected(run, version, size),
        "note": note or NOTES.get(run, NOTES.get(family.removesuffix("-deduped"))),
        "citation": "arXiv:2304.01373; models/ of EleutherAI/pythia",
    }
    if run in {f"pythia-v1-{size}" for size in SEEDED}:
        row |= {
            "seed": SEED,
            "citation": row["citation"] + "; seed from arXiv:2503.09543",
        }
    return row | _schedule(run, version, size)


def _main_run(run: str) -> tuple[str, str | None]:
    """Run that this one is about, and its note if it is not that run itself."""
    for ending, note in ENDINGS.items():
        if run.endswith(ending):
            main = run.removesuffix(ending)
            return main, note.format(main=main)
    return run, None


def _schedule(run: str, version: str, size: str) -> dict:
    """Schedule of the two suites; that of the runs with other batches is not in the source."""
    if "MtokBS" in run:
        return {}
    steps = 71_250 if version == "v0" and size in DOUBLE_BATCH else LAST_STEP
    return {"schedule": "cosine", "schedule_tokens": steps * tokens_a_step(run)}


def _corrected(run: str, version: str, size: str) -> str | None:
    if version == "v0" and size in DOUBLE_BATCH:
        return "tokens were half the truth: steps are of 4,194,304 tokens"
    if "MtokBS" in run:
        return "was left out"
    if run.endswith("intervention"):
        return "short and long intervention shared one name"
    return None


def _variant(run: str) -> str:
    return run.removesuffix("tokBS").rpartition("-")[2]


def _other(run: str) -> dict:
    family, _, size = run.split("-", 2)
    corpus = {"bloom": "ROOTS", "opt": "OPT mix (RoBERTa data, the Pile, Reddit)"}[
        family
    ]
    paper = {"bloom": "arXiv:2211.05100", "opt": "arXiv:2205.01068"}[family]
    schedule = {"schedule": "linear", "schedule_tokens": 300_000_000_000}
    return (schedule if family == "opt" else {}) | {
        "run": run,
        "source": "pythia",
        "family": f"{family}-lambada",
        "model": run,
        "arch": "decoder",
        "corpus": corpus,
        "num_params": OTHERS[family][size],
        "context": 2048,
        "tokenizer": {"bloom": "BLOOM BPE", "opt": "GPT-2 BPE"}[family],
        "complete": True,
        "digitised": False,
        "note": "one evaluation at the end of training; all sizes saw the same number of tokens",
        "citation": f"arXiv:2304.01373; {paper}",
    }
