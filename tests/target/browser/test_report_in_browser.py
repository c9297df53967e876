"""The page of a real run, opened in a real browser: sorted, searched, read in the dark and on a phone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from support.launcher import Launcher
from support.processes import Sandbox
from target import report_run
from target.lab import Lab

WIDE, PHONE = {"width": 1100, "height": 1200}, {"width": 390, "height": 844}
MOST_BYTES = 200_000  # of the picture in the documentation


@pytest.fixture(scope="module")
def report(tiny_sandbox: Sandbox, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the page of a run with rejected records and waits."""
    folder = tmp_path_factory.mktemp("report")
    tiny_sandbox.control.reset()
    lab = Lab(tiny_sandbox, launcher, folder)
    path = folder / "report.html"
    report_run.run(lab, path, products=int(os.environ.get("REPORT_PRODUCTS", "400"))).ended(1)
    yield path
    lab.end()
    tiny_sandbox.control.clear_faults()
    tiny_sandbox.control.request("PUT", "latency", {"optiply": 0, "auth": 0})


class Opened:
    """The page in a browser, and what happened in it."""

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self.said: list[str] = []
        self.requested: list[str] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.requested.append(request.url))
        page.goto(path.as_uri())

    def column(self, table: str, number: int) -> list[str]:
        """Return the texts of the visible cells of a column, from the top."""
        cells = self.page.locator(f"{table} tbody tr:visible > :nth-child({number})")
        return [text.strip() for text in cells.all_inner_texts()]


@pytest.fixture
def opened(browser: Browser, report: Path, request: pytest.FixtureRequest) -> Iterator[Opened]:
    """Return the page, opened as a test's parameter says, which must make no noise and ask for nothing."""
    options: dict[str, Any] = getattr(request, "param", {})
    context = browser.new_context(**{"viewport": WIDE, **options})
    found = Opened(context.new_page(), report)
    yield found
    context.close()
    assert found.said == []
    assert found.requested == [report.as_uri()]


ENTITIES, REJECTED = "section[aria-labelledby=entities] table", "#rejected-table"


def test_a_table_is_sorted_by_a_click_and_by_the_keyboard(opened: Opened) -> None:
    before = opened.column(ENTITIES, 1)
    head = opened.page.locator(f"{ENTITIES} thead th").nth(1)
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    created = [int(text.replace("\u202f", "")) for text in opened.column(ENTITIES, 2)]
    assert created == sorted(created)
    assert len(set(created)) > 2
    head.get_by_role("button").press("Enter")
    expect(head).to_have_attribute("aria-sort", "descending")
    turned = [int(text.replace("\u202f", "")) for text in opened.column(ENTITIES, 2)]
    assert turned == sorted(created, reverse=True)
    name = opened.page.locator(f"{ENTITIES} thead th").first.get_by_role("button")
    name.focus()
    opened.page.keyboard.press("Space")
    assert opened.column(ENTITIES, 1) == sorted(before)
    expect(head).not_to_have_attribute("aria-sort", "descending")
    expect(opened.page.locator(f"{ENTITIES} tfoot th")).to_have_text("All")


def test_a_search_leaves_the_rows_that_hold_every_word(opened: Opened) -> None:
    everything = opened.column(REJECTED, 2)
    assert len(everything) > 10
    box = opened.page.get_by_label("Search the rejected records")
    box.press_sequentially("PRODUCTS digits p04")
    assert opened.column(REJECTED, 2) == [each for each in everything if each == "P040"]
    expect(opened.page.locator("output").first).to_have_text(f"1 of {len(everything)}")
    box.fill("nothing holds this")
    assert opened.column(REJECTED, 2) == []
    box.fill("")
    assert opened.column(REJECTED, 2) == everything
    expect(opened.page.locator("output").first).to_have_text("")


def test_sorting_keeps_what_a_search_has_found(opened: Opened) -> None:
    opened.page.get_by_label("Search the rejected records").fill("price")
    found = opened.column(REJECTED, 2)
    head = opened.page.locator(f"{REJECTED} thead th").nth(1).get_by_role("button")
    head.click()
    head.click()
    assert opened.column(REJECTED, 2) == sorted(found, reverse=True)
    assert 1 < len(found) < opened.page.locator(f"{REJECTED} tbody tr").count()


def test_the_timeline_shows_the_writes_and_the_waits(opened: Opened) -> None:
    assert opened.page.locator("svg .bar").count() > 3
    assert opened.page.locator("svg .wait").count() > 3
    drawn = opened.page.get_by_role("img").bounding_box()
    assert drawn is not None
    assert drawn["width"] > 600
    opened.page.get_by_text("The same as a table").click()
    expect(opened.page.locator("details table")).to_be_visible()


# how it looks: contrast by the formula of WCAG 2, of every text as the browser draws it
CONTRASTS = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const channels = (color) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const luminance = (color) => [...channels(color)].slice(0, 3).map((each) => each / 255)
    .map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
    .reduce((sum, each, index) => sum + each * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const color = getComputedStyle(element).backgroundColor;
      if (channels(color)[3] === 255) return color;
    }
    return "Canvas";
  };
  const found = [];
  const walker = document.createTreeWalker(document.querySelector("body"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || !element.checkVisibility() || element.closest("script, title")) continue;
    const pair = [getComputedStyle(element).color, behind(element)].map(luminance).sort((a, b) => b - a);
    found.push([(pair[0] + 0.05) / (pair[1] + 0.05), text.slice(0, 40)]);
  }
  return found;
}"""
THEMES = [{"color_scheme": "light"}, {"color_scheme": "dark"}]


@pytest.mark.parametrize("opened", THEMES, indirect=True, ids=["light", "dark"])
def test_every_text_has_contrast_enough(opened: Opened) -> None:
    contrasts = opened.page.evaluate(CONTRASTS)
    assert len(contrasts) > 100
    assert [each for each in contrasts if each[0] < 4.5] == []


def test_the_page_is_dark_in_the_dark(browser: Browser, report: Path) -> None:
    papers = []
    for theme in THEMES:
        context = browser.new_context(viewport=WIDE, **theme)
        page = context.new_page()
        page.goto(report.as_uri())
        papers.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        context.close()
    light, dark = ([int(each) for each in paper.strip("rgb()").split(",")] for paper in papers)
    assert min(light) > 240
    assert max(dark) < 40


@pytest.mark.parametrize("opened", [{"viewport": PHONE, "has_touch": True}], indirect=True, ids=["phone"])
def test_a_phone_scrolls_in_one_direction_only(opened: Opened) -> None:
    assert opened.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    for cell in opened.page.locator(f"{REJECTED} tbody tr").first.locator("td, th").all():
        box = cell.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
    table = opened.page.get_by_role("region", name="Table: by entity")
    table.focus()
    expect(table).to_be_focused()


@pytest.mark.parametrize("opened", [{"java_script_enabled": False}], indirect=True, ids=["no script"])
def test_without_scripts_the_page_is_whole_and_offers_nothing_that_does_not_work(opened: Opened) -> None:
    expect(opened.page.get_by_role("heading", level=1)).to_be_visible()
    assert opened.page.locator(f"{REJECTED} tbody tr").count() > 10
    expect(opened.page.get_by_role("searchbox")).to_have_count(0)
    expect(opened.page.get_by_role("button")).to_have_count(0)


def test_the_picture_in_the_documentation_can_be_made_anew(opened: Opened, tmp_path: Path) -> None:
    path = Path(os.environ.get("REPORT_PICTURE") or tmp_path / "report.png")
    opened.page.set_viewport_size({"width": 1100, "height": 1480})
    opened.page.screenshot(path=path)
    assert 10_000 < path.stat().st_size < MOST_BYTES
