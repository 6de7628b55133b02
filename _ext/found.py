"""Let pages be found, cited and traced: how to cite each, and what it was built from."""

import hashlib
import re
from datetime import date
from importlib.metadata import version
from pathlib import Path

CITE = """
<details class="cite-page"><summary>Cite this page</summary>
<p>{authors} ({year}). {title}. In <em>{project}</em>, version {version}.
<a href="{url}">{url}</a></p>
</details>
"""
FOOTER = (
    "Version {version} · tables <code>{digest}</code> · figures and numbers computed when this "
    'page was built · <a href="{root}changelog.html">what changed</a><!--pdf {root}-->'
)


def data_digest(folder):
    """Return a short hash of all tables that the book is computed from."""
    digest = hashlib.sha256()
    for path in sorted([folder / "runs.csv", *folder.glob("losses/*.csv")]):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def facts(app):
    """Return the version of the package and the hash of its tables."""
    return {
        "version": version("hitchhiker"),
        "digest": data_digest(Path(app.srcdir, "data")),
    }


def first_pictures_now_others_later(body):
    """Return a page's body in which all pictures but the first two load when they are near."""
    seen = iter(range(10**6))

    def lazy(found):
        return (
            found[0]
            if next(seen) < 2 or "loading=" in found[0]
            else f'<img loading="lazy"{found[1]}'
        )

    return re.sub(r"<img\b([^>]*)", lazy, body)


def finish(app, pagename, templatename, context, doctree):
    """Add the citation and the lazy pictures to a page's body, and the footer's words.

    A list of references holds anchors beside its items, which the role of a list
    forbids.
    """
    if app.builder.name != "html":
        return
    known = app.guide_facts
    root = (
        context["pathto"](app.config.root_doc)
        .removesuffix("index.html")
        .removesuffix("#")
    )
    context["theme_extra_footer"] = FOOTER.format(**known, root=root)
    if "body" not in context or doctree is None:
        return
    body = first_pictures_now_others_later(context["body"])
    body = body.replace(
        '<div role="list" class="citation-list">', '<div class="citation-list">'
    )
    url = f"{app.config.html_baseurl.rstrip('/')}/{pagename}.html"
    words = {
        "authors": app.config.author,
        "year": date.today().year,
        "url": url,
        "project": app.config.project,
        "title": context.get("title", ""),
        "version": known["version"],
    }
    context["body"] = body + CITE.format(**words)


def prepare(app):
    """Compute what every page says of its origin, once."""
    app.guide_facts = facts(app)


def setup(app):
    app.connect("builder-inited", prepare)
    app.connect("html-page-context", finish, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
