"""Offer every chapter for download, as a notebook and as its Markdown source.

The notebook is made from the source, without outputs, so that it is the same after a
cached build as after a clean one.  Tables that a chapter saves with ``save_table``, and
the example files that it names, are offered beside it.  Both the page and the notebook
say how to run the chapter.
"""

import os
import platform
import re
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from shutil import copy2

import jupytext
import nbformat

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.book import KERNEL, ROOT, saved_tables

FOLDER = "downloads"
DISTRIBUTION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["name"]
VERSIONS = (DISTRIBUTION, "numpy", "scipy", "pandas", "matplotlib")
# The two lines that run a chapter; tests/web/test_rerun.py does what they say.
COMMANDS = """\
git clone {repository}.git guide && cd guide
make run CHAPTER={chapter}"""
PAGE_LINES = """
<div class="chapter-downloads"><p>Download this chapter:
<a class="reference download internal" download href="{ipynb}">notebook (.ipynb)</a> ·
<a class="reference download internal" download href="{md}">source (.md)</a>.
Its code runs in a clone of the guide; the recipes need the package alone.{tables}</p>
<pre>{commands}</pre></div>
"""
EXAMPLES = ROOT / "data" / "examples"
FILE_LINK = '<a class="reference download internal" download href="{href}">{name}</a>'
FIRST_CELL = """\
> A chapter of [{project}]({url}). Its code runs in a clone of the guide, because it
> imports `experiments/`, which is not part of the package. Two lines run it:
>
> ```
{commands}
> ```
>
> They write the executed notebook to `_build/run/{chapter}.ipynb`. To go through it
> cell by cell, open this file with the Python of the clone, `.venv/bin/python`.
> Recipes need the package alone:
> `pip install "{distribution}[plots] @ git+{repository}"`.
>
> The text below is MyST Markdown: roles such as `{{cite:t}}` and `{{glue:text}}` become
> citations and computed numbers in the book only. {ran} with {versions}. Large
> experiments are computed once and kept in a folder for temporary files; without them
> the first run can take some minutes.
"""


def is_chapter(app, docname):
    """Say whether a page is a chapter: it holds code, and is not the landing page."""
    if docname == app.config.root_doc or docname not in app.env.found_docs:
        return False
    text = Path(app.env.doc2path(docname)).read_text(encoding="utf-8")
    return "```{code-cell}" in text


def commands(app, docname):
    """Return the two lines that run a chapter from a clone."""
    repository = app.config.html_theme_options["repository_url"]
    return COMMANDS.format(repository=repository, chapter=docname.rsplit("/", 1)[-1])


def notebook(app, docname):
    """Return the chapter as a notebook without outputs, on top how to run it."""
    book = jupytext.read(app.env.doc2path(docname), fmt="md:myst")
    versions = ", ".join(f"{name} {version(name)}" for name in VERSIONS)
    lines = commands(app, docname).splitlines()
    first = FIRST_CELL.format(
        project=app.config.project,
        url=f"{app.config.html_baseurl.rstrip('/')}/{docname}.html",
        repository=app.config.html_theme_options["repository_url"],
        chapter=docname.rsplit("/", 1)[-1],
        commands="\n".join(f"> {line}" for line in lines),
        distribution=DISTRIBUTION,
        ran=run_time(app, docname),
        versions=f"Python {platform.python_version()}, {versions}",
    )
    book.cells.insert(0, nbformat.v4.new_markdown_cell(first))
    for number, cell in enumerate(book.cells):
        cell.id = f"c{number}"
    book.metadata = dict(KERNEL)
    return book


def run_time(app, docname):
    """Say how long the chapter took when the book was built."""
    facts = getattr(app.env, "nb_metadata", {}).get(docname, {})
    seconds = facts.get("exec_data", {}).get("runtime")
    return f"It ran in {seconds:.0f} s" if seconds else "It ran"


def tables(app, docname):
    """Return the names of the tables that a page saves, each once."""
    return dict.fromkeys(saved_tables(Path(app.env.doc2path(docname))))


def examples(app, docname):
    """Return the paths of the example files that a page names."""
    text = Path(app.env.doc2path(docname)).read_text(encoding="utf-8")
    named = set(re.findall(r"[\w/]+\.csv", text))
    return [path for path in sorted(EXAMPLES.glob("*.csv")) if path.name in named]


def write_downloads(app, exception):
    """Write both files of every chapter, and what it offers, into the built site."""
    if exception or app.builder.name != "html":
        return
    saved = Path(
        os.environ.get("HITCHHIKER_TABLES", Path(app.outdir).parent / "tables")
    )
    for docname in filter(lambda name: is_chapter(app, name), app.env.found_docs):
        target = Path(app.outdir, FOLDER, docname)
        target.parent.mkdir(parents=True, exist_ok=True)
        copy2(app.env.doc2path(docname), target.with_suffix(".md"))
        nbformat.write(notebook(app, docname), target.with_suffix(".ipynb"))
        for name in tables(app, docname):
            table = Path(app.outdir, FOLDER, "tables", f"{name}.csv")
            table.parent.mkdir(parents=True, exist_ok=True)
            copy2(saved / f"{name}.csv", table)
        for path in examples(app, docname):
            target = Path(app.outdir, FOLDER, "examples", path.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            copy2(path, target)


def show_links(app, pagename, templatename, context, doctree):
    """Put the links and the two lines under the chapter's title."""
    if app.builder.name != "html" or "body" not in context:
        return
    if not is_chapter(app, pagename):
        return

    def link(path):
        return context["pathto"](f"{FOLDER}/{path}", resource=True)

    def offer(title, folder, names):
        files = ", ".join(
            FILE_LINK.format(href=link(f"{folder}/{name}"), name=name) for name in names
        )
        return f"<br>{title}: {files}." if files else ""

    saved = [f"{name}.csv" for name in tables(app, pagename)]
    read = [path.name for path in examples(app, pagename)]
    lines = PAGE_LINES.format(
        ipynb=link(f"{pagename}.ipynb"),
        md=link(f"{pagename}.md"),
        commands=commands(app, pagename).replace("&", "&amp;"),
        tables=offer("Tables behind the figures", "tables", saved)
        + offer("Example files", "examples", read),
    )
    context["body"] = context["body"].replace("</h1>", "</h1>" + lines, 1)


def setup(app):
    app.connect("html-page-context", show_links)
    app.connect("build-finished", write_downloads)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
