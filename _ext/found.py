"""Let pages be found, cited and traced: how to cite each, what it was built from."""

import hashlib
import re
import tomllib
from datetime import date
from pathlib import Path

CITE = """
<details class="cite-page"><summary>Cite this page</summary>
<p>{authors} ({year}). {title}. In <em>{project}</em>, version {version}.
<a href="{url}">{url}</a></p>
</details>
"""
FOOTER = (
    "Version {version} · tables <code>{digest}</code> · figures and numbers computed "
    'when this page was built · <a href="{root}chapters/changes.html">what changed</a>'
    "<!--pdf {root}-->"
)
IMAGE = re.compile(r"<img\b([^>]*)")
LISTED = '<div role="list" class="citation-list">'


def data_digest(folder):
    """Return a short hash of all tables that the book is computed from."""
    digest = hashlib.sha256()
    for path in sorted([folder / "runs.csv", *folder.glob("losses/*.csv")]):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def facts(app):
    """Return the version of the package and the hash of its tables."""
    project = tomllib.loads(Path(app.srcdir, "pyproject.toml").read_text())["project"]
    return {
        "version": project["version"],
        "digest": data_digest(Path(app.srcdir, "data")),
    }


def load_later(body):
    """Return a page's body whose pictures after the second load when they are near."""
    count = iter(range(10**6))

    def lazy(image):
        if next(count) < 2 or "loading=" in image[0]:
            return image[0]
        return f'<img loading="lazy"{image[1]}'

    return IMAGE.sub(lazy, body)


def finish(app, pagename, templatename, context, doctree):
    """Add the citation and the lazy pictures to a page's body, and the footer's words.

    A list of references holds anchors beside its items, which the role of a list
    forbids.
    """
    if app.builder.name != "html":
        return
    landing = context["pathto"](app.config.root_doc)
    root = landing.removesuffix("index.html").removesuffix("#")
    context["theme_extra_footer"] = FOOTER.format(**app.guide_facts, root=root)
    if "body" not in context or doctree is None:
        return
    body = load_later(context["body"])
    body = body.replace(LISTED, LISTED.replace(' role="list"', ""))
    context["body"] = body + CITE.format(
        authors=app.config.author,
        year=date.today().year,
        title=context.get("title", ""),
        project=app.config.project,
        version=app.guide_facts["version"],
        url=f"{app.config.html_baseurl.rstrip('/')}/{pagename}.html",
    )


def prepare(app):
    """Compute what every page says of its origin, once."""
    app.guide_facts = facts(app)


def setup(app):
    app.connect("builder-inited", prepare)
    app.connect("html-page-context", finish, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
