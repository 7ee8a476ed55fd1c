"""A radiograph as a child sends it: a header of a few whitelisted facts, and the pixels."""

import struct
from collections.abc import Mapping

from plainfilm.radiograph import Laterality, Radiograph, Sex, View
from plainfilm.serve.shared_pixels import Flat

SIZES = struct.Struct("<QQ")
"""Before each film: bytes of its name (UTF-8), bytes of the file. Before each answer: bytes of the
header (JSON), bytes of the pixels (float32, row by row), which follow or lie in `shared_pixels`."""


def header_of(film: Radiograph) -> dict[str, object]:
    """What a radiograph carries beside its pixels, and their shape; nothing else of the file."""
    return {
        "shape": list(film.pixels.shape),
        "view": film.view,
        "body_part": film.body_part,
        "spacing_mm": film.spacing_mm,
        "age_years": film.age_years,
        "laterality": film.laterality,
        "sex": film.sex,
        "cautions": list(film.cautions),
    }


def radiograph_of(header: Mapping[str, object], pixels: Flat, name: str) -> Radiograph:
    """The film that a child describes; TypeError, ValueError or KeyError where it is none."""
    height, width = _numbers(header["shape"])
    spacing, age = header["spacing_mm"], header["age_years"]
    view, side, part = header["view"], header["laterality"], header["body_part"]
    sex = header["sex"]
    cautions = header["cautions"]
    if not isinstance(cautions, list) or not all(isinstance(each, str) for each in cautions):
        raise TypeError("cautions")
    if not isinstance(part, str | None):
        raise TypeError("body_part")
    across = None if spacing is None else _numbers(spacing)
    return Radiograph(
        pixels=pixels.reshape(int(height), int(width)),
        name=name,
        view=None if view is None else View(str(view)),
        body_part=part,
        spacing_mm=None if across is None else (across[0], across[1]),
        age_years=None if age is None else _numbers([age, 0])[0],
        laterality=None if side is None else Laterality(str(side)),
        cautions=tuple(cautions),
        sex=None if sex is None else Sex(str(sex)),
    )


def _numbers(pair: object) -> tuple[float, float]:
    if not isinstance(pair, list) or len(pair) != 2:
        raise TypeError("a pair")
    if not all(isinstance(each, int | float) for each in pair):
        raise TypeError("numbers")
    return pair[0], pair[1]
