"""What a house says on its page: a folder with `page.toml` and example films in, settings out."""

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from plainfilm.errors import PlainfilmError
from plainfilm.images import read_radiograph

FILE = "page.toml"
MAX_CHARACTERS = 500  # of one text
MAX_ENTRIES = 20  # examples, and links

_TEXTS = ("title", "description")
_LISTS = {"examples": ("name", "file"), "links": ("name", "url")}
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*\.(dcm|dicom|png|jpe?g)", re.I)
_LINE = re.compile(r"\(at line (\d+)")


class OwnPageError(PlainfilmError):
    """A page.toml does not say what it should, or an example film is none."""


@dataclass(frozen=True)
class OwnPage:
    """Settings that the page shows, and the example films that it hands out.

    Parameters
    ----------
    settings
        Title and description where they are given, examples and links; for app.json.
    films
        The bytes of each example, by path in the page.
    """

    settings: dict[str, object]
    films: dict[str, bytes]

    def laid_over(self, built: bytes) -> bytes:
        """app.json as it was built, with these settings in it."""
        return json.dumps(json.loads(built) | self.settings, indent=1).encode()


def read_own_page(folder: Path) -> OwnPage:
    """What the folder's page.toml says; its examples are files of the folder, nothing is fetched.

    Raises
    ------
    OwnPageError
        page.toml is not there, is no TOML, says something unknown or wrongly (with its line), or
        names an example that is no film.
    """
    try:
        text = (folder / FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OwnPageError(f"{FILE}: cannot be read; expected it in the page's folder") from error
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = _LINE.search(str(error))
        where = f", line {line[1]}" if line else ""
        raise OwnPageError(f"{FILE}{where}: no TOML ({error})") from error
    _check(said, text)
    films = {each["file"]: _film(folder, each["file"], text) for each in said.get("examples", [])}
    settings = {key: said[key] for key in (*_TEXTS, "links") if key in said}
    if "examples" in said:
        shown = [{"name": each["name"], "url": _place(each["file"])} for each in said["examples"]]
        settings["examples"] = shown
    return OwnPage(settings, {_place(name): content for name, content in films.items()})


def _place(name: str) -> str:
    return f"examples/{name}"


def _check(said: dict[str, object], text: str) -> None:
    known = {*_TEXTS, *_LISTS}
    for key, value in said.items():
        if key not in known:
            raise _wrong(text, key, f"unknown; expected one of {', '.join(sorted(known))}")
        if key in _TEXTS:
            _check_text(text, key, value)
            continue
        if not isinstance(value, list) or len(value) > MAX_ENTRIES:
            raise _wrong(text, key, f"expected at most {MAX_ENTRIES} tables [[{key}]]")
        for entry in value:
            _check_entry(text, entry, _LISTS[key])


def _check_entry(text: str, entry: object, keys: tuple[str, str]) -> None:
    if not isinstance(entry, dict) or sorted(entry) != sorted(keys):
        found = sorted(entry) if isinstance(entry, dict) else [str(entry)[:20]]
        raise _wrong(text, (*found, "")[0], f"found {', '.join(found)}; expected {', '.join(keys)}")
    for key, value in entry.items():
        _check_text(text, key, value)
    if "file" in entry and not _PLAIN.fullmatch(entry["file"]):
        raise _wrong(text, entry["file"], "expected the name of a DICOM, PNG or JPEG beside it")
    if "url" in entry and not entry["url"].startswith("https://"):
        raise _wrong(text, entry["url"], "expected an address that begins with https://")


def _check_text(text: str, key: str, value: object) -> None:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_CHARACTERS:
        raise _wrong(text, key, f"expected a text of 1 to {MAX_CHARACTERS} characters")


def _film(folder: Path, name: str, text: str) -> bytes:
    path = folder / name
    try:
        read_radiograph(path)
        return path.read_bytes()
    except (PlainfilmError, OSError) as error:
        raise _wrong(text, name, f"no film that can be read ({error})") from error


def _wrong(text: str, words: str, why: str) -> OwnPageError:
    """The complaint, with the first line that holds these words."""
    lines = [number for number, line in enumerate(text.splitlines(), 1) if words in line]
    return OwnPageError(f"{FILE}, line {(*lines, 1)[0]}: {words[:60]}: {why}")
