"""Compare the displayed pixels of the page's reader with Python's, on real files.

Run: python benchmarks/browser_parity.py FOLDER [--every N]

The page's reader runs in Node, with the very decoders a browser runs; so needed are Node and
`npm ci` in web/. Every DICOM and PNG file below FOLDER is read, and every N-th JPEG file (their
number is large and their kind one). Prints how many agree bit for bit, and each that does not.
"""

import argparse
import hashlib
import json
import os
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from plainfilm.errors import ImageError, NotARadiograph
from plainfilm.images import read_radiograph

WEB = Path(__file__).resolve().parent.parent / "web"
KINDS = {".dcm": "DICOM", ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}


def chosen(folder: Path, every: int) -> Iterator[Path]:
    jpegs = 0
    for path in sorted(folder.rglob("*")):
        kind = KINDS.get(path.suffix.lower())
        if kind == "JPEG":
            jpegs += 1
            if jpegs % every:
                continue
        if kind is not None:
            yield path


def python_reading(path: Path) -> dict[str, Any]:
    try:
        film = read_radiograph(path, name="film")
    except ImageError as error:
        is_image = isinstance(error, NotARadiograph)
        return {"refusal": "not-a-radiograph" if is_image else "unreadable", "why": str(error)}
    return {
        "sha256": hashlib.sha256(film.pixels.astype("<f4").tobytes()).hexdigest(),
        "shape": list(film.pixels.shape),
        "view": film.view and film.view.value,
        "ageYears": film.age_years,
        "sex": film.sex and film.sex.value,
        "bodyPart": film.body_part,
        "spacingMm": film.spacing_mm and list(film.spacing_mm),
        "laterality": film.laterality and film.laterality.value,
        "cautions": list(film.cautions),
    }


def page_readings(paths: list[Path]) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        wanted, answers = Path(folder) / "wanted.json", Path(folder) / "answers.json"
        wanted.write_text(json.dumps([str(path) for path in paths]), encoding="utf-8")
        environment = os.environ | {"PARITY_WANTED": str(wanted), "PARITY_ANSWERS": str(answers)}
        command = ["npx", "vitest", "run", "tests/images/parity.test.ts"]
        subprocess.run(command, cwd=WEB, env=environment, check=True, capture_output=True)
        found: list[dict[str, Any]] = json.loads(answers.read_text(encoding="utf-8"))
        return found


def compared(expected: dict[str, Any], found: dict[str, Any]) -> str:
    """ "agrees", or what differs."""
    if "refusal" in expected or "refusal" in found:
        both = (expected.get("refusal", "read"), found.get("refusal", "read"))
        if both[0] == both[1]:
            return "refused by both"
        return f"Python: {both[0]}, page: {both[1]} ({found.get('why') or expected.get('why')})"
    differing = [key for key in expected if expected[key] != found.get(key)]
    return f"differs in {', '.join(differing)}" if differing else "agrees"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=10, help="read every N-th JPEG file (10)")
    options = parser.parse_args()
    paths = [path.resolve() for path in chosen(options.folder, options.every)]
    counts: Counter[tuple[str, str]] = Counter()
    for path, found in zip(paths, page_readings(paths), strict=True):
        answer = compared(python_reading(path), found)
        counts[KINDS[path.suffix.lower()], answer] += 1
        if answer not in ("agrees", "refused by both"):
            print(f"{path.relative_to(options.folder.resolve())}: {answer}")
    for (kind, answer), n in sorted(counts.items()):
        print(f"{kind}: {n} {answer}")


if __name__ == "__main__":
    main()
