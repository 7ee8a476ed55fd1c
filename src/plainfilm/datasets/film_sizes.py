"""How large the films of a prepared folder are, as a table and a figure: `save_film_sizes`.

The cache counts the sizes while it decodes; nothing is opened twice. Drawn by hand rather than with
a plotting library, which preparing a data set does not need.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path

from plainfilm.datasets.cache_record import RECORD_NAME, CacheRecord, Size
from plainfilm.datasets.files import table_bytes
from plainfilm.datasets.shades import ink, shade
from plainfilm.whole_files import write_whole

TABLE_NAME = "film-sizes.csv"
FIGURE_NAME = "film-sizes.svg"
NAMES = (TABLE_NAME, FIGURE_NAME)

_LEAST_CELLS, _MOST_CELLS = 6, 20  # along an axis
_WIDE, _TALL = 38, 24  # of a cell, in pixels of the figure
_LEFT, _TOP, _RIGHT, _BELOW = 64, 34, 30, 46
_FONT = 11
_FAINTEST = 0.1  # the shade of one film, so that no cell with films looks empty


def save_film_sizes(folder: Path) -> None:
    """Write the sizes of a whole cache's films as a table and as a figure, the most frequent first.

    Neither stays where the cache was written before sizes were counted.

    Raises
    ------
    DatasetError
        The cache's record is broken.
    """
    record = CacheRecord.read(folder / RECORD_NAME)
    if record is None or not record.sizes:
        for name in NAMES:
            (folder / name).unlink(missing_ok=True)
        return
    falling = sorted(record.sizes.items(), key=lambda each: (-each[1], each[0]))
    rows = ([width, height, n] for (width, height), n in falling)
    write_whole(folder / TABLE_NAME, table_bytes([["width", "height", "films"], *rows]))
    write_whole(folder / FIGURE_NAME, film_sizes_figure(record.sizes).encode())


def film_sizes_figure(sizes: Mapping[Size, int]) -> str:
    """The density of the films over width and height, SVG text: one cell per range of sizes.

    A cell shows how many films fall into it, and is the darker, by the logarithm, the more they
    are. Height grows upwards. The same sizes give the same text.

    Parameters
    ----------
    sizes
        Width and height in pixels → films; at least one.
    """
    step = _step(sizes)
    cells = Counter[tuple[int, int]]()
    for (width, height), n in sizes.items():
        cells[width // step, height // step] += n
    across = _edges([column for column, _ in cells])
    up = _edges([row for _, row in cells])
    wide = _LEFT + _WIDE * (len(across) - 1) + _RIGHT
    tall = _TOP + _TALL * (len(up) - 1) + _BELOW
    caption = _caption(sizes)
    box = f'width="{wide}" height="{tall}" viewBox="0 0 {wide} {tall}"'
    style = f'font-family="sans-serif" font-size="{_FONT}" fill="#1a1a1a"'
    parts = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} {style} role="img" aria-label="{caption}">',
        f'<text x="8" y="18">{caption}</text>',
        f'<g transform="translate({_LEFT} {_TOP})">',
        *_axes(across, up, step),
        *_cells(cells, across, up, step),
        "</g>",
        "</svg>",
    )
    return "\n".join(parts) + "\n"


def _step(sizes: Mapping[Size, int]) -> int:
    """The least of 10, 20, 50, 100, 200 … pixels for which no axis has too many cells."""
    ends = [(min(sides), max(sides)) for sides in zip(*sizes, strict=True)]
    steps = (factor * int(10**power) for power in count(1) for factor in (1, 2, 5))
    return next(
        step
        for step in steps
        if all(high // step - low // step < _MOST_CELLS for low, high in ends)
    )


def _edges(places: list[int]) -> range:
    """The cells' edges along an axis, in steps; around few cells there is room for the words."""
    first, last = min(places), max(places)
    first = max(0, first - max(0, _LEAST_CELLS - (last - first + 1)) // 2)
    return range(first, max(last + 1, first + _LEAST_CELLS) + 1)


def _axes(across: range, up: range, step: int) -> Iterator[str]:
    wide, tall = _WIDE * (len(across) - 1), _TALL * (len(up) - 1)
    yield f'<rect width="{wide}" height="{tall}" fill="none" stroke="#808080"/>'
    for place, edge in enumerate(across):
        yield f'<text x="{_WIDE * place}" y="{tall + 16}" text-anchor="middle">{edge * step}</text>'
    for place, edge in enumerate(up):
        down = tall - _TALL * place + 0.35 * _FONT
        yield f'<text x="-6" y="{down:.1f}" text-anchor="end">{edge * step}</text>'
    yield f'<text x="{wide / 2:.0f}" y="{tall + 36}" text-anchor="middle">width, pixels</text>'
    turned = f"translate({16 - _LEFT} {tall / 2:.0f}) rotate(-90)"
    yield f'<text transform="{turned}" text-anchor="middle">height, pixels</text>'


def _cells(
    cells: Mapping[tuple[int, int], int], across: range, up: range, step: int
) -> Iterator[str]:
    most = max(cells.values())
    for (column, row), n in sorted(cells.items()):
        x, y = _WIDE * (column - across[0]), _TALL * (up[-1] - 1 - row)
        share = 1.0 if n == most else _FAINTEST + (1 - _FAINTEST) * math.log(n) / math.log(most)
        told = f"{_range(column, step)} wide, {_range(row, step)} high: {n} films"
        place = f'x="{x}" y="{y}" width="{_WIDE}" height="{_TALL}"'
        number = f'x="{x + _WIDE / 2:.0f}" y="{y + _TALL / 2 + 0.35 * _FONT:.1f}"'
        # the whole of ChestX-ray14 is a number of six digits, and must not leave its cell
        fitted = f' textLength="{_WIDE - 4}" lengthAdjust="spacingAndGlyphs"' if n >= 10**5 else ""
        yield f'<g><title>{told}</title><rect {place} fill="{shade(share)}"/>'
        yield f'<text {number} text-anchor="middle" fill="{ink(share)}"{fitted}>{n}</text></g>'


def _range(place: int, step: int) -> str:
    return f"{place * step} to {(place + 1) * step - 1}"


def _caption(sizes: Mapping[Size, int]) -> str:
    n = sum(sizes.values())
    if len(sizes) == 1:
        ((width, height),) = sizes
        return f"{n:,} films, each {width} × {height}"
    return f"{n:,} films of {len(sizes):,} sizes"
