"""Let pages be read without a network: with MathJax, without live-code scripts."""

from importlib.util import find_spec
from pathlib import Path
from shutil import copy2, copytree

FONTS = Path("output", "chtml", "fonts", "woff-v2")


def copy_mathjax(app, exception):
    """Copy the one script and the fonts that the pages use into the built site."""
    if exception or app.builder.format != "html":
        return
    source = (
        Path(find_spec("sphinx-mathjax-offline").origin).parent / "static" / "mathjax"
    )
    target = Path(app.outdir) / "_static" / "mathjax"
    target.mkdir(parents=True, exist_ok=True)
    copy2(source / "tex-chtml.js", target)
    copytree(source / FONTS, target / FONTS, dirs_exist_ok=True)


def drop_live_code(app, pagename, templatename, context, doctree):
    """Leave out the scripts of sphinx-thebe, which fetch a kernel's client."""

    def is_thebe(script):
        return "thebe" in f"{script.filename} {script.attributes.get('body', '')}"

    context["script_files"] = [s for s in context["script_files"] if not is_thebe(s)]


def share_html_handlers(app, config):
    """Give the one-page build the handlers of the HTML build.

    sphinx-exercise registers its own for ``singlehtml``, and Sphinx then forgets the
    others.
    """
    handlers = app.registry.translation_handlers
    if "singlehtml" in handlers:
        handlers["singlehtml"] = {**handlers.get("html", {}), **handlers["singlehtml"]}


def setup(app):
    app.config.mathjax_path = "mathjax/tex-chtml.js"
    app.connect("config-inited", share_html_handlers, priority=900)
    app.connect("html-page-context", drop_live_code, priority=900)
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
