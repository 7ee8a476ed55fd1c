"""What a person does on the page: opens films, says what files do not, saves, switches settings."""

from pathlib import Path


def read(page, path: Path) -> None:
    page.locator("#open").set_input_files(path)
    page.locator("#findings").wait_for()


def tell(page, *, age: str = "", view: str = "", part: str = "") -> None:
    if not page.get_by_label("Age in years").is_visible():
        page.locator(".asking summary").click()  # folded on a small screen
    page.get_by_label("Age in years").fill(age)
    page.get_by_label("View").select_option(view)
    page.get_by_label("Body part").fill(part)
    page.get_by_role("button", name="Read again").click()
    page.locator("#findings").get_by_text(f"Read as: age {age}").wait_for()


def saved(page, button: str) -> str:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    return Path(download.value.path()).read_text(encoding="utf-8")


def open_settings(page) -> None:
    """On a small screen they wait behind three dots."""
    if page.locator(".menu").count() > 0:
        page.locator(".menu > summary").click()
    page.locator("#settings").click()


def switch_to(page, language: str) -> None:
    open_settings(page)
    page.locator("dialog select").first.select_option(language)
    page.locator(f"html[lang={language}]").wait_for()
    page.keyboard.press("Escape")
    page.locator("dialog").wait_for(state="detached")


def switch_fitting(page) -> None:
    page.get_by_role("button", name="Settings").click()
    box = page.get_by_label("Send less")
    box.set_checked(not box.is_checked())
    page.get_by_role("button", name="Close", exact=True).click()
