"""BiMix (Ge et al., 2024): one model size trained on twelve mixtures of two corpora.

The raw columns are called perplexities but hold losses in nats per token; upstream's
own plots label them so.  Every mixture is a family of one size.
"""

import re
from pathlib import Path

import pandas as pd

from .frames import join, loss_frame, run_frame

CORPORA = {"Pile": "the Pile", "SlimPajama": "SlimPajama"}
DOMAINS = {
    "Pile": (
        "ArXiv",
        "BookCorpus2",
        "Books3",
        "DM Mathematics",
        "Enron Emails",
        "EuroParl",
        "FreeLaw",
        "Github",
        "Gutenberg (PG-19)",
        "HackerNews",
        "NIH ExPorter",
        "OpenSubtitles",
        "OpenWebText2",
        "PhilPapers",
        "Pile-CC",
        "PubMed Abstracts",
        "PubMed Central",
        "StackExchange",
        "USPTO Backgrounds",
        "Ubuntu IRC",
        "Wikipedia (en)",
        "YoutubeSubtitles",
    ),
    "SlimPajama": (
        "ArXiv",
        "Book",
        "C4",
        "CommonCrawl",
        "Github",
        "StackExchange",
        "Wikipedia",
    ),
}
MIXES = ("Baseline", "CE", "DoReMi", "JE", "SE", "VNE")
BATCH, CONTEXT = 512, 1024


def _kind(corpus: str, domain: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", domain.lower()).strip("-")
    return f"validation-{corpus.lower()}-{words}"


LOSS_KINDS = {
    **{
        _kind(corpus, domain): (
            "nats per token",
            f"mean cross-entropy on held-out text of {domain} in {CORPORA[corpus]} (BiMix)",
        )
        for corpus, domains in DOMAINS.items()
        for domain in domains
    },
    **{
        _kind(corpus, "mean"): (
            "nats per token",
            f"plain mean of the losses of the {len(domains)} domains of {CORPORA[corpus]} (BiMix)",
        )
        for corpus, domains in DOMAINS.items()
    },
}


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs and losses of the twelve mixtures.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    runs, losses : DataFrame
        Columns `RUN_COLUMNS` and `LOSS_COLUMNS`.
    """
    losses = []
    for corpus, domains in DOMAINS.items():
        raw = pd.read_csv(folder / "bimix" / f"{corpus}_ppls.csv")
        names = [_name(corpus, mix) for mix in raw["mix"]]
        tokens = raw["global_step"] * BATCH * CONTEXT
        for column in (*domains, "avg"):
            kind = _kind(corpus, "mean" if column == "avg" else column)
            losses.append(
                loss_frame(
                    names,
                    kind,
                    step=raw["global_step"],
                    tokens_seen=tokens,
                    loss=raw[column],
                )
            )
    return run_frame(_run(corpus, mix) for corpus in DOMAINS for mix in MIXES), join(
        losses
    )


def _name(corpus: str, mix: str) -> str:
    return f"bimix-{corpus.lower()}-{mix.lower()}"


def _run(corpus: str, mix: str) -> dict:
    return {
        "run": _name(corpus, mix),
        "source": "bimix",
        "family": _name(corpus, mix),
        "model": _name(corpus, mix),
        "arch": "decoder",
        "corpus": f"{CORPORA[corpus]}, domains weighted by {mix}",
        "num_params": 280_000_000,
        "batch_tokens": BATCH * CONTEXT,
        "context": CONTEXT,
        "complete": True,
        "digitised": False,
        "corrected": "losses in nats were taken for perplexities; Enron Emails was dropped",
        "note": (
            "a family of one size, which is in doubt: 280e6 in the original reader, 120M in the "
            "names of upstream's scripts"
        ),
        "citation": "arXiv:2405.14908; batch and context as in IBM/ColPret's reader",
    }
