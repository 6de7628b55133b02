"""Offer every chapter for download, as a notebook and as its Markdown source.

The notebook is made from the source, without outputs, so that it is the same after a
cached build as after a clean one.  Tables that a chapter saves with ``save_table`` are
offered beside it.
"""

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path
from shutil import copy2

import jupytext
import nbformat

FOLDER = "downloads"
LINE = """
<p class="chapter-downloads">Download this chapter:
<a class="reference download internal" download href="{ipynb}">notebook (.ipynb)</a> ·
<a class="reference download internal" download href="{md}">source (.md)</a>.
<span>Text cells of the notebook show MyST Markdown as it was written.</span>{tables}</p>
"""
TABLE = '<a class="reference download internal" download href="{href}">{name}.csv</a>'
SAVED = re.compile(r"save_table\([^\n]*[\"']([a-z0-9_]+)[\"']\)")
FIRST_CELL = """\
> A chapter of [{project}]({url}). The code needs the package of the guide:
> `pip install "hitchhiker[plots] @ git+{repository}"`.
> The text below is MyST Markdown: roles such as `{{cite:t}}` and `{{glue:text}}` become citations
> and computed numbers in the book only.
>
> {ran} with {versions}. Large experiments are computed once and kept in a folder for temporary
> files; without them the first run can take some minutes.
"""
VERSIONS = ("hitchhiker", "numpy", "scipy", "pandas", "matplotlib")


def is_chapter(app, docname):
    """Say whether a page is a chapter: it holds code cells and is not the landing page."""
    if docname == app.config.root_doc or docname not in app.env.found_docs:
        return False
    return "```{code-cell}" in Path(app.env.doc2path(docname)).read_text(
        encoding="utf-8"
    )


def notebook(app, docname):
    """Return the chapter as a notebook without outputs, with a cell on how to run it on top."""
    book = jupytext.read(app.env.doc2path(docname), fmt="md:myst")
    first = FIRST_CELL.format(
        project=app.config.project,
        url=f"{app.config.html_baseurl.rstrip('/')}/{docname}.html",
        repository=app.config.html_theme_options["repository_url"],
        ran=run_time(app, docname),
        versions=f"Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in VERSIONS),
    )
    book.cells.insert(0, nbformat.v4.new_markdown_cell(first))
    for number, cell in enumerate(book.cells):
        cell.id = f"c{number}"
    book.metadata = {"kernelspec": {"display_name": "Python 3", "name": "python3"}}
    return book


def run_time(app, docname):
    """Say how long the chapter took when the book was built."""
    ran = (
        getattr(app.env, "nb_metadata", {})
        .get(docname, {})
        .get("exec_data", {})
        .get("runtime")
    )
    return f"It ran in {ran:.0f} s" if ran else "It ran"


def write_downloads(app, exception):
    """Write both files of every chapter into the built site."""
    if exception or app.builder.name != "html":
        return
    for docname in filter(lambda name: is_chapter(app, name), app.env.found_docs):
        target = Path(app.outdir, FOLDER, docname)
        target.parent.mkdir(parents=True, exist_ok=True)
        copy2(app.env.doc2path(docname), target.with_suffix(".md"))
        nbformat.write(notebook(app, docname), target.with_suffix(".ipynb"))
    made = Path(os.environ.get("HITCHHIKER_TABLES", Path(app.outdir).parent / "tables"))
    for name in {
        name for docname in app.env.found_docs for name in tables(app, docname)
    }:
        target = Path(app.outdir, FOLDER, "tables", f"{name}.csv")
        target.parent.mkdir(parents=True, exist_ok=True)
        copy2(made / f"{name}.csv", target)


def tables(app, docname):
    """Return the names of the tables that a page saves."""
    return SAVED.findall(Path(app.env.doc2path(docname)).read_text(encoding="utf-8"))


def show_links(app, pagename, templatename, context, doctree):
    """Put the line with both links under the chapter's title."""
    if (
        app.builder.name != "html"
        or "body" not in context
        or not is_chapter(app, pagename)
    ):
        return
    links = {
        kind: context["pathto"](f"{FOLDER}/{pagename}.{kind}", resource=True)
        for kind in ("ipynb", "md")
    }
    saved = ", ".join(
        TABLE.format(
            href=context["pathto"](f"{FOLDER}/tables/{name}.csv", resource=True),
            name=name,
        )
        for name in dict.fromkeys(tables(app, pagename))
    )
    links["tables"] = f"<br>Tables behind the figures: {saved}." if saved else ""
    context["body"] = context["body"].replace(
        "</h1>", "</h1>" + LINE.format(**links), 1
    )


def setup(app):
    app.connect("html-page-context", show_links)
    app.connect("build-finished", write_downloads)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
