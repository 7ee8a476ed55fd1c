"""A report as one self-contained HTML page: no script, nothing loaded from anywhere."""

from base64 import b64encode
from html import escape
from importlib.resources import files

from PIL import Image

from plainfilm import __version__
from plainfilm.findings import FindingResult, Prediction
from plainfilm.radiograph import Radiograph
from plainfilm.reading.header import BundleHeader
from plainfilm.reports import wording
from plainfilm.reports.content import Report, shown_results
from plainfilm.reports.pictures import film_png, heat_png, is_visible, png, scale_bar, thumbnail

_ANSWERS = ("I agree with this reading.", "I disagree with it.", "I have corrected it:")

MAX_FILMS = 100  # a film of 1024 pixels with its heat takes about a megabyte of the page

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="plainfilm {version}">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
{body}
</body>
</html>
"""


def html_report(report: Report) -> bytes:
    """The file of a report: one page in UTF-8 that needs no network and no script.

    Every word from outside is escaped. A film is in the page once; the heat of each finding lies
    over it as a see-through picture.
    """
    films = zip(report.predictions, report.radiographs, strict=True)
    small = [(prediction, thumbnail(radiograph)) for prediction, radiograph in films]
    style = files("plainfilm.reports").joinpath("as_html.css").read_text(encoding="utf-8")
    articles = [_article(at, film, report) for at, film in enumerate(small)]
    page = _PAGE.format(
        version=escape(__version__),
        title=escape(f"plainfilm report: {_films(report.predictions)}"),
        style=style + "".join(_background(at, film[1]) for at, film in enumerate(small)),
        body="\n".join([_top(report), "<main>", *articles, "</main>", _bottom(report.header)]),
    )
    return page.encode("utf-8", errors="replace")


def _films(predictions: tuple[Prediction, ...]) -> str:
    return predictions[0].name if len(predictions) == 1 else f"{len(predictions)} films"


def _top(report: Report) -> str:
    header, refused = report.header, sum(p.refused is not None for p in report.predictions)
    not_read = wording.not_read(len(report.failures))
    rows = {
        "Bundle": f"{header.name} {header.version}",
        "Written": f"{report.written:%Y-%m-%d %H:%M %Z}",
        "Films": f"{len(report.predictions)}, of which {refused} refused",
        **({"Not read": not_read} if not_read else {}),
        "Software": f"plainfilm {__version__}",
    }
    sha = escape(report.predictions[0].bundle.sha256)
    return "\n".join(
        [
            "<header>",
            "<h1>plainfilm report</h1>",
            f'<p class="device">{wording.NOT_A_DEVICE} {wording.ASSISTS} '
            f"{wording.NOT_REVIEWED}</p>",
            f'{_terms(rows)}<p class="quiet">Bundle SHA-256 <span class="sha">{sha}</span></p>',
            "</header>",
            _not_read(report.failures),
        ]
    )


def _not_read(failures: tuple[str, ...]) -> str:
    if not failures:
        return ""
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in failures)
    heading = wording.not_read(len(failures))
    return f'<section class="caution" role="note"><h2>{heading}</h2><ul>{reasons}</ul></section>'


def _article(at: int, film: tuple[Prediction, Radiograph], report: Report) -> str:
    prediction, radiograph = film
    refused = prediction.refused is not None
    parts = [
        f'<article aria-labelledby="name-{at}">',
        f'<h2 id="name-{at}">{escape(prediction.name)}</h2>',
        *(_caution(caution) for caution in prediction.cautions),
        f'<p class="{"refused" if refused else "summary"}">'
        f"{escape(wording.summary(prediction))}</p>",
        "" if refused else _table(prediction, report),
        _pictures(at, prediction, radiograph, report.header),
        "" if refused else _confirmation(),
        "</article>",
    ]
    return "\n".join(part for part in parts if part)


def _caution(caution: str) -> str:
    shouted = wording.is_override(caution)
    words = escape(caution) if shouted else f"<strong>Caution:</strong> {escape(caution)}"
    return f'<p class="{"shout" if shouted else "caution"}" role="note">{words}</p>'


def _table(prediction: Prediction, report: Report) -> str:
    kind = wording.kind_of_number(prediction.calibrated)
    heads = ["Finding", kind.capitalize(), "On a scale from 0 to 1", "Threshold", "In words"]
    heads.append("AUROC measured (95 % interval)")
    columns = [f'<th scope="col">{head}</th>' for head in heads]
    names = ", ".join(result.finding.display for result in prediction.results)
    looked = f"Looked for: {names}; nothing else."
    about = [
        wording.read_as(prediction),
        *([told] if (told := wording.told(prediction)) else []),
        looked,
        wording.familiarity(prediction),
        wording.measured_on(report.evaluation),
    ]
    return "\n".join(
        [
            # Not the caption: that is as wide as the table, and cut off on a narrow screen.
            f'<p class="quiet">{escape(" ".join(about))}</p>',
            '<div class="scroll" tabindex="0" role="region" aria-label="Findings"><table>',
            "<caption>Findings</caption>",
            f"<thead><tr>{''.join(columns)}</tr></thead>",
            "<tbody>",
            *(_finding(result, prediction, report) for result in prediction.results),
            "</tbody></table></div>",
        ]
    )


def _finding(result: FindingResult, prediction: Prediction, report: Report) -> str:
    calibrated = prediction.calibrated
    value = wording.number(result.probability, calibrated)
    threshold = wording.number(result.threshold, calibrated)
    measured = wording.measured_for(prediction, report.evaluation, result.finding.name)
    return (
        f'<tr class="{wording.verdict(result)}">'
        f'<th scope="row">{escape(result.finding.display)}</th>'
        f'<td class="number">{escape(value)}</td>'
        f"<td>{_bar(result, f'{value}, threshold {threshold}')}</td>"
        f'<td class="number">{escape(threshold)}</td>'
        f"<td>{escape(wording.reading(result, calibrated))}</td>"
        f"<td>{escape(measured)}</td></tr>"
    )


def _bar(result: FindingResult, words: str) -> str:
    length, tick = 100 * result.probability, 100 * result.threshold
    return (
        f'<svg class="bar" viewBox="-1 0 102 11" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(words)}">'
        f'<rect x="0" y="2" width="100" height="7" fill="#e4e4e4" stroke="#8a8a8a" '
        f'stroke-width=".4"/>'
        f'<rect x="0" y="2" width="{length:.2f}" height="7" fill="#1f4e79"/>'
        f'<rect x="{tick - 0.5:.2f}" y="0" width="1" height="11" fill="#000"/></svg>'
    )


def _background(at: int, radiograph: Radiograph) -> str:
    return f".film-{at} {{ background-image: url({_data_uri(film_png(radiograph.pixels))}); }}\n"


def _pictures(at: int, prediction: Prediction, radiograph: Radiograph, header: BundleHeader) -> str:
    shape = (radiograph.pixels.shape[0], radiograph.pixels.shape[1])
    original = _figure(at, shape, None, "Original film, no heat laid over it")
    mapped = [result for result in prediction.results if result.map is not None]
    if not mapped:
        said = "" if prediction.refused is not None else "<p>This report has no maps.</p>"
        return f'<div class="films">\n{original}\n</div>{said}'
    shown = [result for result in mapped if result in shown_results(prediction)]
    others = [result for result in mapped if result not in shown]
    figures, unseen = _heat(at, shape, shown, header)
    parts = ['<div class="films">', original, *figures, "</div>", unseen]
    if others:
        figures, unseen = _heat(at, shape, others, header)
        parts += [
            f"<details><summary>{wording.more_heat(len(others))}</summary>",
            *(['<div class="films">', *figures, "</div>"] if figures else []),
            f"{unseen}</details>",
        ]
    return "\n".join(part for part in [*parts, _legend(header)] if part)


def _heat(
    at: int, shape: tuple[int, int], results: list[FindingResult], header: BundleHeader
) -> tuple[list[str], str]:
    """A figure for each finding whose heat can be seen, and a line for those where it cannot."""
    figures, unseen = [], []
    for result in results:
        words = f"{result.finding.display}: {_side(result)}"
        if result.map is not None and is_visible(result.map, shape, header):
            figures.append(_figure(at, shape, heat_png(result.map, shape, header), words))
        else:
            unseen.append(escape(f"{words}, {wording.NO_HEAT}"))
    return figures, f"<p>{'; '.join(unseen)}.</p>" if unseen else ""


def _figure(at: int, shape: tuple[int, int], layer: bytes | None, words: str) -> str:
    picture = _data_uri(layer or _clear_pixel())
    # The ratio is said, or a picture of one clear pixel over the film would make a square of it.
    height, width = shape
    size = f'width="{width}" height="{height}" style="aspect-ratio:{width}/{height}"'
    alt = words if layer is None else f"Film with heat for {words}"
    return (
        f'<figure class="film"><img class="film-{at}" {size} src="{picture}" alt="{escape(alt)}">'
        f"<figcaption>{escape(words)}</figcaption></figure>"
    )


def _side(result: FindingResult) -> str:
    return f"{wording.verdict(result)} the threshold"


def _clear_pixel() -> bytes:
    return png(Image.new("RGBA", (1, 1), (0, 0, 0, 0)))


def _legend(header: BundleHeader) -> str:
    bar = png(Image.fromarray(scale_bar(header, (8, 256))))
    return (
        f'<figure class="scale"><figcaption>Heat: {escape(wording.MAP_CAPTION)}. From none (left) '
        "to most (right), on a scale that is the same for every film of this bundle."
        f'</figcaption><img src="{_data_uri(bar)}" alt="Colours of the heat, from none to most">'
        "</figure>"
    )


def _confirmation() -> str:
    boxes = "".join(f'<span class="box"></span>{words}' for words in _ANSWERS)
    blank = '<span class="blank"></span>'
    return (
        '<section class="confirm" aria-label="Reader\'s confirmation"><h3>Reader\'s confirmation'
        f"</h3><p>I have seen the original film. {boxes}</p><p>Correction {blank}</p>"
        f"<p>Name {blank} Date and time {blank} Signature {blank}</p></section>"
    )


def _bottom(header: BundleHeader) -> str:
    calibration = header.calibration
    rows = {
        "Intended use": header.intended_use,
        "Population": header.population_words,
        "Calibration": f"{calibration.method}; {calibration.source}"
        if calibration.calibrated
        else wording.NOT_CALIBRATED,
        "Thresholds": header.threshold_rule,
        "Learned from": header.learned_from,
        "Licence of weights": header.licences.weights,
        "Cite": header.citation,
    }
    limits = "".join(f"<li>{escape(limit)}</li>" for limit in header.limits)
    return "\n".join(
        [
            "<footer>",
            f"<h2>About this bundle</h2>{_terms(rows)}",
            f"<h3>Limits</h3><ul>{limits}</ul>" if limits else "",
            f'<p class="device">{wording.NOT_A_DEVICE}</p>',
            "</footer>",
        ]
    )


def _terms(rows: dict[str, str]) -> str:
    terms = (f"<dt>{escape(term)}</dt><dd>{escape(words)}</dd>" for term, words in rows.items())
    return f"<dl>{''.join(terms)}</dl>"


def _data_uri(content: bytes) -> str:
    return f"data:image/png;base64,{b64encode(content).decode('ascii')}"
