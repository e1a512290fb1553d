"""The form as it looks in Chromium: axe, 320 px, letters twice as large, large targets, without script (WCAG 2.2 AA, ux.md)."""

from __future__ import annotations

import pytest

from tests.browser.form import WAYS, Served, Telephone, Way, a_calm_day, a_daughter, complaints_of, something_wrong

pytestmark = pytest.mark.browser

SMALL = (
    "[...document.querySelectorAll('main button, main a, main input[type=text], .tick, .languages button, .number')]"
    ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 56).map(e => e.outerHTML.slice(0, 80))"
)
CUT = (
    "[...document.querySelectorAll('button, a, input, h1, p')].filter(e => e.offsetParent && !e.closest('.skip')"
    " && !e.classList.contains('out') && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))"
)

OVERHANGING = (
    "(() => { const [head, main] = ['.numbers', 'main > :last-child'].map(s => document.querySelector(s).getBoundingClientRect());"
    " return [head.left - main.left, head.right - main.right].filter(far => Math.abs(far) > 1) })()"
)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_every_page_small_enlarged_and_read_by_axe(telephone: Telephone, served: Served, way: Way) -> None:
    """320 px, the width of a 1280 px screen enlarged four times: targets 56 px, text 20 px, questions 28 px, nothing scrolls sideways.

    Then twice as large again in letters only.
    """
    page = telephone(320, 640, quiet=False)
    for name in way(page, served):
        assert complaints_of(page) == [], name
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert page.evaluate(SMALL) == [], name
        assert page.evaluate("getComputedStyle(document.body).fontSize") == "20px"
        assert page.evaluate("parseFloat(getComputedStyle(document.querySelector('h1')).fontSize)") >= 28, name
        page.evaluate("document.documentElement.style.fontSize = '250%'")  # 40 px: text zoomed to 200 %
        page.set_viewport_size({"width": 390, "height": 700})
        assert page.evaluate(CUT) == [], name
        page.evaluate("document.documentElement.style.fontSize = ''")
        page.set_viewport_size({"width": 320, "height": 640})


@pytest.mark.parametrize("way", [a_calm_day, a_daughter, something_wrong], ids=lambda way: way.__name__)
def test_everything_works_without_script_at_twice_the_size_of_a_desk(telephone: Telephone, served: Served, way: Way) -> None:
    """Only the listen button needs script, and it is not there without. Zoom 200 % of 1280 px is 640. A wide screen has one column."""
    page = telephone(640, 450, script=False, quiet=False)
    for name in way(page, served):
        assert not page.locator("#listen").is_visible(), name
        for width in (640, 1440):
            page.set_viewport_size({"width": width, "height": 450})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
            assert page.evaluate(OVERHANGING) == [], (name, width)
        page.set_viewport_size({"width": 640, "height": 450})
