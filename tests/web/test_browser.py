"""Every page in a real browser, the network off. Needs Chromium: `make test-web`."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import sync_playwright

from tools.book import ROOT, pages

SITE = ROOT / "_build" / "html"
PAGES = [
    *(page.relative_to(ROOT).with_suffix("").as_posix() for page in pages()),
    "404",
    "search",
]
WIDTHS = (390, 820, 1400)
ROUGH = ("serious", "critical")
# Rules whose findings stand in the theme's own markup and were looked at: the reason.
EXCUSED = {}


@pytest.fixture(scope="module")
def browser():
    path = (
        os.environ.get("CHROMIUM")
        or shutil.which("chromium")
        or shutil.which("chromium-browser")
    )
    assert path, "no Chromium: install the package chromium, or name it in CHROMIUM"
    flags = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--allow-file-access-from-files",
    ]
    with sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=path, args=flags)
        yield made
        made.close()


@pytest.fixture
def open_page(browser):
    """Open a page and gather what goes wrong; nothing outside the site is reached."""
    contexts = []

    def opened(name, width=1400, scheme="light"):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
        )
        contexts.append(context)
        words = json.dumps(scheme)
        for key in ("mode", "theme"):
            context.add_init_script(f"localStorage.setItem('{key}', {words})")
        page, wrong = context.new_page(), []

        def on_request(request):
            if not request.url.startswith(("file:", "data:", "blob:")):
                wrong.append(f"asked outside: {request.url}")

        def on_message(message):
            if message.type == "error":
                wrong.append(f"console: {message.text}")

        page.on("requestfailed", lambda r: wrong.append(f"request failed: {r.url}"))
        page.on("request", on_request)
        page.on("pageerror", lambda e: wrong.append(f"error: {e}"))
        page.on("console", on_message)
        page.goto(f"file://{SITE / name}.html", wait_until="load")
        page.wait_for_timeout(300)
        return page, wrong

    yield opened
    for context in contexts:
        context.close()


LOOK = """() => {
    const images = [...document.images];
    images.forEach(i => i.loading = 'eager');
    const root = document.querySelector('main') || document.body;
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const raw = [];
    while (walker.nextNode()) {
        const text = walker.currentNode.textContent;
        const where = walker.currentNode.parentElement.closest(
            'pre, code, script, style, mjx-container, .output');
        if (where) continue;
        if (/\\\\\\(|\\\\\\[|\\$\\$/.test(text)) raw.push(text.trim().slice(0, 60));
    }
    return {raw, width: document.documentElement.scrollWidth};
}"""
BROKEN = """() => Promise.all(
    [...document.images].map(i => i.decode().then(() => null, () => i.src))
).then(all => all.filter(Boolean))"""


@pytest.mark.parametrize("name", PAGES)
def test_page_is_whole_at_every_width(open_page, name):
    for width in WIDTHS:
        page, wrong = open_page(name, width)
        look = page.evaluate(LOOK)
        broken = page.evaluate(BROKEN)
        assert not look["raw"], f"{name}: raw formulas {look['raw'][:3]}"
        # The page for unknown addresses is shown at any of them, so that its own
        # addresses start at the root of a server.
        if name != "404":
            assert not wrong, f"{name} at {width}: {wrong[:3]}"
            assert not broken, f"{name}: missing images {broken[:3]}"
            assert look["width"] <= width, f"{name} is {look['width']} px at {width}"


def barrier(violation):
    """Return what axe says of a rule that a page breaks, and where first."""
    first = violation["nodes"][0]
    return (
        f"{violation['id']} ({violation['impact']}): {first['target']} "
        f"{first['html'][:120]} {first.get('failureSummary', '')[:200]} "
        f"x{len(violation['nodes'])}"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_page_has_no_serious_barrier(open_page, name, scheme):
    page, _ = open_page(name, scheme=scheme)
    page.evaluate(AXE_SCRIPT)
    rules = {"rules": {rule: {"enabled": False} for rule in EXCUSED}}
    result = page.evaluate("options => axe.run(document, options)", rules)
    barriers = [barrier(v) for v in result["violations"] if v["impact"] in ROUGH]
    assert not barriers, f"{name} in {scheme}: " + "\n".join(barriers)


def test_the_panel_says_what_python_says(open_page):
    from experiments import index

    page, wrong = open_page("index")
    table = index.panel_table()
    for row in table.iloc[:: max(1, len(table) // 6)].to_dict("records"):
        for name in ("sizes", "scale", "share"):
            page.select_option(f".guide-panel select[name={name}]", row[name])
        said = page.inner_text(".guide-panel output")
        assert all(part in said for part in index.sentence(row)), (row, said)
    page.select_option(".guide-panel select[name=sizes]", "6 or more")
    page.select_option(".guide-panel select[name=scale]", "more than 50 times")
    page.select_option(".guide-panel select[name=share]", "10 %")
    known = table.query(
        "sizes == '6 or more' and scale == 'more than 50 times' and share == '10 %'"
    )
    assert ("too few families" in page.inner_text(".guide-panel output")) == known.empty
    assert not wrong


def test_the_decision_card_prints_on_one_sheet(open_page, tmp_path):
    page, _ = open_page("chapters/card")
    made = page.pdf(
        path=tmp_path / "card.pdf",
        format="A4",
        margin={"top": "12mm", "bottom": "12mm"},
    )
    assert len(re.findall(rb"/Type\s*/Page[^s]", made)) == 1


def test_every_page_is_looked_at():
    built = {
        p.relative_to(SITE).with_suffix("").as_posix()
        for p in SITE.rglob("*.html")
        if "_static" not in p.parts and "reports" not in p.parts
    }
    assert built - {"genindex", "py-modindex"} <= set(PAGES) | {"print"}, built - set(
        PAGES
    )
    assert Path(SITE / "index.html").exists()
