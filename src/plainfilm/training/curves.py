"""The curves of a training: losses, AUROC and learning rate by epoch, as SVG text.

Drawn by hand rather than with a plotting library, which takes longer to load than a small epoch.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from plainfilm.training.record import EpochRow, put

NAME = "curves.svg"
WORDS = "Losses, AUROC and learning rate by epoch"

_WIDE, _TALL = 420, 130  # of a panel, in pixels
_LEFT, _TOP, _RIGHT, _BETWEEN = 70, 30, 20, 44
_FONT = 11
_INK, _PALE = "#1f4e79", "#999999"


@dataclass(frozen=True)
class _Line:
    """One value an epoch; None where it is not known."""

    name: str
    values: tuple[float | None, ...]
    dash: str = ""

    @property
    def known(self) -> list[float]:
        return [value for value in self.values if value is not None]


def write_curves(folder: Path, rows: Sequence[EpochRow]) -> None:
    """Draw the rows of a run's log into its folder, whole or not at all; nothing for no row.

    Raises
    ------
    RunError
        The disk is full or refuses.
    """
    if rows:
        put(folder / NAME, draw_curves(rows).encode())


def draw_curves(rows: Sequence[EpochRow]) -> str:
    """A panel each for the losses, the AUROC and the rate, SVG text; the same rows, the same text.

    A panel that knows no value is left out. An epoch without a value leaves a gap.

    Parameters
    ----------
    rows
        Of the run's log; at least one.
    """
    panels = {title: lines for title, lines in _panels(rows).items() if any(x.known for x in lines)}
    wide = _LEFT + _WIDE + _RIGHT
    tall = _TOP + (_TALL + _BETWEEN) * len(panels)
    box = f'width="{wide}" height="{tall}" viewBox="0 0 {wide} {tall}"'
    style = f'font-family="sans-serif" font-size="{_FONT}" fill="#1a1a1a"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} {style} role="img" aria-label="{WORDS}">'
    ]
    for number, (title, lines) in enumerate(panels.items()):
        parts.append(f'<g transform="translate({_LEFT} {_TOP + number * (_TALL + _BETWEEN)})">')
        parts += [*_frame(title, lines, len(rows)), *_drawn(lines), "</g>"]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panels(rows: Sequence[EpochRow]) -> dict[str, tuple[_Line, ...]]:
    return {
        "loss": (
            _Line("training", tuple(row.loss for row in rows)),
            _Line("validation", tuple(row.val_loss for row in rows), "5 3"),
        ),
        "mean AUROC": (_Line("validation", tuple(row.val_auroc for row in rows), "5 3"),),
        "learning rate at the epoch's end": (_Line("", tuple(row.lr for row in rows)),),
    }


def _frame(title: str, lines: Sequence[_Line], n_epochs: int) -> Iterator[str]:
    """The panel's title with the names of its lines, its border, and the ends of both axes."""
    names = [
        f"{line.name} {'- -' if line.dash else '—'}" for line in lines if line.name and line.known
    ]
    low, high = _ends(lines)
    yield f'<text x="0" y="-8">{": ".join([title, *filter(None, [", ".join(names)])])}</text>'
    yield f'<rect width="{_WIDE}" height="{_TALL}" fill="none" stroke="{_PALE}"/>'
    for value in dict.fromkeys((high, low)):
        down = max(10.0, _up(value, low, high))
        yield f'<text x="-6" y="{down:.0f}" text-anchor="end">{value:.4g}</text>'
    yield f'<text x="0" y="{_TALL + 14}">epoch 1</text>'
    if n_epochs > 1:
        yield f'<text x="{_WIDE}" y="{_TALL + 14}" text-anchor="end">{n_epochs}</text>'


def _drawn(lines: Sequence[_Line]) -> Iterator[str]:
    """Each line, and a dot for each value, which shows one that stands alone."""
    low, high = _ends(lines)
    for line in lines:
        step = _WIDE / max(1, len(line.values) - 1)
        places = [
            None if value is None else (epoch * step, _up(value, low, high))
            for epoch, value in enumerate(line.values)
        ]
        path, pen = "", "M"
        for place in places:
            if place is not None:
                path += f"{pen}{place[0]:.1f} {place[1]:.1f}"
            pen = "M" if place is None else "L"
        dash = f' stroke-dasharray="{line.dash}"' if line.dash else ""
        yield f'<path d="{path}" fill="none" stroke="{_INK}"{dash}/>'
        dots = (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2"/>' for x, y in filter(None, places))
        yield f'<g fill="{_INK}">{"".join(dots)}</g>'


def _ends(lines: Sequence[_Line]) -> tuple[float, float]:
    values = [value for line in lines for value in line.known]
    return min(values), max(values)


def _up(value: float, low: float, high: float) -> float:
    """How far below the panel's upper edge a value lies; in the middle where all are the same."""
    return _TALL * ((high - value) / (high - low) if high > low else 0.5)
