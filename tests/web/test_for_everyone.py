"""The page for everyone: by keyboard, on a phone, in every language, by WCAG's rules."""

import hashlib
from pathlib import Path

import pytest

from page_acts import open_settings, read, switch_to, tell
from page_sites import Site

REPOSITORY = Path(__file__).resolve().parents[2]
AXE = REPOSITORY / "web" / "node_modules" / "axe-core" / "axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LANGUAGES = ["en", "es", "fr", "pt", "hi", "ar"]

pytestmark = pytest.mark.slow


def broken_rules(page) -> list[str]:
    """Each rule of WCAG 2.2 A and AA that a machine finds broken on the page as it stands."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: cd web && npm ci --ignore-scripts")
    if page.evaluate("typeof axe") == "undefined":
        page.add_script_tag(path=str(AXE))
    found: list[str] = page.evaluate(
        "tags => axe.run(document, {runOnly: tags}).then(found => found.violations.map("
        "v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 120)).join(' | ')))",
        WCAG,
    )
    return found


def sideways(page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def box(page, css: str) -> dict[str, float]:
    """Where the first such element lies in the window, in pixels."""
    found: dict[str, float] = page.locator(css).first.evaluate(
        "e => { const r = e.getBoundingClientRect(); return {top: r.top, bottom: r.bottom} }"
    )
    return found


def tall(page) -> int:
    return int(page.evaluate("innerHeight"))


def test_a_film_is_opened_and_read_by_the_keyboard_alone(static_page, film: Path) -> None:
    page = static_page
    page.locator("body").focus()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "open-here":
            break
    focused = page.locator("#open-here:focus")
    focused.evaluate(
        """input => input.addEventListener('click', event => {
            event.preventDefault();  // a chooser itself is not ours, and a busy machine forgets it
            document.body.dataset.asked = 'yes';
        }, { once: true })"""
    )
    page.keyboard.press("Enter")
    page.locator("body[data-asked=yes]").wait_for()
    focused.set_input_files(film)
    page.locator("#findings").wait_for()
    pressed = page.get_by_role("button", name="Invert")
    page.keyboard.press("i")
    assert pressed.get_attribute("aria-pressed") == "true"
    page.keyboard.press("i")
    chosen = page.locator(".finding[aria-pressed=true] .name")
    first = chosen.inner_text()
    page.keyboard.press("j")
    assert chosen.inner_text() != first
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").count() == 0
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.innerText || document.activeElement.id"))
    assert {"open", "Settings", "Invert", "Read again"} <= reached
    assert first in {name.split("\n")[0] for name in reached}


def test_the_keyboard_s_place_and_the_answer_are_not_lost(phone, film: Path) -> None:
    """What opened the film goes with it; a screen reader is told the answer once."""
    page = phone
    focused = "document.activeElement.id || document.activeElement.tagName"
    page.locator("#open-here").focus()
    page.locator("#open-here").set_input_files(film)
    page.locator("#findings:focus").wait_for()
    shown = page.locator("#findings .summary").inner_text()
    assert page.locator(".side [role=status]").inner_text() == shown
    page.locator(".asking summary").press("Enter")
    page.get_by_role("button", name="Read again").press("Enter")
    page.locator("#findings:focus").wait_for()
    page.locator(".menu > summary").focus()
    page.keyboard.press("Enter")
    page.locator("#settings").press("Enter")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    assert page.evaluate(focused) == "SUMMARY"
    page.locator("#open").focus()
    page.keyboard.press("i")
    assert page.get_by_role("button", name="Invert").get_attribute("aria-pressed") == "true"
    page.keyboard.press("i")
    page.locator("#close-all").press("Enter")
    page.locator("#open-here:focus").wait_for()


def test_quick_presses_are_all_heard(static_page, film: Path) -> None:
    """Two presses before the next frame are two presses."""
    page = static_page
    read(page, film)
    pressed = page.evaluate(
        """async () => {
            const button = [...document.querySelectorAll('[aria-pressed]')].find(
                found => found.textContent.includes('Invert'));
            const seen = [];
            for (const key of ['i', 'i', 'i', 'i']) {
                document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
                for (let turn = 0; turn < 20; turn += 1) await null;  // drawn, no frame yet
                seen.push(button.getAttribute('aria-pressed'));
            }
            return seen;
        }"""
    )
    assert pressed == ["true", "false", "true", "false"]


def test_the_keyboard_s_place_waits_for_no_frame(static_page, film: Path) -> None:
    """An answer that comes before the next frame, as on a busy machine, has the keyboard too."""
    page = static_page
    page.evaluate("window.frame = requestAnimationFrame; window.requestAnimationFrame = () => 0")
    page.locator("#open-here").focus()
    page.locator("#open-here").set_input_files(film)
    page.locator("#findings").wait_for()
    place = page.evaluate(
        "() => { window.requestAnimationFrame = window.frame; return document.activeElement.id; }"
    )
    assert place == "findings"


def test_looking_first_keeps_the_findings_until_asked(static_page, film: Path) -> None:
    page = static_page
    open_settings(page)
    page.get_by_label("Look first").check()
    page.get_by_role("button", name="Close", exact=True).click()
    page.locator("#open").set_input_files(film)
    page.get_by_role("button", name="Show the findings").wait_for()
    assert page.locator("#findings").count() == 0
    assert page.locator(".report").count() == 0
    page.get_by_role("button", name="Show the findings").click()
    assert page.locator(".finding").count() == 14
    open_settings(page)
    page.get_by_label("Look first").uncheck()
    page.get_by_role("button", name="Close", exact=True).click()


def test_every_state_keeps_the_rules_of_wcag_at_200_per_cent(
    phone, film: Path, tmp_path: Path
) -> None:
    """1280 pixels at 200 %: empty, read, refused, a failed file, the menu, both dialogs."""
    page = phone
    page.set_viewport_size({"width": 640, "height": 450})
    page.emulate_media(color_scheme="light")
    letter = tmp_path / "letter.png"
    letter.write_bytes(b"a letter, not a film")

    def refuse() -> None:
        read(page, film)
        tell(page, age="1", view="LATERAL", part="chest")

    def fail() -> None:
        page.locator("#open").set_input_files([letter, film])
        page.locator(".problem").wait_for()

    steps = {
        "empty": lambda: page.locator("#open-here").wait_for(state="attached"),
        "refused": refuse,
        "failed": fail,
        "menu": lambda: page.locator(".menu > summary").click(),
        "settings": lambda: page.locator("#settings").click(),
        "help": lambda: (page.keyboard.press("Escape"), page.keyboard.press("?")),
    }
    for state, go in steps.items():
        go()
        assert broken_rules(page) == [], state
        assert sideways(page) <= 0, f"{state}: the page scrolls sideways"
    page.keyboard.press("Escape")


def test_every_language_fits_a_phone_and_mirrors_no_film(phone, film: Path) -> None:
    """S0-77: to 320 pixels nothing scrolls sideways; film and sentence are on the first screen."""
    page, pictures = phone, set()
    read(page, film)
    for language in LANGUAGES:
        switch_to(page, language)
        assert page.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
        assert broken_rules(page) == [], language
        page.evaluate("scrollTo(0, 0)")
        assert box(page, ".frame")["bottom"] < box(page, ".summary")["bottom"] <= tall(page)
        drawn = page.locator("canvas.film").evaluate("canvas => canvas.toDataURL()")
        pictures.add(hashlib.sha256(drawn.encode()).hexdigest())
        for width in (360, 320):
            page.set_viewport_size({"width": width, "height": 760})
            assert sideways(page) <= 0, f"{language}, {width}: the page scrolls sideways"
        page.set_viewport_size({"width": 760, "height": 360})
        assert sideways(page) <= 0, f"{language}: the page scrolls sideways on its side"
        assert max(box(page, ".frame")["bottom"], box(page, ".summary")["bottom"]) <= tall(page)
        page.set_viewport_size({"width": 390, "height": 760})
    assert len(pictures) == 1, "the film is drawn otherwise in some language"


def test_on_a_phone_the_film_stays_in_sight_and_hides_no_focus(phone, film: Path) -> None:
    page = phone
    read(page, film)
    last = page.locator(".finding").last
    last.scroll_into_view_if_needed()
    last.click()
    assert last.get_attribute("aria-pressed") == "true"
    frame = box(page, ".frame")
    assert frame["top"] >= 0
    assert frame["bottom"] <= tall(page)
    for _ in range(13):
        page.keyboard.press("Shift+Tab")
        assert "finding" in page.evaluate("document.activeElement.className")
        focused = box(page, ".finding:focus")
        assert focused["top"] >= box(page, ".frame")["bottom"] - 1, "hidden under the film"


def test_the_menu_of_a_phone_closes_as_menus_do(phone, film: Path) -> None:
    page, menu = phone, phone.locator(".menu")
    read(page, film)
    menu.locator("summary").click()
    assert page.get_by_role("button", name="Print or save as PDF").is_visible()
    page.keyboard.press("Escape")
    assert not menu.evaluate("menu => menu.open")
    assert menu.locator("summary").evaluate("dots => dots === document.activeElement")
    menu.locator("summary").click()
    page.locator("#findings .summary").click()
    assert not menu.evaluate("menu => menu.open")


def test_colours_forced_by_the_system_lose_no_meaning(phone, film: Path) -> None:
    page = phone
    read(page, film)
    picture = "canvas => canvas.toDataURL()"
    before = page.locator("canvas.film").evaluate(picture)
    page.emulate_media(forced_colors="active", color_scheme="dark")
    style = "(element, name) => getComputedStyle(element)[name]"
    assert page.locator("canvas.film").evaluate(picture) == before
    is_on = page.locator(".finding[aria-pressed=true]").evaluate(style, "outlineStyle")
    is_off = page.locator(".finding[aria-pressed=false]").first.evaluate(style, "outlineStyle")
    assert (is_on, is_off) == ("solid", "none")
    bar = page.locator(".finding svg.bar").first
    back = page.locator("body").evaluate(style, "backgroundColor")
    for part in (".fill", ".tick"):
        assert bar.locator(part).evaluate(style, "fill") != back
    assert bar.locator(".fill").evaluate(style, "fill") != bar.locator(".tick").evaluate(
        style, "fill"
    )
    assert "gradient" in page.locator(".scale").evaluate(style, "backgroundImage")
    for button in page.locator("button:visible, .button:visible").all():
        assert button.evaluate(style, "borderTopStyle") in ("solid", "dashed")
    assert broken_rules(page) == []


def test_nothing_moves_where_a_person_wants_less_motion(phone, film: Path) -> None:
    page = phone
    read(page, film)
    moving = """() => [...document.querySelectorAll('*')].filter(element => {
        const { transitionDuration, animationName } = getComputedStyle(element);
        return parseFloat(transitionDuration) > 0 || animationName !== 'none';
    }).length"""
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(moving) > 0
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(moving) == 0


def test_dark_or_light_follows_the_device_until_it_is_chosen(phone: Site) -> None:
    page = phone
    ground = "getComputedStyle(document.body).backgroundColor"
    page.emulate_media(color_scheme="dark")
    page.locator("html[data-theme=dark]").wait_for()
    dark = page.evaluate(ground)
    page.emulate_media(color_scheme="light")
    page.locator("html[data-theme=light]").wait_for()
    assert page.evaluate(ground) != dark
    open_settings(page)
    theme = page.get_by_label("Light or dark")
    theme.select_option("dark")
    page.locator("html[data-theme=dark]").wait_for()
    assert page.evaluate(ground) == dark
    theme.select_option("system")
    page.keyboard.press("Escape")
