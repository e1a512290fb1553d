"""What a nurse waits for, seen from a real Chromium on a full list: until the first rows are painted, and the main job in eight keys.

`python -m tests.browser.bench_worklist [DATABASE_URL]`; without an address, SQLite in a folder of its own. The server's part alone is
`vigie bench worklist`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from playwright.sync_api import Page, sync_playwright

from app.commands import bench_list, bench_ward
from tests.support import chromium

PAINTED = """
(() => {
  const look = () => {
    if (document.querySelectorAll('.rows > li').length >= 20) requestAnimationFrame(() => { window.painted = performance.now(); });
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();
"""
"""The frame after the one in which a screenful of rows stood in the page, in milliseconds since the request."""
JOBS = 10


def main(database_url: str = "") -> None:
    """One line a figure."""
    with bench_list.serving(database_url) as (port, _, engine), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900}, bypass_csp=True)
        address = f"http://127.0.0.1:{port}/"
        _sign_in(page, address)
        page.add_init_script(PAINTED)
        _said("first rows painted", engine, [_painted(page, address) for _ in range(bench_list.REQUESTS)])
        _said("main job, eight keys", engine, [_job(page, address) for _ in range(JOBS)])
        browser.close()


def _sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}sign-in")
    page.fill("#login", bench_ward.LOGIN)
    page.fill("#password", bench_ward.PASSWORD)
    page.click("main .primary")
    page.wait_for_url(address)


def _painted(page: Page, address: str) -> float:
    page.goto(address, wait_until="commit")
    page.wait_for_function("window.painted !== undefined")
    spent = float(page.evaluate("window.painted"))
    page.wait_for_load_state("load")
    return spent


def _job(page: Page, address: str) -> float:
    """From the first key to the next row open, as fast as the screens answer: what the interface costs, not what a nurse says."""
    page.goto(address)
    page.wait_for_selector(".list-end")
    began = time.perf_counter()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("#take")
    who = page.inner_text(".panel h2")
    page.keyboard.press("p")
    page.wait_for_selector("#do-close")
    for key in ("n", "Space", "Tab", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    page.wait_for_function("(who) => { const now = document.querySelector('.panel h2'); return now && now.innerText !== who; }", arg=who)
    return (time.perf_counter() - began) * 1000


def _said(what: str, engine: str, spent: Sequence[float]) -> None:
    found = sorted(spent)
    p95 = found[max(0, -(-len(found) * 95 // 100) - 1)]
    median = found[len(found) // 2]
    sys.stdout.write(f"{what}, {bench_list.ITEMS} open items, {engine}: median {median:.0f} ms, 95 % {p95:.0f} ms, of {len(found)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:2])
