"""Every kind of page in a real browser, wide and on a phone, light, dark, on paper and without its script."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsers import ARGUMENTS, CHROMIUM
from playwright.sync_api import Browser, Page, sync_playwright

from tests.reports.browser.made_pages import PAGES

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium")

#: What the browser sees: what stands beyond the edge of the page or is cut, and figures without all of their words.
SEEN = """() => {
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
  const shown = (element) => element.checkVisibility() && element.getClientRects().length;
  const brief = (element) => element.outerHTML.slice(0, 120);
  const scrolls = (e) => e && e !== document.body && (clips(e) || scrolls(e.parentElement));
  const clips = (e) => getComputedStyle(e).overflowX !== "visible";
  const over = (e) => e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().left < -1;
  const beyond = (e) => shown(e) && over(e) && !scrolls(e.parentElement);
  const cut = (e) => shown(e) && e.scrollWidth > e.clientWidth + 1;
  const wordless = (e) => shown(e) && !(said(e, "figcaption") && said(e, ".note"));
  const named = (e) => ["aria-hidden", "aria-label", "aria-labelledby"].some((name) => e.getAttribute(name));
  const said = (e, selector) => all(selector, e).some((part) => part.textContent.trim());
  return {
    width: document.documentElement.scrollWidth - innerWidth,
    beyond: all("body :not(svg *), svg text").filter(beyond).map(brief),
    cut: all("h1, h2, h3, figcaption, .verdict").filter(cut).map(brief),
    wordless: all("figure").filter(wordless).map(brief),
    nameless: all("svg").filter((e) => shown(e) && !named(e)).map(brief),
    empty: all("th").filter((e) => !e.textContent.trim()).length,
    hidden: all("figure svg").filter((e) => shown(e) && !e.getBoundingClientRect().height).length,
    folded: all("details.fold > :not(summary)").filter((e) => !e.checkVisibility()).length,
    paper: getComputedStyle(document.body).backgroundColor,
  };
}"""
NOTHING = {"beyond": [], "cut": [], "wordless": [], "nameless": [], "empty": 0, "hidden": 0}


PAPERS = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 26)"}


@dataclass(frozen=True)
class View:
    """How the page is looked at, and by which of axe's rules, which take most of the time; None: by none."""

    width: int
    scheme: str = "light"
    media: str = "screen"
    scripts: bool = True
    rules: tuple[str, ...] | None = None


#: What depends on colours and widths.
LOOKED_AT = ("color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size")
VIEWS = {
    "wide and light": View(1200, rules=()),
    "wide and dark": View(1200, "dark"),
    "phone, light": View(360),
    "phone, dark": View(360, "dark", rules=LOOKED_AT),
    "print": View(720, "dark", "print"),
    "without its script": View(360, scripts=False),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module", params=PAGES)
def file(request: pytest.FixtureRequest, folder: Path) -> Path:
    """A page, made once for all views."""
    made = folder / f"{list(PAGES).index(request.param)}.html"
    made.write_text(PAGES[request.param](), encoding="utf-8")
    return made


def opened(browser: Browser, file: Path, view: View) -> tuple[Page, list[str]]:
    """The page, and what it should not do: ask for another file, or complain."""
    context = browser.new_context(
        viewport={"width": view.width, "height": 800}, color_scheme=view.scheme, java_script_enabled=view.scripts
    )
    page, complaints = context.new_page(), list[str]()
    page.on("console", lambda told: complaints.append(f"{told.type}: {told.text}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: complaints.append(asked.url) if asked.url != file.as_uri() else None)
    page.emulate_media(media=view.media)
    page.goto(file.as_uri())
    return page, complaints


def violations(page: Page, rules: list[str] | None) -> list[Any]:
    """What axe objects to, with the elements: by these rules, or by all of them."""
    only = {"runOnly": rules} if rules else {}
    found = Axe().run(page, options={"resultTypes": ["violations"], **only}).response["violations"]
    return [(one["id"], [node["html"][:150] for node in one["nodes"]]) for one in found]


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_page_is_right_however_it_is_looked_at(browser: Browser, file: Path, view: View) -> None:
    page, complaints = opened(browser, file, view)
    try:
        seen = page.evaluate(SEEN)
        assert {part: seen[part] for part in NOTHING} == NOTHING
        assert seen["width"] <= 0
        assert seen["paper"] == PAPERS[view.scheme if view.media == "screen" else "light"]
        if view.media == "print":
            assert seen["folded"] == 0
        if view.rules is not None:
            assert violations(page, list(view.rules)) == []
        assert complaints == []
    finally:
        page.context.close()


@pytest.fixture
def play(browser: Browser, folder: Path) -> Iterator[Callable[[str], Page]]:
    """Opens a page of that name on a wide screen."""
    contexts = []

    def play(name: str) -> Page:
        file = folder / f"{list(PAGES).index(name)}.html"
        if not file.exists():
            file.write_text(PAGES[name](), encoding="utf-8")
        page, _ = opened(browser, file, View(1200))
        contexts.append(page.context)
        return page

    yield play
    for context in contexts:
        context.close()


def test_the_slider_of_the_course_walks_as_far_as_its_rate_leads(play: Callable[[str], Page]) -> None:
    """The made-up bowl has λ = 16 and 2: the limit is 0.125, where the loss no longer falls."""
    page = play("learn")
    rate = page.locator("#eta")
    told = {}
    for percent in ("50", "110"):
        rate.evaluate("(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input')); }", percent)
        losses = page.locator("#slider [data-epoch]").all_text_contents()
        told[percent] = (page.locator("#eta-told").text_content(), page.locator("#verdict").text_content(), losses)
    assert told["50"][0] == "η = 0.0625"
    assert told["110"][0] == "η = 0.1375"
    assert told["50"][1:] != told["110"][1:]
    assert page.locator("#plane circle").count() > 1
    assert page.locator("#plane").get_attribute("aria-label")


def test_a_question_of_the_course_opens_one_answer_at_a_time(play: Callable[[str], Page]) -> None:
    page = play("learn")
    choices = page.locator("section.question").first.locator("details")
    for place in range(2):
        choices.nth(place).locator("summary").click()
    assert [choice.get_attribute("open") is not None for choice in choices.all()][:2] == [False, True]


def test_the_walk_through_an_explanation_shows_what_has_come_and_all_at_the_end(play: Callable[[str], Page]) -> None:
    """While nothing of the graph is there, no label of an edge is."""
    page = play("explain")
    drawn = page.locator("svg.tape text")
    every = drawn.evaluate_all("(texts) => texts.filter((t) => t.checkVisibility({visibilityProperty: true})).length")
    page.get_by_role("button", name="Walk through").click()
    assert page.locator(".stop.now").count() == 1
    seen = drawn.evaluate_all("(texts) => texts.filter((t) => t.checkVisibility({visibilityProperty: true})).length")
    assert (every > 10, seen) == (True, 0)
    page.get_by_role("button", name="Show all").click()
    assert page.locator(".later").count() == 0
