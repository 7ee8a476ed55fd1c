from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
from PIL import Image

from phantoms import somebody
from plainfilm.datasets.film_tones import TONE_FACTS
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import Sample
from plainfilm.evaluation.predict import predict
from plainfilm.evaluation.report_folders import load_kept
from plainfilm.evaluation.tone_numbers import tone_alarms, tone_numbers
from plainfilm.evaluation.tones import NAME, Tones, try_tones
from plainfilm.findings import Finding, LabelSet
from plainfilm.radiograph import Pixels
from plainfilm.reading import Reader
from plainfilm.reading.strict_json import encode
from planted import SIZE, planted_bundle

N_FILMS = 40
WHOLE_FILM = (0, 0, SIZE, SIZE)  # whose mean grey is the tone and nothing else

Alter = Callable[[Pixels, bool], Pixels]


def lighter(film: Pixels, sick: bool) -> Pixels:
    """The planted shortcut: the sick differ in tone alone."""
    return film**0.8 if sick else film


def with_a_shade(film: Pixels, sick: bool) -> Pixels:
    """The left lung of the sick is lighter."""
    film = film.copy()
    film[16:48, 10:26] += 0.3 * sick
    return np.clip(film, 0, 1)


def tried(
    place: tuple[int, int, int, int], folder: Path, alter: Alter, n_films: int = N_FILMS
) -> Tones | None:
    """What is found of drawn films, every other one sick, by a bundle that sees one place."""
    samples = []
    for number in range(n_films):
        sick, name = number % 2 == 1, f"{number}.png"
        pixels = alter(somebody(size=(64, 64), seed=number), sick)
        Image.fromarray((pixels * 255).astype(np.uint8)).save(folder / name)
        labels = np.array([sick], np.float32)
        samples.append(Sample(name, f"p{number}", name, "PA", "F", 30.0, "test", labels))
    label_set = LabelSet((Finding("pneumonia", "Pneumonia"),))
    films = Manifest(label_set, tuple(samples), "drawn", folder, {}, "chest")
    reader = Reader(planted_bundle(place, weight=20.0, offset=-8.0), threads=1)
    return try_tones(reader, films, predict(reader, films, "test", audited=False))


def row_of(tones: Tones | None) -> dict[str, object]:
    assert tones is not None
    findings = tone_numbers(tones, 100, 0)["findings"]
    assert isinstance(findings, dict)
    row = findings["pneumonia"]
    assert isinstance(row, dict)
    return row


def test_a_tone_that_tells_the_sick_is_named(tmp_path: Path) -> None:
    """A planted shortcut: the films of one class differ in tone alone (gamma 0.8)."""
    tones = tried(WHOLE_FILM, tmp_path, lighter)
    assert tones is not None

    (named,) = tone_alarms(tone_numbers(tones, 100, 0))

    assert named.startswith("SHORTCUT, Pneumonia: the bundle answers by the film's tone")
    assert "Disease changes the tone, too" in named


def test_the_same_films_without_the_plant_are_not_accused(tmp_path: Path) -> None:
    row = row_of(tried(WHOLE_FILM, tmp_path, lambda film, _: film))
    assert row["words"] == (
        "Pneumonia: told too little on these films to say whether the tone tells it."
    )


def test_a_shade_is_seen_in_any_tone(tmp_path: Path) -> None:
    """It changes the tone, too, and the bundle does not need that."""
    row = row_of(tried((8, 5, 24, 13), tmp_path, with_a_shade))
    assert row["whole"].value > 0.95  # type: ignore[attr-defined]
    assert row["alike"].value > 0.95  # type: ignore[attr-defined]
    assert str(row["words"]).startswith("Pneumonia: the tone is not shown to matter")


def test_of_fewer_than_ten_films_of_a_kind_nothing_is_tried(tmp_path: Path) -> None:
    assert tried(WHOLE_FILM, tmp_path, lighter, n_films=18) is None


def test_the_numbers_follow_from_the_file_alone(tmp_path: Path) -> None:
    tones = tried(WHOLE_FILM, tmp_path, lighter, n_films=20)
    assert tones is not None
    assert len(tones.films[0].tone) == len(TONE_FACTS)
    (tmp_path / NAME).write_bytes(encode(asdict(tones)))
    assert load_kept(Tones, tmp_path / NAME) == tones
