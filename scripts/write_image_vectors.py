"""Write web/tests/images/vectors/films.json: small drawn files, and what Python reads in them.

Run: python scripts/write_image_vectors.py

The page's reader (web/src/images) must find the same in the same bytes. Nothing here shows a
person: the films are drawings (tests/drawn_files.py).
"""

import base64
import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

from plainfilm.errors import ImageError, NotARadiograph
from plainfilm.images import read_radiograph_bytes

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "tests"))

from drawn_files import drawn_files  # noqa: E402

FILE = REPOSITORY / "web" / "tests" / "images" / "vectors" / "films.json"


def reading(content: bytes) -> dict[str, Any]:
    """What Python reads in a file: its facts, and its pixels (all of a few, else their SHA-256)."""
    try:
        film = read_radiograph_bytes(content, "film")
    except ImageError as error:
        is_image = isinstance(error, NotARadiograph)
        return {"refusal": "not-a-radiograph" if is_image else "unreadable", "why": why(error)}
    pixels = film.pixels.astype("<f4")
    facts = {
        "view": film.view and film.view.value,
        "ageYears": film.age_years,
        "bodyPart": film.body_part,
        "spacingMm": film.spacing_mm and list(film.spacing_mm),
        "laterality": film.laterality and film.laterality.value,
    }
    found: dict[str, Any] = {"width": pixels.shape[1], "height": pixels.shape[0]}
    found |= {name: value for name, value in facts.items() if value is not None}
    found["cautions"] = list(film.cautions)
    if pixels.size <= 16:  # exp() differs in its last bit from one machine to another
        return found | {"pixels": [round(float(value), 7) for value in pixels.ravel()]}
    return found | {"sha256": hashlib.sha256(pixels.tobytes()).hexdigest()}


def why(error: ImageError) -> str:
    """The refusal in the page's words: no TIFF, and no name of an exception."""
    words = str(error).removeprefix("film: ").replace("JPEG, TIFF or", "JPEG or")
    return re.sub(r" \(\w+\)\.$", ".", words)


def content() -> str:
    lines = [
        json.dumps(
            {"name": name, "file": base64.b64encode(file).decode(), "reading": reading(file)}
        )
        for name, file in drawn_files()
    ]
    return "[\n" + ",\n".join(lines) + "\n]\n"


if __name__ == "__main__":
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(content(), encoding="utf-8")
