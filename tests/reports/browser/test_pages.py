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
  const scale = (e) => Math.hypot(e.getScreenCTM().a, e.getScreenCTM().b);
  const small = (e) => shown(e) && parseFloat(getComputedStyle(e).fontSize) * scale(e) < 10.9;
  return {
    small: innerWidth > 400 ? [] : all("svg text").filter(small).map(brief),
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
NOTHING = {"small": [], "beyond": [], "cut": [], "wordless": [], "nameless": [], "empty": 0, "hidden": 0}


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


def written(folder: Path, name: str) -> Path:
    """A page as a file, made once for all views."""
    file = folder / f"{list(PAGES).index(name)}.html"
    if not file.exists():
        file.write_text(PAGES[name](), encoding="utf-8")
    return file


def opened(browser: Browser, file: Path, scripts: bool = True) -> tuple[Page, list[str]]:
    """The page on a wide screen, and what it should not do: ask for another file, or complain."""
    page = browser.new_context(java_script_enabled=scripts).new_page()
    complaints = list[str]()
    page.on("console", lambda told: complaints.append(f"{told.type}: {told.text}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: complaints.append(asked.url) if asked.url != file.as_uri() else None)
    page.goto(file.as_uri())
    return page, complaints


@pytest.fixture(scope="module", params=PAGES)
def seen(
    request: pytest.FixtureRequest, browser: Browser, folder: Path
) -> Iterator[dict[bool, tuple[Page, list[str]]]]:
    """A page with its script and without it, each opened once for all views."""
    file = written(folder, request.param)
    pages = {scripts: opened(browser, file, scripts) for scripts in (True, False)}
    yield pages
    for page, _ in pages.values():
        page.context.close()


def violations(page: Page, rules: list[str] | None) -> list[Any]:
    """What axe objects to, with the elements: by these rules, or by all of them."""
    only = {"runOnly": rules} if rules else {}
    found = Axe().run(page, options={"resultTypes": ["violations"], **only}).response["violations"]
    return [(one["id"], [node["html"][:150] for node in one["nodes"]]) for one in found]


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_page_is_right_however_it_is_looked_at(seen: dict[bool, tuple[Page, list[str]]], view: View) -> None:
    page, complaints = seen[view.scripts]
    page.set_viewport_size({"width": view.width, "height": 800})
    page.emulate_media(media=view.media, color_scheme=view.scheme)
    found = page.evaluate(SEEN)
    assert {part: found[part] for part in NOTHING} == NOTHING
    assert found["width"] <= 0
    assert found["paper"] == PAPERS[view.scheme if view.media == "screen" else "light"]
    if view.media == "print":
        assert found["folded"] == 0
    if view.rules is not None:
        assert violations(page, list(view.rules)) == []
    assert complaints == []


@pytest.fixture
def play(browser: Browser, folder: Path) -> Iterator[Callable[[str], Page]]:
    """Opens a page of that name on a wide screen."""
    contexts = []

    def play(name: str) -> Page:
        page, _ = opened(browser, written(folder, name))
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


def test_the_slider_of_a_comparison_goes_by_arrow_keys(play: Callable[[str], Page]) -> None:
    page = play("compare")
    slider = page.locator("#walk-stop")
    slider.press("Home")
    told = [page.locator("#walk-told").text_content() or ""]
    for _ in range(2):
        slider.press("ArrowRight")
        told.append(page.locator("#walk-told").text_content() or "")
    assert [one.partition(":")[0] for one in told] == [f"Epoch {epoch} of 40" for epoch in range(3)]
    slider.press("End")
    assert (page.locator("#walk-told").text_content() or "").startswith("Epoch 40 of 40")
