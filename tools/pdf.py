"""Print the one-page build of the book as a PDF, with the system's own Chromium."""

import os
import re
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "_build" / "singlehtml" / "index.html"
TARGET = ROOT / "_build" / "html" / "guide.pdf"
FOOT = (
    '<div style="font-size:8px;width:100%;text-align:center;color:#666">'
    '<span class="pageNumber"></span> / <span class="totalPages"></span></div>'
)

PLACE = re.compile(
    r"<!--pdf (\S*)-->(?: · <a [^>]*>the whole book \(PDF\)</a>)?"
)  # _ext/found.py
LINK = r'<!--pdf \1--> · <a href="\1guide.pdf">the whole book (PDF)</a>'


def main():
    path = (
        os.environ.get("CHROMIUM")
        or shutil.which("chromium")
        or shutil.which("chromium-browser")
    )
    if not path:
        sys.exit("no Chromium: install the package chromium, or name it in CHROMIUM")
    if not SOURCE.exists():
        sys.exit(f"{SOURCE} is missing: run `make pdf`")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_context(offline=True, color_scheme="light").new_page()
        page.goto(f"file://{SOURCE}", wait_until="load", timeout=120_000)
        page.evaluate(
            "document.querySelectorAll('img').forEach(i => i.loading = 'eager')"
        )
        page.evaluate(
            "Promise.all([...document.images].map(i => i.decode().catch(() => null)))"
        )
        page.wait_for_function(
            "!window.MathJax || !MathJax.startup || MathJax.startup.promise",
            timeout=120_000,
        )
        page.pdf(
            path=TARGET,
            format="A4",
            print_background=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOT,
            margin={k: "16mm" for k in ("top", "bottom", "left", "right")},
        )
        browser.close()
    for page in TARGET.parent.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        page.write_text(PLACE.sub(LINK, text), encoding="utf-8")
    print(f"{TARGET}: {TARGET.stat().st_size / 1e6:.1f} MB, linked from every page")


if __name__ == "__main__":
    main()
