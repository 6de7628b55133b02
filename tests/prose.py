"""What a reader sees of a page as prose, and the numbers typed into it."""

import re

import yaml
from markdown_it import MarkdownIt
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin
from mdit_py_plugins.myst_role import myst_role_plugin

PARSER = MarkdownIt("commonmark").enable("table")
for plugin in (
    front_matter_plugin,
    myst_role_plugin,
    footnote_plugin,
    colon_fence_plugin,
    dollarmath_plugin,
    amsmath_plugin,
):
    PARSER.use(plugin)

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
PLACES = "Fig(?:ure)?s?|Eq(?:uation)?s?|Sect?(?:ion)?s?|Tables?|App(?:endix)?|Chapters?"
POINTERS = [
    re.compile(r"https?://\S+"),
    re.compile(r"\b\d{4}\.\d{5}(?:v\d+)?\b"),  # arXiv
    re.compile(rf"\b(?:{PLACES})\.?\s\d[\d.]*(?:(?:,|\sand|\sto|–|-)\s?\d[\d.]*)*"),
    re.compile(r"§+\s?\d[\d.]*"),
    re.compile(r"\b(?:19|20)\d\d\b"),  # years
]
# Not the 3 of GPT-3, the 4 of C4 or the 175 of OPT-175B: those are parts of names.
DIGITS = re.compile(r"(?<![\w.,])(?<![A-Za-z]-)\d[\d.,]*(?:e[+-]?\d+)?(?:\s?[%×]|\w*)")

# Numbers in words count what the build computes if such a thing is counted; "two sizes"
# or "five parameters" are definitions.
WORDS = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen"
    "|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty"
    "|(?:half )?a dozen|dozens|hundreds"
)
COUNTED = (
    "sources|studies|families|cells|schedules|claims|verdicts|rules|chapters|pages"
    "|traps|exceptions|tables|rows|experiments"
)
COUNT = re.compile(
    rf"\b(?:{WORDS})\s+(?:of\s+(?:the|our|its|these|those|them)\s*)?"
    rf"(?:[\w-]+\s+)?(?:{COUNTED})\b"
    rf"|\b(?:{WORDS})\s+of\s+(?:them|these|those)\b"
    rf"|\b(?:{WORDS})\s+(?:of|in)\s+(?:every\s+)?(?:{WORDS})\s+(?:{COUNTED})\b",
    re.IGNORECASE,
)


def directive(token):
    """Return name, title and body of a directive, and the lines before the body."""
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
    """Yield what a reader sees of a paragraph: no code, no maths, no roles."""
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


def numbers(text, literals):
    """Return the numbers of a piece of prose that neither point nor are allowed."""
    for literal in literals:
        text = re.sub(rf"(?<!\w){re.escape(literal)}(?![\w.,]*\d)", " ", text)
    for pattern in POINTERS:
        text = pattern.sub(" ", text)
    digits = [match.strip(" .,") for match in DIGITS.findall(text)]
    return digits + [match[0] for match in COUNT.finditer(text)]
