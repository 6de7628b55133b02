"""No number is typed into a sentence: it comes from a computation, or stands on the short list."""

import re

import pytest
import yaml
from markdown_it import MarkdownIt
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin
from mdit_py_plugins.myst_role import myst_role_plugin

from tools.book import ROOT, pages

ALLOWED = ROOT / "tests" / "prose_allow.txt"
PARSER = MarkdownIt("commonmark").enable("table")
for plugin in (
    front_matter_plugin,
    myst_role_plugin,
    footnote_plugin,
    colon_fence_plugin,
):
    PARSER.use(plugin)
PARSER.use(dollarmath_plugin).use(amsmath_plugin)

# Directives whose body is no prose, and those whose argument is no title.
VERBATIM = {"math", "bibliography", "literalinclude", "include", "raw", "glue:math"}
NO_TITLE = {
    "figure",
    "image",
    "grid",
    "list-table",
    "solution",
    "solution-start",
    "glue:figure",
}
DIRECTIVE = re.compile(r"\{([\w:.-]+)\}\s*(.*)")
OPTION = re.compile(r":[\w-]+:")

# Numbers that point somewhere instead of saying something.
POINTERS = [
    re.compile(r"https?://\S+"),
    re.compile(r"\b\d{4}\.\d{5}(?:v\d+)?\b"),  # arXiv
    re.compile(
        r"\b(?:Fig(?:ure)?s?|Eq(?:uation)?s?|Sect?(?:ion)?s?|Tables?|App(?:endix)?|Chapters?)\.?\s"
        r"\d[\d.]*(?:(?:,|\sand|\sto|–|-)\s?\d[\d.]*)*"
    ),
    re.compile(r"§+\s?\d[\d.]*"),
    re.compile(r"\b(?:19|20)\d\d\b"),  # years
]
# Not the 3 of GPT-3, the 4 of C4 or the 175 of OPT-175B: those are parts of names.
NUMBER = re.compile(r"(?<![\w.,])(?<![A-Za-z]-)\d[\d.,]*(?:e[+-]?\d+)?(?:\s?[%×]|\w*)")
FIX = """
Typed numbers. Keep each with `experiments.book.note` and glue it, or say it without the number
(captions cannot glue). One that the paper or a definition sets may be allowed: add a line
`chapter: number` to tests/prose_allow.txt."""


def directive(token):
    """Return name, title and body of a directive, and how many lines stand before the body."""
    name, title = DIRECTIVE.match(token.info.strip()).groups()
    lines = token.content.split("\n")
    options = 0
    if lines[0] == "---" and "---" in lines[1:]:
        options = lines.index("---", 1) + 1
    while options < len(lines) and OPTION.match(lines[options]):
        options += 1
    return name, title, "\n".join(lines[options:]), options + 1


def captions(token):
    """Return caption and alt text of a figure that a code cell makes."""
    header = re.match(r"---\n(.*?)\n---\n", token.content, re.DOTALL)
    render = (yaml.safe_load(header[1]) if header else {}).get("mystnb", {})
    yield render.get("figure", {}).get("caption", "")
    yield render.get("image", {}).get("alt", "")


def inline(token, line):
    """Yield what a reader sees of a paragraph, with its line: no code, no maths, no roles."""
    for child in token.children:
        if child.type in ("softbreak", "hardbreak"):
            line += 1
        elif child.type == "text":
            yield line, child.content
        elif child.type == "code_inline" and not re.search("[A-Za-z_]", child.content):
            yield line, child.content
        elif child.type == "image":
            yield from inline(child, line)


def sentences(text, offset=1):
    """Yield the prose of a page or of a directive's body as pairs of line and text."""
    for token in PARSER.parse(text):
        line = offset + (token.map[0] if token.map else 0)
        if token.type == "inline":
            yield from inline(token, line)
        elif token.type in ("fence", "colon_fence") and DIRECTIVE.match(
            token.info.strip()
        ):
            name, title, body, before = directive(token)
            if name == "code-cell":
                yield from ((line, caption) for caption in captions(token))
            elif name not in VERBATIM:
                yield line, "" if name in NO_TITLE else title
                yield from sentences(body, line + before)


def allowed(stem):
    """Return the literals that a page may type, longest first."""
    entries = [
        line.partition(":") for line in ALLOWED.read_text(encoding="utf-8").splitlines()
    ]
    literals = [
        text.strip() for name, _, text in entries if name.strip() in (stem, "*")
    ]
    return sorted(filter(None, literals), key=len, reverse=True)


def numbers(text, literals):
    """Return the numbers of a piece of prose that neither point somewhere nor are allowed."""
    for literal in literals:
        text = re.sub(rf"(?<!\w){re.escape(literal)}(?![\w.,]*\d)", " ", text)
    for pattern in POINTERS:
        text = pattern.sub(" ", text)
    return [match.strip(" .,") for match in NUMBER.findall(text)]


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_no_number_is_typed(page):
    typed = [
        f"{page.relative_to(ROOT)}:{line}: {number}"
        for line, text in sentences(page.read_text(encoding="utf-8"))
        for number in numbers(text, allowed(page.stem))
    ]
    assert not typed, "\n".join([FIX, *typed])


def test_allowlist_is_needed():
    """An entry that no page needs any more would let a later number through."""
    text = {page.stem: sentences(page.read_text(encoding="utf-8")) for page in pages()}
    seen = {
        stem: " ".join(piece for _, piece in pieces) for stem, pieces in text.items()
    }
    stale = []
    for entry in ALLOWED.read_text(encoding="utf-8").splitlines():
        name, _, literal = map(str.strip, entry.partition(":"))
        places = seen.values() if name == "*" else [seen.get(name, "")]
        if (
            literal
            and not name.startswith("#")
            and not any(literal in text for text in places)
        ):
            stale.append(entry)
    assert not stale, f"no longer in the text, take them off {ALLOWED.name}: {stale}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The error is 4.2 %.", ["4.2 %"]),
        ("It needs 10B tokens, 34x more.", ["10B", "34x"]),
        ("A loss of `0.35`, not of `x1`.", ["0.35"]),
        ("```{note}\n:class: tip\n\nTen, or 12.\n```", ["12"]),
        (":::{admonition} Use 5 models\nText.\n:::", ["5"]),
        ("| a | b |\n|---|---|\n| x | 7 |", ["7"]),
        (
            '```{code-cell}\n---\nmystnb: {figure: {caption: "3 runs"}}\n---\nx = 1\n```',
            ["3"],
        ),
        (
            "See Fig. 4, Eq. 2 and 3, § 6.1 (2022, arXiv 2410.11840); GPT-3 on C4, OPT-175B.",
            [],
        ),
        (
            "{glue:text}`x:.3f` of $10^{9}$ {cite:p}`a2020b`, [here](b2.html) and `gpt3`.",
            [],
        ),
        ("$$\nL = 1.7\n$$\n\n1. First\n2. Second\n\n```python\nx = 3\n```", []),
        ("```{code-cell}\nx = 3\n```", []),
    ],
)
def test_lint_knows_prose_from_the_rest(text, found):
    assert [n for _, piece in sentences(text) for n in numbers(piece, [])] == found


def test_lint_names_the_line():
    text = "---\na: 1\n---\n\n# Title\n\nWell\nand 3.\n\n```{note}\n:class: x\n\nBut 7.\n```\n"
    where = [(n, line) for line, piece in sentences(text) for n in numbers(piece, [])]
    assert where == [("3", 8), ("7", 13)]
