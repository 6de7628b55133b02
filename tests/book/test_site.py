"""The built pages as a reader meets them, without a network. After `make book`."""

import gzip
import json
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from bs4 import BeautifulSoup

from tools.book import ROOT, chapters, code_notebook, pages

SITE = ROOT / "_build" / "html"
PAGES = [page.relative_to(ROOT).with_suffix(".html") for page in pages()]
CHAPTERS = [page for page in chapters() if page.stem != "index"]
MAX_PAGE = 600_000  # bytes of a page with its pictures
MIN_ALT = 20  # characters
# Elements that make a browser fetch something, and the attribute that says from where.
FETCHING = {"object": "data", "image": "href", "use": "href"}
FETCHING |= dict.fromkeys(
    ("script", "img", "iframe", "source", "video", "audio", "embed"), "src"
)
FETCHING_LINKS = {
    "stylesheet",
    "preload",
    "modulepreload",
    "prefetch",
    "preconnect",
    "icon",
}


@cache
def soup(path):
    """Return a built page, parsed."""
    assert path.exists(), f"{path.relative_to(ROOT)} is missing: run `make book` first"
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@cache
def anchors(path):
    """Return every place in a page that a link can point at."""
    return {
        tag[key]
        for key in ("id", "name")
        for tag in soup(path).find_all(attrs={key: True})
    }


def is_outside(url):
    """Say whether a browser would ask another host for this address."""
    return bool(urlsplit(url).netloc) or url.startswith("//")


def fetched(page):
    """Yield every address that a browser fetches to show the page."""
    for name, attribute in FETCHING.items():
        yield from (
            tag[attribute] for tag in page.find_all(name, attrs={attribute: True})
        )
    for tag in page.find_all(srcset=True):
        yield from (part.split()[0] for part in tag["srcset"].split(","))
    for tag in page.find_all("link", href=True):
        if FETCHING_LINKS & set(tag.get("rel", [])):
            yield tag["href"]
    for style in [*page.find_all("style"), *page.find_all(style=True)]:
        yield from styled(style.get("style") or style.get_text())


def styled(css):
    """Return the addresses that a piece of CSS fetches."""
    return re.findall(r"""(?:url\(|@import\s)\s*["']?([^"')\s;]+)""", css)


def test_every_built_page_is_known():
    built = {path.relative_to(SITE) for path in SITE.rglob("*.html")}
    extra = {path for path in built if path.parts[0] not in ("_static", "reports")}
    assert extra - {
        Path("genindex.html"),
        Path("search.html"),
        Path("404.html"),
    } == set(PAGES)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_nothing_comes_from_another_host(page):
    outside = {url for url in fetched(soup(SITE / page)) if is_outside(url)}
    assert not outside, f"{page} fetches {outside}"


def test_styles_fetch_nothing_from_another_host():
    sheets = list((SITE / "_static").rglob("*.css"))
    assert sheets, "no style sheets: run `make book` first"
    outside = {
        (sheet.name, url)
        for sheet in sheets
        for url in styled(sheet.read_text(encoding="utf-8"))
        if is_outside(url)
    }
    assert not outside


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_and_pictures_land(page):
    source, broken = SITE / page, []
    links = [tag["href"] for tag in soup(source).find_all("a", href=True)]
    for url in links + list(fetched(soup(source))):
        parts = urlsplit(url)
        if parts.scheme or parts.netloc:
            continue
        path, anchor = urldefrag(url)
        target = (
            (source.parent / unquote(urlsplit(path).path)).resolve() if path else source
        )
        if not target.is_file():
            broken.append(f"{url}: no such file")
        elif (
            anchor
            and target.suffix == ".html"
            and unquote(anchor) not in anchors(target)
        ):
            broken.append(f"{url}: no such place")
    assert not broken, f"{page}: " + ", ".join(broken)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_pictures_say_what_they_show(page):
    article = soup(SITE / page).select_one("article.bd-article")
    pictures = [
        (tag.get("src", ""), tag.get("alt", "")) for tag in article.find_all("img")
    ]
    for drawing in article.select("figure svg, .cell_output svg"):
        title = drawing.find("title")
        pictures.append(
            ("svg", drawing.get("aria-label") or (title.get_text() if title else ""))
        )
    mute = [source for source, alt in pictures if len(alt.strip()) < MIN_ALT]
    assert not mute, (
        f"{page}: alt text of {MIN_ALT} characters or more is missing: {mute}"
    )


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_page_is_light(page):
    source = SITE / page
    pictures = {tag["src"] for tag in soup(source).select("article img[src]")}
    files = [source, *((source.parent / unquote(url)).resolve() for url in pictures)]
    size = sum(path.stat().st_size for path in files)
    assert size < MAX_PAGE, f"{page} with its pictures takes {size / 1000:.0f} kB"


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda page: page.stem)
def test_chapter_can_be_downloaded(chapter):
    page = SITE / chapter.relative_to(ROOT).with_suffix(".html")
    links = [tag["href"] for tag in soup(page).select(".chapter-downloads a")]
    files = {Path(link).suffix: (page.parent / link).resolve() for link in links}
    tables = [link for link in links if link.endswith(".csv")]
    assert set(files) - {".csv"} == {".ipynb", ".md"}, f"{page.name} offers {links}"
    for table in tables:
        lines = (page.parent / table).resolve().read_text(encoding="utf-8").splitlines()
        assert len(lines) > 1, f"{table} is empty"
    assert files[".md"].read_bytes() == chapter.read_bytes()
    notebook = json.loads(files[".ipynb"].read_text(encoding="utf-8"))
    code = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
    assert code == [cell.source for cell in code_notebook(chapter).cells]


MAX_FIRST_VISIT = (
    1_500_000  # bytes, gzipped, of the landing page with all that it fetches
)
MAX_CHAPTER = 250_000  # bytes, gzipped, of a chapter's page and pictures


def packed(path):
    """Return how many bytes of a file go over the wire."""
    return len(gzip.compress(path.read_bytes(), 6))


def own_files(page):
    """Return the files of the site that a page fetches."""
    path = SITE / page
    found = {
        (path.parent / unquote(urldefrag(url)[0].split("?")[0])).resolve()
        for url in fetched(soup(path))
        if not url.startswith(("data:", "http"))
    }
    return {file for file in found if file.is_file()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_chapter_is_light(page):
    pictures = [f for f in own_files(page) if "_images" in f.parts]
    size = packed(SITE / page) + sum(map(packed, pictures))
    assert size < MAX_CHAPTER, f"{page}: {size / 1e3:.0f} kB gzipped"


def test_first_visit_is_light():
    size = packed(SITE / "index.html") + sum(map(packed, own_files(Path("index.html"))))
    assert size < MAX_FIRST_VISIT, f"{size / 1e6:.2f} MB gzipped"


def test_site_can_be_found_and_cited():
    addresses = (SITE / "sitemap.xml").read_text(encoding="utf-8")
    for page in PAGES:
        assert page.as_posix() in addresses
        tree = soup(SITE / page)
        assert "Cite this page" in tree.get_text()
        assert tree.find("meta", property="og:image")["content"].endswith("cover.png")
        assert tree.find("meta", attrs={"name": "description"})["content"]
        assert re.search(r"Version \S+ · tables [0-9a-f]{12}", tree.get_text())
    assert "no such page" in soup(SITE / "404.html").get_text()
