"""No number is typed into a sentence: it is computed, or stands on the short list."""

import ast

import pytest
from prose import numbers, sentences

from tools.book import ROOT, calls, chapters, pages

ALLOWED = ROOT / "tests" / "prose_allow.txt"
FIX = """
Typed numbers. Keep each with `experiments.book.note` and glue it, or say it without the
number (captions cannot glue). One that the paper or a definition sets may be allowed:
add a line `chapter: number  # reason` to tests/prose_allow.txt."""


def entries():
    """Return (page, literal, reason) of every line of the short list."""
    lines = ALLOWED.read_text(encoding="utf-8").splitlines()
    parted = [line.partition("#") for line in lines if not line.startswith("#")]
    for entry, _, reason in filter(any, parted):
        page, _, literal = entry.partition(":")
        yield page.strip(), literal.strip(), reason.strip()


def allowed(stem):
    """Return the literals that a page may type, longest first."""
    literals = [literal for page, literal, _ in entries() if page == stem]
    return sorted(literals, key=len, reverse=True)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_no_number_is_typed(page):
    typed = [
        f"{page.relative_to(ROOT)}:{line}: {number}"
        for line, text in sentences(page.read_text(encoding="utf-8"))
        for number in numbers(text, allowed(page.stem))
    ]
    assert not typed, "\n".join([FIX, *typed])


def test_every_allowed_number_is_needed_and_has_a_reason():
    """An entry that no page needs any more would let a later number through."""
    texts = {
        page.stem: [text for _, text in sentences(page.read_text(encoding="utf-8"))]
        for page in pages()
    }
    for page, literal, reason in entries():
        assert reason, f"{page}: {literal} has no reason in {ALLOWED.name}"
        assert any(
            numbers(text, []) != numbers(text, [literal]) for text in texts[page]
        ), f"{page}: {literal} is no longer in the text, take it off {ALLOWED.name}"


def is_literal(value):
    """Say whether an expression is a number or holds nothing but numbers."""
    names = (ast.Name, ast.Attribute, ast.Call, ast.Subscript)
    parts = list(ast.walk(value))
    typed = [
        part
        for part in parts
        if isinstance(part, ast.Constant) and isinstance(part.value, int | float)
    ]
    return bool(typed) and not any(isinstance(part, names) for part in parts)


@pytest.mark.parametrize("page", chapters(), ids=lambda page: page.stem)
def test_no_number_is_typed_into_note(page):
    """A literal passed to `note` would go round the lint of the prose."""
    typed = [
        f"{keyword.arg}={ast.unparse(keyword.value)}"
        for call in calls(page, "note")
        for keyword in call.keywords
        if is_literal(keyword.value)
    ]
    assert not typed, (
        f"{page.stem} passes typed numbers to note: {typed}; take each from where it "
        "is computed or from the constant that sets it"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The error is 4.2 %.", ["4.2 %"]),
        ("It needs 10B tokens, 34x more.", ["10B", "34x"]),
        ("A loss of `0.35`, not of `x1`.", ["0.35"]),
        ("```{note}\n:class: tip\n\nTen, or 12.\n```", ["12"]),
        (":::{admonition} Use 5 models\nText.\n:::", ["5"]),
        ("| a | b |\n|---|---|\n| x | 7 |", ["7"]),
        (
            "```{code-cell}\n---\nmystnb: {figure: {caption: 3 runs}}\n---\nx = 1\n```",
            ["3"],
        ),
        ("See Fig. 4, Eq. 2 and 3, § 6.1 (2022, arXiv 2410.11840).", []),
        ("GPT-3 on C4, OPT-175B.", []),
        ("{glue:text}`x:.3f` of $10^{9}$ {cite:p}`a2020b`, [here](b2.html).", []),
        ("$$\nL = 1.7\n$$\n\n1. First\n2. Second\n\n```python\nx = 3\n```", []),
        ("```{code-cell}\nx = 3\n```", []),
    ],
)
def test_lint_knows_prose_from_the_rest(text, expected):
    assert [n for _, piece in sentences(text) for n in numbers(piece, [])] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Eight traps follow.", ["Eight traps"]),
        ("It holds in twelve small families.", ["twelve small families"]),
        ("Five of the sources have scores.", ["Five of the sources"]),
        ("Three of them fail, half a dozen studies do not.", ["Three of them"]),
        ("In three of five cells the law wins.", ["three of five cells"]),
        ("Train two sizes, fit five parameters, nine in ten hold.", []),
        ("The two families differ.", ["two families"]),
    ],
)
def test_lint_knows_counts_in_words(text, expected):
    assert numbers(text, [])[: len(expected) or None] == expected


def test_lint_names_the_line():
    text = (
        "---\na: 1\n---\n\n# Title\n\nWell\nand 3.\n\n"
        "```{note}\n:class: x\n\nBut 7.\n```\n"
    )
    where = [(n, line) for line, piece in sentences(text) for n in numbers(piece, [])]
    assert where == [("3", 8), ("7", 13)]
