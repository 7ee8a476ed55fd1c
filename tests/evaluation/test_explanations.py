from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from phantoms import phantom
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import Sample
from plainfilm.errors import EvaluationError
from plainfilm.evaluation.boxes import Box
from plainfilm.evaluation.explanations import (
    NAME,
    SAMPLE,
    Explanations,
    explain_split,
    explanation_numbers,
)
from plainfilm.evaluation.report_folders import load_kept
from plainfilm.findings import Finding, LabelSet
from plainfilm.reading import Reader
from plainfilm.reading.bundle import Population
from plainfilm.reading.strict_json import encode
from tiny_bundle import tiny_bundle

BOXES = (
    Box("film-1", "p0", "pneumonia", 0.1, 0.1, 0.5, 0.5),
    Box("film-2", "p1", "pneumonia", 0.2, 0.1, 0.5, 0.5),
    Box("film-2", "p1", "hernia", 0.2, 0.1, 0.5, 0.5),  # the bundle does not know it
    Box("elsewhere", "p9", "pneumonia", 0.0, 0.0, 1.0, 1.0),
)


@pytest.fixture
def films(tmp_path: Path) -> Manifest:
    samples = []
    for number in range(5):
        image = f"film-{number}.png"
        pixels = (phantom(size=(96, 80), seed=number) * 255).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / image)
        labels = np.array([number % 2], "f4")
        samples.append(
            Sample(image, f"p{number // 2}", f"s{number}", "PA", "F", 30.0, "test", labels)
        )
    label_set = LabelSet((Finding("pneumonia", "Pneumonia"),))
    return Manifest(label_set, tuple(samples), "drawn", tmp_path, {}, "chest")


def explained(films: Manifest, reader: Reader | None = None) -> Explanations:
    found = explain_split(reader or Reader(tiny_bundle(2), threads=1), films, "test", BOXES)
    assert found is not None
    return found


def test_every_map_of_a_small_split_is_put_to_the_test(films: Manifest) -> None:
    found = explained(films)
    assert len(found.films) == len(films) < SAMPLE
    assert all(len(row.random_head) == 3 for row in found.films)
    assert all(row.outside is None or 0 <= row.outside <= 1 for row in found.films)
    assert set(found.constant) == {"pneumonia", "atelectasis"}


def test_boxes_are_joined_by_film_and_finding_and_the_rest_counted(films: Manifest) -> None:
    found = explained(films)
    assert [(row.image, row.finding) for row in found.boxes] == [
        ("film-1", "pneumonia"),
        ("film-2", "pneumonia"),
    ]
    assert (found.n_boxes_elsewhere, found.n_boxes_refused) == (2, 0)
    usual = found.boxes[0].usual
    assert usual is not None
    assert usual.pointing == 1  # where the others' boxes overlap


def test_refused_films_are_counted(films: Manifest) -> None:
    (films.root / "film-1.png").write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
    found = explained(films)
    assert (len(found.films), found.n_refused, found.n_boxes_refused) == (4, 1, 1)
    bundle = tiny_bundle(2)
    header = replace(bundle.header, population=Population(("chest",), ("PA",), (1, 5), "children"))
    children = Reader(replace(bundle, header=header), threads=1)
    refused = explained(films, children)
    assert (refused.films, refused.n_refused, refused.boxes) == ((), 5, ())
    numbers: Any = explanation_numbers(refused, 20, 0)
    assert numbers["n_films"] == 0
    assert numbers["boxes"] == {}


def test_a_bundle_without_maps_is_not_tested(films: Manifest) -> None:
    assert explain_split(Reader(tiny_bundle(2, maps=False), threads=1), films, "test") is None


def test_the_file_gives_the_same_numbers_again(films: Manifest, tmp_path: Path) -> None:
    found = explained(films)
    (tmp_path / NAME).write_bytes(encode(asdict(found)))
    again = load_kept(Explanations, tmp_path / NAME)
    assert again is not None
    assert again == found
    assert explanation_numbers(found, 20, 0) == explanation_numbers(again, 20, 0)
    (tmp_path / NAME).write_text("{}")
    with pytest.raises(EvaluationError, match=r"explanations\.json.*evaluate the bundle again"):
        load_kept(Explanations, tmp_path / NAME)
    assert load_kept(Explanations, tmp_path / "nowhere" / NAME) is None


def test_the_numbers_are_means_over_films(films: Manifest) -> None:
    found = explained(films)
    numbers: Any = explanation_numbers(found, 50, 0)
    heads = [np.abs(row.random_head).mean() for row in found.films]
    assert numbers["random_head"].value == pytest.approx(np.mean(heads))
    leads = [row.curves.deletion_lead for row in found.films]
    assert numbers["deletion_lead"].value == pytest.approx(np.mean(leads))
    assert numbers["boxes"]["findings"]["pneumonia"]["n_boxes"] == 2
    assert numbers["constant_film"] == max(found.constant.values())
