"""Degradations and the tests of maps as sections of words and tables, for reports and cards."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from plainfilm.evaluation.localization import OVERLAPS

FACTS_ALONE, POOR_FILMS = "What files and records alone tell", "Poor films"  # not about maps
ONE_PLACE, TONE = "Does one place decide?", "Does the tone decide?"  # nor these
NOT_TRIED = "What was not tried"
MAPS, BOXES = "Do the maps mean anything?", "Do the maps find the boxes?"

_FACTS_ABOUT = (
    "AUROC of what is known of these films without looking at them, learned patient-wise from the "
    "films themselves. Where it is near the bundle's own, the bundle need have learned nothing of "
    "disease to do as well."
)
_FACTS_HEAD = (
    "Finding", "Bundle", "Files alone: size, sides, bits, colour, kind",
    "Age, sex and view alone", "Strongest fact, either way round",
)  # fmt: skip
_POOR_ABOUT = (
    "AUROC on {n_films} films of the split, drawn once, as they are and made worse as by poor "
    "equipment."
)
_PLACE_ABOUT = (
    "AUROC on {n_films} films of the split, drawn once, each of which was read again without every "
    "one of {n_places} places, and with nothing but the place that is missed most; what is painted "
    "over shows the mean of these films."
)
_TONE_ABOUT = (
    "AUROC on {n_films} films of the split, drawn once: as they are; all brought into their mean "
    "tone; and of their tones alone, which {n_stand_ins} of the films were brought into for it. A "
    "tone is how much of a film is how bright, not where."
)

Cells = Callable[[Mapping[str, object]], Sequence[str]]


@dataclass(frozen=True)
class Section:
    """A heading, what is to be said, and one table; the few rows that mean little are marked."""

    title: str
    sentences: tuple[str, ...]
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    few: tuple[bool, ...] = ()


def audit_sections(evaluation: Mapping[str, object]) -> tuple[Section, ...]:
    """The sections that an evaluation.json has numbers for."""
    found = (
        _facts_alone(evaluation),
        _one_place(_record(evaluation.get("places"))),
        _tone(_record(evaluation.get("tones"))),
        _degradation(_record(evaluation.get("degradation"))),
        _maps(_record(evaluation.get("explanations"))),
        _boxes(_record(evaluation.get("explanations"))),
        _not_tried(_record(evaluation.get("not_tried"))),
    )
    return tuple(section for section in found if section is not None)


def shortcut_sentences(evaluation: Mapping[str, object]) -> list[str]:
    """What the audits say of shortcuts, finding by finding."""
    audits = _record(evaluation.get("audits")).values()
    return [str(words) for found in audits for words in _list(_record(found).get("words"))]


def _facts_alone(evaluation: Mapping[str, object]) -> Section | None:
    audited = {name: _record(row) for name, row in _record(evaluation.get("facts_alone")).items()}
    if not audited:
        return None
    bundle = _record(evaluation.get("findings"))
    rows = tuple(
        (
            str(row.get("display")),
            _interval(_record(bundle.get(name)).get("auroc")),
            *(_interval(row.get(key)) for key in ("files", "record")),
            _strongest(_record(row.get("alone"))),
        )
        for name, row in audited.items()
    )
    words = tuple(str(s) for row in audited.values() for s in _list(row.get("words")))
    few = tuple(not _record(row.get("alone")) for row in audited.values())
    return Section(FACTS_ALONE, (_FACTS_ABOUT, *words), _FACTS_HEAD, rows, few)


def _strongest(alone: Mapping[str, object]) -> str:
    areas = {name: area for name, area in alone.items() if isinstance(area, float)}
    if not areas:
        return "–"
    name = max(areas, key=lambda fact: areas[fact])
    return f"{name} {areas[name]:.3f}"


def _degradation(degradation: Mapping[str, object]) -> Section | None:
    first = next(iter(_record(degradation.get("findings")).values()), {})
    names = list(_record(_record(first).get("degraded")))

    def cells(row: Mapping[str, object]) -> list[str]:
        degraded = _record(row.get("degraded"))
        return [_interval(row.get("auroc")), *(_interval(degraded[name]) for name in names)]

    return _by_finding(POOR_FILMS, _POOR_ABOUT, degradation, ("As it is", *names), cells)


def _one_place(places: Mapping[str, object]) -> Section | None:
    def cells(row: Mapping[str, object]) -> list[str]:
        areas = (_interval(row.get(key)) for key in ("whole", "without", "alone"))
        return [str(row.get("place")), *areas]

    head = ("Place missed most", "Whole film", "Without it", "It alone")
    return _by_finding(ONE_PLACE, _PLACE_ABOUT, places, head, cells)


def _by_finding(
    title: str, about: str, audit: Mapping[str, object], head: Sequence[str], cells: Cells
) -> Section | None:
    """A sentence and a row for each finding of an audit; None where it was not made."""
    findings = [_record(row) for row in _record(audit.get("findings")).values()]
    if not findings:
        return None
    counted = [(str(row.get("display")), str(row.get("n_present"))) for row in findings]
    return Section(
        title,
        (about.format_map(audit), *(str(row.get("words")) for row in findings)),
        ("Finding", "Present", *head),
        tuple((*start, *cells(row)) for start, row in zip(counted, findings, strict=True)),
        tuple(bool(row.get("too_few")) for row in findings),
    )


def _tone(tones: Mapping[str, object]) -> Section | None:
    def cells(row: Mapping[str, object]) -> list[str]:
        return [_interval(row.get(key)) for key in ("whole", "alike", "fall", "alone", "forest")]

    head = ("As they are", "All in one tone", "Fall", "Tone alone", "Tone alone, a forest")
    return _by_finding(TONE, _TONE_ABOUT, tones, head, cells)


def _maps(explained: Mapping[str, object]) -> Section | None:
    words = tuple(str(sentence) for sentence in _list(explained.get("words")))
    if not words:
        return None
    about = f"Maps of {explained['n_films']} films, drawn once; {explained['n_refused']} more were "
    about += "refused or cannot be read. Each map is of the finding that a report shows first."
    asked = (
        ("random_head", "Spearman with a random last layer, its size (a sound map: under 0.5)"),
        ("deletion_lead", "Score: hottest places deleted first, lead over random order"),
        ("insertion_lead", "Score: hottest places shown first, lead over random order"),
        ("outside_body", "Share of the heat outside the body"),
    )
    rows = tuple((text, _interval(explained.get(key))) for key, text in asked)
    return Section(MAPS, (about, *words), ("Test", "Result"), rows)


def _boxes(explained: Mapping[str, object]) -> Section | None:
    boxes = _record(explained.get("boxes"))
    if not boxes:
        return None
    found = [*_record(boxes.get("findings")).values(), boxes.get("all")]
    named = [_record(row) for row in found]
    about = (
        "Boxes drawn by readers. Pointing: the map's hottest place is in the box. Usual place: the "
        "mean box of the other patients, which sees no film. IoU and IoBB: the share of boxes that "
        "reach each overlap.",
        f"{explained['n_boxes_elsewhere']} boxes of the list are not on these films (they tell the "
        f"usual place all the same); {explained['n_boxes_refused']} are on refused films.",
    )
    kinds = [f"{kind} ≥ {t:g}" for kind in ("IoU", "IoBB") for t in OVERLAPS]
    head = ("Finding", "Boxes", "Pointing", "Usual place", "Centre", "Heat in the box", *kinds)
    rows = tuple(tuple(_box_cells(row)) for row in named)
    sentences = (*about, *(str(row.get("words")) for row in named))
    few = tuple(bool(row.get("too_few")) for row in named)
    return Section(BOXES, sentences, head, rows, few)


def _not_tried(untried: Mapping[str, object]) -> Section | None:
    return Section(NOT_TRIED, tuple(map(str, untried.values()))) if untried else None


def _box_cells(row: Mapping[str, object]) -> Iterator[str]:
    scores, usual = _record(row.get("map")), _record(row.get("usual_place"))
    yield str(row.get("display"))
    yield str(row.get("n_boxes"))
    yield _interval(scores.get("pointing"))
    yield _interval(usual.get("pointing"))
    yield _interval(row.get("centre_pointing"))
    yield _interval(scores.get("energy"))
    for kind in ("iou_at", "iobb_at"):
        for t in OVERLAPS:
            own, blind = _record(scores.get(kind)), _record(usual.get(kind))
            yield f"{_interval(own.get(f'{t:g}'))}; usual place {_interval(blind.get(f'{t:g}'))}"


def _value(found: object) -> str:
    numbers = _list(found)
    return f"{numbers[0]:.3f}" if numbers and isinstance(numbers[0], int | float) else "–"


def _interval(found: object) -> str:
    numbers = _list(found)
    if _value(found) == "–":
        return "–"
    low, high = ("–" if not isinstance(n, int | float) else f"{n:.3f}" for n in numbers[1:])
    return f"{_value(found)} [{low}, {high}]"


def _record(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else []
