from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from phantoms import somebody
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import Sample
from plainfilm.evaluation.places import (
    GRID,
    MOST,
    NAME,
    Places,
    boxes,
    place_alarms,
    place_numbers,
    place_words,
    sampled,
    try_places,
)
from plainfilm.evaluation.predict import predict
from plainfilm.findings import Finding, LabelSet
from plainfilm.radiograph import Pixels
from plainfilm.reading import Reader
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.strict_json import decode, encode, parse
from planted import planted_bundle

N_FILMS = 60


def marked(film: Pixels, row: int, column: int) -> Pixels:
    """With a bright square of 6 of 64 pixels."""
    film = film.copy()
    film[row : row + 6, column : column + 6] = 1.0
    return film


def tried(bundle: Bundle, folder: Path, alter: Callable[[Pixels, bool], Pixels]) -> Places:
    """What is found of drawn films, every other one sick, each as `alter` gives it."""
    found = tried_on(N_FILMS, bundle, folder, alter)
    assert found is not None
    return found


def tried_on(
    n_films: int, bundle: Bundle, folder: Path, alter: Callable[[Pixels, bool], Pixels]
) -> Places | None:
    samples = []
    for number in range(n_films):
        sick, name = number % 2 == 1, f"{number}.png"
        pixels = alter(somebody(size=(64, 64), seed=number), sick)
        Image.fromarray((pixels * 255).astype(np.uint8)).save(folder / name)
        labels = np.array([sick], np.float32)
        samples.append(Sample(name, f"p{number}", name, "PA", "F", 30.0, "test", labels))
    label_set = LabelSet((Finding("pneumonia", "Pneumonia"),))
    films = Manifest(label_set, tuple(samples), "drawn", folder, {}, "chest")
    reader = Reader(bundle, threads=1)
    return try_places(reader, films, predict(reader, films, "test", audited=False))


@pytest.mark.parametrize(
    ("row", "column", "where"),
    [(20, 12, "the left"), (3, 52, "the upper right"), (29, 30, "the middle")],
)
def test_a_mark_that_tells_the_sick_is_named_with_its_place(
    tmp_path: Path, row: int, column: int, where: str
) -> None:
    """A planted shortcut, wherever it lies, and not only at the frame."""
    place = (row // 2, column // 2, row // 2 + 3, column // 2 + 3)
    bundle = planted_bundle(place, weight=20.0, offset=-8.0)
    places = tried(bundle, tmp_path, lambda film, sick: marked(film, row, column) if sick else film)

    (named,) = place_alarms(place_numbers(places, 50, 0))

    words = f"SHORTCUT, Pneumonia: one place decides, 6% of the film at {where}. With it alone"
    assert named.startswith(words)


def test_a_bundle_that_looks_at_both_lungs_is_not_accused(tmp_path: Path) -> None:
    def sick_all_over(film: Pixels, sick: bool) -> Pixels:
        return np.clip(film + 0.3 * sick, 0, 1)

    places = tried(
        planted_bundle((8, 4, 24, 28), weight=20.0, offset=-6.0), tmp_path, sick_all_over
    )
    numbers = place_numbers(places, 50, 0)
    row = numbers["findings"]["pneumonia"]  # type: ignore[index]

    assert row["whole"].value > 0.95
    assert place_alarms(numbers) == []
    assert row["words"].startswith("Pneumonia: no place of 6% of the film decides")


def test_of_a_bundle_that_tells_nothing_nothing_is_said(tmp_path: Path) -> None:
    places = tried(planted_bundle((8, 4, 24, 28), 0.0, 1.0), tmp_path, lambda film, _: film)
    row = place_numbers(places, 50, 0)["findings"]["pneumonia"]  # type: ignore[index]
    assert row["words"] == (
        "Pneumonia: told too little on these films to say which place tells it."
    )


def test_of_fewer_than_ten_films_of_a_kind_no_place_is_tried(tmp_path: Path) -> None:
    bundle = planted_bundle((8, 4, 24, 28), 5.0, 1.0)
    assert tried_on(18, bundle, tmp_path, lambda film, _: film) is None
    assert tried_on(20, bundle, tmp_path, lambda film, _: film) is not None


def test_the_numbers_follow_from_the_file_alone(tmp_path: Path) -> None:
    places = tried(planted_bundle((8, 4, 24, 28), 5.0, 1.0), tmp_path, lambda film, _: film)
    assert decode(Places, parse(encode(asdict(places)), NAME), NAME) == places


def test_a_mark_of_one_cell_lies_whole_in_some_place_wherever_it_is() -> None:
    for start in np.linspace(0, GRID - 1, 50):
        assert any(top <= start and start + 1 <= bottom for top, _, bottom, _ in boxes())
    corner, middle = boxes()[0], boxes()[24]
    assert (place_words(corner), place_words(middle)) == ("the upper left", "the middle")
    assert place_words((3, 6, 5, 8)) == "the right"
    assert place_words((6, 3, 8, 5)) == "the lower middle"


def test_rare_findings_get_films_first_and_no_more_than_there_is_room_for() -> None:
    rng = np.random.default_rng(1)
    labels = (rng.random((900, 5)) < [0.4, 0.3, 0.2, 0.1, 0.03]).astype(np.float64)
    labels[rng.random(900) < 0.1] = np.nan
    rows = sampled(labels)
    assert len(rows) <= MOST
    assert not np.isnan(labels[rows]).all(axis=1).any()
    assert (labels[rows, 4] == 1).sum() == 12
    one = sampled(labels[:, [0]])
    assert [(labels[one, 0] == kind).sum() for kind in (0, 1)] == [24, 24]
    assert sampled(np.full((4, 2), np.nan)).size == 0
