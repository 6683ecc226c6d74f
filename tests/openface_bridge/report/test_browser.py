"""The page in a real browser: no complaint, and its filter, choosers and magnifier work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.browser import Browser, chromium

from openface_bridge.parity.run import Comparison

EXECUTABLE = chromium()
pytestmark = pytest.mark.skipif(EXECUTABLE is None, reason="no Chromium is installed")
FIRST = "document.querySelector('article')"
SETTLED = "new Promise(done => requestAnimationFrame(() => setTimeout(done, 60)))"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert EXECUTABLE is not None
    with Browser(EXECUTABLE) as running:
        running.resize(1280, 900)
        yield running


@pytest.fixture(scope="module")
def path(
    sound: Comparison,
    faulty: Callable[[str], Comparison],
    named: Callable[[Comparison, str], Comparison],
    write: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A page of two failing fits and a sound one."""
    page = tmp_path_factory.mktemp("page") / "page with spaces.html"
    write(page, [sound, named(faulty("6"), "maps"), named(faulty("1"), "scale")])
    return page


@pytest.fixture
def page(browser: Browser, path: Path) -> Iterator[Browser]:
    browser.resize(1280, 900)
    browser.prefer()
    browser.open(path)
    yield browser
    browser.evaluate(SETTLED)
    assert browser.complaints == []


def shown(page: Browser, what: str) -> list[Any]:
    """Ids of elements that are not hidden."""
    script = f"[...document.querySelectorAll('{what}')].filter(e => e.offsetParent).map(e => e.id)"
    found = page.evaluate(script)
    assert isinstance(found, list)
    return found


def choose(page: Browser, name: str, value: object) -> None:
    """Use a control of the first fit's map viewer."""
    page.evaluate(
        f"(() => {{ const e = {FIRST}.querySelector('[data-choose={name}]'); e.value = '{value}';"
        "e.dispatchEvent(new Event('input', {bubbles: true})); })()"
    )


def reading(page: Browser) -> str:
    return str(page.evaluate(f"{FIRST}.querySelector('[data-reading]').textContent"))


def pictures(page: Browser) -> list[Any]:
    script = f"[...{FIRST}.querySelectorAll('.panels image')].map(e => e.getAttribute('href'))"
    found = page.evaluate(script)
    assert isinstance(found, list)
    return found


def look(page: Browser) -> None:
    """Let the first fit's maps come into sight."""
    page.evaluate(f"{FIRST}.querySelector('[data-maps]').scrollIntoView()")
    page.evaluate(SETTLED)


def test_filter(page: Browser):
    assert shown(page, "article") == ["scale-default", "maps-default", "anna-default"]
    page.evaluate("document.getElementById('only-failures').click()")
    assert shown(page, "article") == ["scale-default", "maps-default"]
    assert len(shown(page, ".overview tbody tr")) == 2
    assert page.evaluate("document.getElementById('shown').textContent") == "2 of 3 shown"
    page.evaluate("document.getElementById('only-failures').click()")
    assert len(shown(page, "article")) == 3


def test_deep_links(browser: Browser, path: Path):
    browser.open(path, "#anna-default--mean_shift")
    browser.evaluate(SETTLED)
    top = "document.getElementById('anna-default--mean_shift').getBoundingClientRect().top"
    assert 0 <= browser.evaluate(top) < 900
    assert browser.evaluate("document.querySelector('#anna-default details.stages').open")
    # What is linked to is shown, though it was filtered out.
    browser.evaluate("document.getElementById('only-failures').click()")
    browser.evaluate("location.hash = '#anna-default--clamp'")
    browser.evaluate(SETTLED)
    assert "anna-default" in shown(browser, "article")
    assert browser.complaints == []


def test_maps(page: Browser):
    look(page)
    assert all(href.startswith("data:image/png;base64,") for href in pictures(page))
    assert len(pictures(page)) == 3
    drawn = page.evaluate(f"{FIRST}.querySelectorAll('.panels rect').length")
    assert drawn >= 4, "kernel cells"


def test_landmark_chooser(page: Browser):
    look(page)
    choose(page, "landmark", 1)
    before = pictures(page)
    assert reading(page).startswith("Landmark 1, scale 0")
    choose(page, "landmark", 10)
    assert reading(page).startswith("Landmark 10, scale 0")
    assert pictures(page)[0] != before[0]
    page.evaluate(f"{FIRST}.querySelector('[data-step=\"1\"]').click()")
    assert reading(page).startswith("Landmark 11,")
    page.evaluate(f"{FIRST}.querySelector('[data-step=\"1\"]').click()")
    assert reading(page).startswith("Landmark 0,")
    # A landmark of the picture chooses too.
    page.evaluate(
        f"{FIRST}.querySelectorAll('.landmark')[3].dispatchEvent(new MouseEvent('click'))"
    )
    assert reading(page).startswith("Landmark 3,")
    assert page.evaluate(f"{FIRST}.querySelector('.landmark.chosen').dataset.landmark") == "3"


def test_scale_inputs_and_iteration(page: Browser):
    look(page)
    choose(page, "scale", 1)
    assert ", scale 1:" in reading(page)
    forced = reading(page)
    choose(page, "inputs", "free")
    assert reading(page) != forced
    first = reading(page)
    choose(page, "iteration", 2)
    assert reading(page) != first
    assert page.evaluate(f"{FIRST}.querySelector('[data-iteration-name]').textContent") in (
        "rigid 2",
        "non-rigid 0",
        "non-rigid 1",
    )


def test_normalised_maps_are_read_off(page: Browser):
    """The fault of the second fit: the reading says that the candidate's map reaches to 1."""
    page.evaluate("document.querySelector('#maps-default [data-maps]').scrollIntoView()")
    page.evaluate(SETTLED)
    said = page.evaluate("document.querySelector('#maps-default [data-reading]').textContent")
    assert "the candidate's from 0 to 1." in said


def test_magnifier(page: Browser):
    face = f"{FIRST}.querySelector('[data-face]')"
    cross = f"{FIRST}.querySelector('.landmark .candidate')"
    apart = f"new DOMMatrix(getComputedStyle({cross}).transform).e"
    page.evaluate(f"{face}.querySelector('[data-magnify][value=\"1\"]').click()")
    once = page.evaluate(apart)
    page.evaluate(f"{face}.querySelector('[data-magnify][value=\"100\"]').click()")
    assert page.evaluate(apart) == pytest.approx(100 * once, rel=1e-3)
    assert once != 0
    assert page.evaluate(f"{face}.querySelector('[data-times]').textContent") == "×100"


def test_moments(page: Browser):
    """The start of fault 1 has landmarks elsewhere than the end."""
    circle = f"{FIRST}.querySelector('.landmark').style.getPropertyValue('--x')"
    end = page.evaluate(circle)
    page.evaluate(
        f"(() => {{ const e = {FIRST}.querySelector('[data-moment]'); e.value = 0;"
        "e.dispatchEvent(new Event('input')); })()"
    )
    assert page.evaluate(circle) != end
    named = f"{FIRST}.querySelector('[data-moment-name]').textContent"
    assert page.evaluate(named) == "before scale 0, rigid iteration 0"


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fits_the_window(page: Browser, width: int, scheme: str):
    page.resize(width, 800)
    page.prefer(scheme)
    look(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") is (scheme == "light")


def test_paper(page: Browser):
    page.prefer(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("[...document.querySelectorAll('details')].every(e => e.open)")
    assert page.evaluate("document.querySelectorAll('.panels image').length") == 9
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not page.evaluate("document.querySelector('.guide').open")


def test_without_scripts(browser: Browser, path: Path):
    browser.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(path)
        assert browser.complaints == []
        assert len(shown(browser, "article")) == 3
        assert shown(browser, "[data-maps]") == []
    finally:
        browser.send("Emulation.setScriptExecutionDisabled", value=False)
