"""A report as one picture: each film beside itself with the heat of its findings laid over it."""

from collections.abc import Sequence
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from plainfilm.findings import FindingResult, Prediction
from plainfilm.radiograph import Radiograph
from plainfilm.reading.header import BundleHeader
from plainfilm.reports import wording
from plainfilm.reports.content import Report, shown_results
from plainfilm.reports.curve_picture import curve_picture
from plainfilm.reports.pictures import Rgb, fitted, grey, is_visible, overlaid, png, scale_bar

MAX_FILMS = 16  # with more, the picture is too tall for what shows pictures

# Pixels.
_FILM = 600
_MARGIN = 12
_TEXT = 15
_TITLE = 20
_COLUMNS = 2
_WIDTH = _COLUMNS * (_FILM + _MARGIN) + _MARGIN
_BAR = (14, 256)

# Colours: every pair of text and ground has a contrast of at least 7 to 1 (WCAG 1.4.6).
Colours = tuple[tuple[int, int, int], tuple[int, int, int]]
_PLAIN = ((16, 16, 18), (240, 240, 240))
_WARNING = ((255, 214, 102), (0, 0, 0))
_SHOUT = ((92, 10, 10), (255, 255, 255))


def png_report(report: Report) -> bytes:
    """The file of a report: its films, one under the other.

    A film stands beside the heat of every finding above its threshold or, where there is none, of
    the one that comes nearest; where that heat is too little to be seen, a line says so. The
    colours mean the same in every picture of one bundle.
    """
    header, failures = report.header, report.failures
    about = f"{header.name} {header.version} · written {report.written:%Y-%m-%d %H:%M %Z}"
    rows = [_text("plainfilm", _TITLE), _text(f"{wording.NOT_A_DEVICE} {wording.NOT_REVIEWED}")]
    films = list(zip(report.predictions, report.radiographs, strict=True))
    for prediction, radiograph in films:
        rows += _film(prediction, radiograph, report)
    rows += [_text(note) for note in report.notes]
    if report.curve is not None:
        drawn = _panel(curve_picture(report.curve, _FILM), "", report.curve.words)
        rows.append(_row([drawn]))
    rows += [_text(f"Not read: {failure}", colours=_WARNING) for failure in failures]
    rows += [_legend(report)] if any(_has_heat(*film, header) for film in films) else []
    return png(_stack([*rows, _text(about)]))


def _film(prediction: Prediction, radiograph: Radiograph, report: Report) -> list[Image.Image]:
    header = report.header
    cautions = [_caution(caution) for caution in prediction.cautions]
    refused = prediction.refused is not None
    summary = _text(wording.summary(prediction), colours=_SHOUT if refused else _PLAIN)
    small = fitted(radiograph.pixels, _FILM)
    panels, unseen = [_panel(grey(small), "original", "")], []
    for result in shown_results(prediction):
        title, numbers = result.finding.display, _numbers(result, prediction.calibrated)
        if result.map is not None and is_visible(result.map, small.shape, header):
            painted = overlaid(small, result.map, header, is_added=report.is_added)
            panels.append(_panel(painted, title, numbers))
        else:
            why = "no map" if result.map is None else wording.NO_HEAT
            unseen.append(_text(f"{title}: {numbers}; {why}"))
    rows = [_row(panels[at : at + _COLUMNS]) for at in range(0, len(panels), _COLUMNS)]
    return [_text(prediction.name, _TITLE), *cautions, summary, *unseen, *rows]


def _has_heat(prediction: Prediction, radiograph: Radiograph, header: BundleHeader) -> bool:
    maps = (result.map for result in shown_results(prediction) if result.map is not None)
    return any(is_visible(values, radiograph.pixels.shape, header) for values in maps)


def _caution(caution: str) -> Image.Image:
    if wording.is_override(caution):
        return _text(caution, _TITLE, colours=_SHOUT)
    return _text(f"Caution: {caution}", colours=_WARNING)


def _numbers(result: FindingResult, calibrated: bool) -> str:
    value = wording.number(result.probability, calibrated)
    threshold = wording.number(result.threshold, calibrated)
    words = f"{wording.kind_of_number(calibrated)} {value}"
    return f"{words}, {wording.verdict(result)} the threshold ({threshold})"


def _legend(report: Report) -> Image.Image:
    header, is_added = report.header, report.is_added
    canvas = Image.new("RGB", (_WIDTH, _BAR[0] + 2 * _MARGIN), _PLAIN[0])
    canvas.paste(Image.fromarray(scale_bar(header, _BAR, is_added=is_added)), (_MARGIN, _MARGIN))
    scale = report.scale or f"{header.name}'s fixed scale"
    words = f"heat, from none to most on {scale}: {wording.MAP_CAPTION}"
    place = (_BAR[1] + 2 * _MARGIN, _MARGIN - 2)
    ImageDraw.Draw(canvas).text(place, words, fill=_PLAIN[1], font=_font(_TEXT))
    return canvas


def _panel(picture: Rgb, title: str, numbers: str) -> Image.Image:
    heading = "\n".join(_cut(line, _FILM, _TEXT) for line in (title, numbers))
    top = 2 * _TITLE + _MARGIN
    canvas = Image.new("RGB", (_FILM, top + picture.shape[0]), _PLAIN[0])
    ImageDraw.Draw(canvas).multiline_text((0, 0), heading, fill=_PLAIN[1], font=_font(_TEXT))
    canvas.paste(Image.fromarray(picture), (0, top))
    return canvas


def _row(panels: Sequence[Image.Image]) -> Image.Image:
    canvas = Image.new("RGB", (_WIDTH, max(panel.height for panel in panels)), _PLAIN[0])
    for column, panel in enumerate(panels):
        canvas.paste(panel, (_MARGIN + column * (_FILM + _MARGIN), 0))
    return canvas


def _text(words: str, size: int = _TEXT, *, colours: Colours = _PLAIN) -> Image.Image:
    lines = _wrapped(words, size)
    ground, ink = colours
    canvas = Image.new("RGB", (_WIDTH, len(lines) * (size + 6) + 8), ground)
    draw = ImageDraw.Draw(canvas)
    draw.multiline_text((_MARGIN, 4), "\n".join(lines), fill=ink, font=_font(size), spacing=4)
    return canvas


def _stack(rows: Sequence[Image.Image]) -> Image.Image:
    canvas = Image.new("RGB", (_WIDTH, sum(row.height + 4 for row in rows)), _PLAIN[0])
    top = 0
    for row in rows:
        canvas.paste(row, (0, top))
        top += row.height + 4
    return canvas


def _wrapped(words: str, size: int) -> list[str]:
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and _font(size).getlength(longer) > _WIDTH - 2 * _MARGIN:
            lines.append(word)
        else:
            lines[-1] = longer
    return [_cut(line, _WIDTH - 2 * _MARGIN, size) for line in lines]


def _cut(words: str, width: int, size: int) -> str:
    cut = words
    while _font(size).getlength(words) > width:
        cut = cut[:-1]
        words = f"{cut}..."
    return words


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
