"""Writes displayed-pixels.json: docs/concepts/displayed-pixels.md in plain Python, and cases of it.

Run: python tests/golden/make_displayed_pixels.py

It knows neither plainfilm nor NumPy on purpose: two implementations of one page can be compared.
"""

import json
import math
from pathlib import Path
from typing import Any

Header = dict[str, Any]

FILE = Path(__file__).with_name("displayed-pixels.json")


def clip(x: float, a: float, b: float) -> float:
    return max(a, min(b, x))


def stored(u: int, header: Header) -> int:
    n = header["BitsStored"]
    h = header.get("HighBit", n - 1)
    s = (u >> (h + 1 - n)) % 2**n
    return s - 2**n if header.get("PixelRepresentation") == 1 and s >= 2 ** (n - 1) else s


def look_up(table: Header, v: float, lowest: float) -> tuple[int, int]:
    n, first, bits = table["LUTDescriptor"]
    if first >= 2**15 and lowest < 0:
        first -= 2**16
    entries = table["LUTData"]
    white = 2 ** max(bits, max(entries).bit_length()) - 1
    return entries[clip(math.floor(v + 0.5) - first, 0, (n or 65536) - 1)], white


def modality(s: int, header: Header) -> float:
    if "ModalityLUTSequence" in header:
        n = header["BitsStored"]
        lowest = -(2 ** (n - 1)) if header.get("PixelRepresentation") == 1 else 0
        return look_up(header["ModalityLUTSequence"], s, lowest)[0]
    return header.get("RescaleSlope", 1) * s + header.get("RescaleIntercept", 0)


def window(x: float, c: float, w: float, function: str) -> float:
    if function == "SIGMOID":
        return 1 / (1 + math.exp(clip(-4 * (x - c) / w, -700, 700)))
    if function == "LINEAR_EXACT":
        return clip((x - c) / w + 0.5, 0, 1)
    if w == 1:
        return float(x > c - 0.5)
    return clip((x - (c - 0.5)) / (w - 1) + 0.5, 0, 1)


def possible(header: Header) -> range:
    n = header["BitsStored"]
    return (
        range(-(2 ** (n - 1)), 2 ** (n - 1))
        if header.get("PixelRepresentation") == 1
        else range(2**n)
    )


def padding(header: Header) -> range:
    if "PixelPaddingValue" not in header:
        return range(0)
    ends = [header["PixelPaddingValue"]]
    ends.append(header.get("PixelPaddingRangeLimit", ends[0]))
    if header.get("PixelRepresentation") == 1:
        ends = [p - 2**16 if p >= 2**15 else p for p in ends]
    else:
        ends = [p + 2**16 if p < 0 else p for p in ends]
    return range(min(ends), max(ends) + 1)


def first(value: Any) -> float:
    return value[0] if isinstance(value, list) else value


def dicom(header: Header, words: list[int]) -> list[float]:
    values = [stored(u, header) for u in words]
    pad = padding(header)
    span = possible(header) if header["BitsStored"] <= 8 else [s for s in values if s not in pad]
    xs = [modality(s, header) for s in span] or [0]
    low, high = min(xs), max(xs)
    shape = header.get("PresentationLUTShape")
    inverted = shape == "INVERSE" if shape else header["PhotometricInterpretation"] == "MONOCHROME1"
    result = []
    for s in values:
        x = modality(s, header)
        if "VOILUTSequence" in header:
            lowest = min(
                modality(min(possible(header)), header), modality(max(possible(header)), header)
            )
            entry, white = look_up(header["VOILUTSequence"], x, lowest)
            y = entry / white
        elif "WindowWidth" in header:
            c, w = first(header["WindowCenter"]), first(header["WindowWidth"])
            y = window(x, c, w, header.get("VOILUTFunction", "LINEAR"))
        else:
            y = 0 if high == low else (x - low) / (high - low)
        y = 1 - y if inverted else y
        result.append(0.0 if s in pad else clip(y, 0, 1))
    return result


def grey(header: Header, words: list[int]) -> list[float]:
    n = header["bits"]
    used = max(words).bit_length()
    if n == 16 and used <= 14:
        n = max(used, 8)
    return [v / (2**n - 1) for v in words]


def colour(header: Header, pixels: list[list[int]]) -> list[float]:
    return [(299 * r + 587 * g + 114 * b) / 255000 * a / 255 for r, g, b, a in pixels]


TWELVE = [0, 1, 100, 1023, 1024, 2047, 2048, 2049, 3000, 3500, 4094, 4095]
EIGHT = [0, 1, 2, 16, 64, 127, 128, 129, 200, 250, 254, 255]
M1, M2 = {"PhotometricInterpretation": "MONOCHROME1"}, {"PhotometricInterpretation": "MONOCHROME2"}
D8 = {"BitsAllocated": 8, "BitsStored": 8}
D10 = {"BitsAllocated": 16, "BitsStored": 10}
D12 = {"BitsAllocated": 16, "BitsStored": 12}
D16 = {"BitsAllocated": 16, "BitsStored": 16}
SIGNED = {"PixelRepresentation": 1}
WIDE = {"WindowCenter": 2048, "WindowWidth": 4096}
THIN = {"WindowCenter": 2048, "WindowWidth": 0.5}
NARROW = {"WindowCenter": 2000, "WindowWidth": 1500}
SIXTEEN_SIGNED = [0, 1, 1000, 32767, 32768, 33536, 64536, 63536, 65535]
CURVE = {"LUTDescriptor": [5, 1000, 12], "LUTData": [0, 300, 1500, 3800, 4095]}
CURVE_10 = CURVE | {"LUTDescriptor": [5, 1000, 10]}
CURVE_16 = CURVE | {"LUTDescriptor": [5, 1000, 16]}
CURVE_AT = [0, 999, 1000, 1001, 1002, 1003, 1004, 1005, 4095]

DICOM_CASES = {
    "8 bits without a window: the whole range": (D8 | M2, EIGHT),
    "8 bits without a window, range not used up": (D8 | M2, [30, 40, 200]),
    "8 bits, MONOCHROME1": (D8 | M1, EIGHT),
    "8 bits without a window, rescaled": (
        D8 | M2 | {"RescaleSlope": 2, "RescaleIntercept": -7}, EIGHT),
    "12 bits without a window: lowest to highest": (D12 | M2, [300, 301, 1000, 2900, 2901]),
    "12 bits without a window, MONOCHROME1": (D12 | M1, [300, 301, 1000, 2900, 2901]),
    "12 bits without a window, padding left out": (
        D12 | M2 | {"PixelPaddingValue": 0}, [0, 300, 1000, 2900]),
    "12 bits without a window, one value": (D12 | M2, [700, 700, 700]),
    "12 bits without a window, nothing but padding": (D12 | M1 | {"PixelPaddingValue": 7}, [7, 7]),
    "LINEAR, the whole range": (D12 | M2 | WIDE, TWELVE),
    "LINEAR, narrow": (D12 | M2 | NARROW, TWELVE),
    "LINEAR, narrow, MONOCHROME1": (D12 | M1 | NARROW, TWELVE),
    "LINEAR, the first of two windows": (
        D12 | M2 | {"WindowCenter": [2000, 100], "WindowWidth": [1500, 50]}, TWELVE),
    "LINEAR, width 1: a step": (D12 | M2 | {"WindowCenter": 2048, "WindowWidth": 1}, TWELVE),
    "LINEAR, after a rescale": (
        D12 | M2 | NARROW | {"RescaleSlope": 1.5, "RescaleIntercept": -1024}, TWELVE),
    "LINEAR, after a falling rescale": (
        D12 | M2 | NARROW | {"RescaleSlope": -1, "RescaleIntercept": 4095}, TWELVE),
    "LINEAR_EXACT": (D12 | M2 | NARROW | {"VOILUTFunction": "LINEAR_EXACT"}, TWELVE),
    "LINEAR_EXACT, narrower than 1": (
        D12 | M2 | THIN | {"VOILUTFunction": "LINEAR_EXACT"}, TWELVE),
    "SIGMOID": (D12 | M2 | NARROW | {"VOILUTFunction": "SIGMOID"}, TWELVE),
    "SIGMOID, MONOCHROME1": (D12 | M1 | NARROW | {"VOILUTFunction": "SIGMOID"}, TWELVE),
    "SIGMOID, so narrow that it overflows": (
        D12 | M2 | THIN | {"VOILUTFunction": "SIGMOID", "WindowWidth": 0.01}, TWELVE),
    "INVERSE beside MONOCHROME1 inverts once": (
        D12 | M1 | WIDE | {"PresentationLUTShape": "INVERSE"}, TWELVE),
    "IDENTITY beside MONOCHROME2": (D12 | M2 | WIDE | {"PresentationLUTShape": "IDENTITY"}, TWELVE),
    "INVERSE beside MONOCHROME2 is followed": (
        D12 | M2 | WIDE | {"PresentationLUTShape": "INVERSE"}, TWELVE),
    "IDENTITY beside MONOCHROME1 is followed": (
        D12 | M1 | WIDE | {"PresentationLUTShape": "IDENTITY"}, TWELVE),
    "padding is black, also in MONOCHROME1": (
        D12 | M1 | WIDE | {"PixelPaddingValue": 0}, TWELVE),
    "a range of padding": (
        D12 | M2 | WIDE | {"PixelPaddingValue": 4095, "PixelPaddingRangeLimit": 3000}, TWELVE),
    "high bit above the stored bits": (
        D10 | M2 | {"HighBit": 13, "WindowCenter": 512, "WindowWidth": 1024},
        [0, 15, 16, 17, 31, 32, 4096, 16383, 16384, 65535]),
    "bits above the stored bits are ignored": (
        D12 | M2 | WIDE, [4096, 4097, 61440, 65535, 8191]),
    "signed, 16 bits": (
        D16 | M2 | SIGNED | {"WindowCenter": 0, "WindowWidth": 4000}, SIXTEEN_SIGNED),
    "signed, 12 bits": (
        D12 | M2 | SIGNED | {"WindowCenter": 0, "WindowWidth": 4096}, TWELVE),
    "signed, padding written without a sign": (
        D16 | M2 | SIGNED | {"WindowCenter": 0, "WindowWidth": 4000, "PixelPaddingValue": 63536},
        SIXTEEN_SIGNED),
    "VOI LUT": (D12 | M2 | {"VOILUTSequence": CURVE}, CURVE_AT),
    "VOI LUT, MONOCHROME1": (D12 | M1 | {"VOILUTSequence": CURVE}, CURVE_AT),
    "VOI LUT before the window": (D12 | M2 | WIDE | {"VOILUTSequence": CURVE}, CURVE_AT),
    "VOI LUT after a rescale to halves": (
        D12 | M2 | {"VOILUTSequence": CURVE, "RescaleSlope": 0.5, "RescaleIntercept": 0},
        [1998, 1999, 2000, 2001, 2002, 2003, 2004, 2007, 2008, 2010]),
    "VOI LUT with a depth too small for its entries": (
        D12 | M2 | {"VOILUTSequence": CURVE_10}, CURVE_AT),
    "Modality LUT, then a window": (
        D12 | M2 | NARROW | {"ModalityLUTSequence": CURVE_16}, CURVE_AT),
    "Modality LUT without a window": (
        D12 | M2 | {"ModalityLUTSequence": CURVE_16}, [1001, 1002, 1003]),
}  # fmt: skip

GREY_CASES = {
    "8-bit grey": ({"bits": 8}, EIGHT),
    "16-bit grey": ({"bits": 16}, [0, 1, 255, 256, 16384, 32768, 65534, 65535]),
    "16-bit grey with a dim highest value": ({"bits": 16}, [0, 1, 20000]),
    "16-bit grey, 14 bits used": ({"bits": 16}, [0, 1, 9000, 16383]),
    "16-bit grey, 12 bits used": ({"bits": 16}, [0, 1, 2048, 4000]),
    "16-bit grey, 8 bits used": ({"bits": 16}, [0, 1, 128, 255]),
    "16-bit grey, 5 bits used": ({"bits": 16}, [0, 1, 17, 31]),
}

COLOUR_CASES = {
    "grey in colour": ({"bits": 8}, [[v, v, v, 255] for v in EIGHT]),
    "slightly blue": ({"bits": 8}, [[100, 110, 130, 255], [200, 205, 220, 255], [0, 0, 9, 255]]),
    "alpha over black": (
        {"bits": 8},
        [[200, 200, 200, 0], [200, 200, 200, 128], [255, 255, 255, 255]],
    ),
}

KINDS = {
    "dicom": (dicom, DICOM_CASES),
    "grey": (grey, GREY_CASES),
    "colour": (colour, COLOUR_CASES),
}


def content() -> str:
    cases = [
        {
            "kind": kind,
            "name": name,
            "header": header,
            "words": words,
            "displayed": [round(y, 9) for y in rule(header, words)],
        }
        for kind, (rule, chosen) in KINDS.items()
        for name, (header, words) in chosen.items()
    ]
    lines = ",\n".join(json.dumps(case) for case in cases)
    return (
        '{"rule": "docs/concepts/displayed-pixels.md", '
        '"made_by": "python tests/golden/make_displayed_pixels.py", '
        '"tolerance": 1e-06, "cases": [\n'
        f"{lines}\n]}}\n"
    )


if __name__ == "__main__":
    FILE.write_text(content(), encoding="utf-8")
