from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dicoms import dicom_file
from phantoms import phantom
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import Sample
from plainfilm.datasets.seen import film_digests
from plainfilm.errors import DatasetError, EvaluationError
from plainfilm.evaluation.audit import audit_film
from plainfilm.evaluation.predict import describe, predict
from plainfilm.findings import Finding, LabelSet
from plainfilm.images import read_radiograph
from plainfilm.reading import Reader
from plainfilm.reading.bundle import Bundle, Population
from tiny_bundle import tiny_bundle

LABEL_SET = LabelSet((Finding("mass", "Mass"), Finding("pneumonia", "Pneumonia")))


def change(bundle: Bundle, **changes: Any) -> Bundle:
    return replace(bundle, header=replace(bundle.header, **changes))


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    """Six drawn films of three patients; the labels in another order than the bundle's."""
    samples = []
    for number in range(6):
        image = f"film-{number}.png"
        pixels = (phantom(size=(96, 80), seed=number) * 255).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / image)
        labels = np.array([number % 2, float("nan") if number == 5 else number % 3 == 0], "f4")
        split = "train" if number < 2 else "test"
        samples.append(
            Sample(image, f"p{number // 2}", f"s{number}", "PA", "F", 3.0, split, labels)
        )
    return Manifest(LABEL_SET, tuple(samples), "drawn", tmp_path, {}, "chest")


def test_every_film_of_the_split_is_read_once(manifest: Manifest) -> None:
    reader = Reader(tiny_bundle(2), threads=1)
    table = predict(reader, manifest, "test")
    assert table.name.tolist() == [f"film-{number}.png" for number in range(2, 6)]
    film = read_radiograph(manifest.root / "film-4.png")
    results = reader.read(film, age_years=3.0, view="PA", body_part="chest").results  # type: ignore[arg-type]
    assert table.scores[2].tolist() == [result.score for result in results]
    assert table.probabilities[2].tolist() == [result.probability for result in results]


def test_labels_stand_in_the_bundles_order(manifest: Manifest) -> None:
    table = predict(Reader(tiny_bundle(2), threads=1), manifest, "test")
    assert table.about.findings == ("pneumonia", "atelectasis")
    assert table.labels[:, 0].tolist()[:3] == [0.0, 1.0, 0.0]
    assert np.isnan(table.labels[:, 1]).all()  # nobody labelled atelectasis


def test_an_undecodable_film_is_a_row_with_a_reason(manifest: Manifest) -> None:
    (manifest.root / "film-3.png").write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
    table = predict(Reader(tiny_bundle(2), threads=1), manifest, "test")
    assert [bool(reason) for reason in table.refused] == [False, True, False, False]
    assert "film-3" not in table.refused[1]  # so that equal reasons can be counted
    assert np.isnan(table.scores[1]).all()
    assert len(table) == 4


def test_a_film_outside_the_population_by_the_manifests_age_is_refused(manifest: Manifest) -> None:
    adults = Population(("chest",), ("PA",), (18, 90), "adults")
    table = predict(Reader(change(tiny_bundle(2), population=adults), threads=1), manifest, "test")
    assert (table.refused != "").all()
    assert np.isnan(table.audits["frame"]).all()


def test_a_film_with_a_body_part_of_its_own_is_judged_by_that(manifest: Manifest) -> None:
    samples = list(manifest.samples)
    samples[4] = replace(samples[4], body_part="knee")
    mixed = replace(manifest, samples=tuple(samples))
    table = predict(Reader(tiny_bundle(2), threads=1), mixed, "test")
    assert [bool(reason) for reason in table.refused] == [False, False, True, False]
    assert "body part knee" in table.refused[2]
    assert table.details["body_part"].tolist() == ["chest", "chest", "knee", "chest"]


def with_header(manifest: Manifest, row: int, **header: Any) -> Manifest:
    """The manifest with one film that is a DICOM file and tells of itself."""
    pixels = (phantom(size=(96, 80), seed=row) * 4095).astype(np.uint16)
    (manifest.root / "film.dcm").write_bytes(dicom_file(pixels, BitsStored=12, **header))
    samples = list(manifest.samples)
    samples[row] = replace(samples[row], image="film.dcm")
    return replace(manifest, samples=tuple(samples))


def test_what_a_film_s_own_header_says_counts_more_than_the_manifest(manifest: Manifest) -> None:
    children = Population(("chest",), ("PA",), (1, 5), "children")
    reader = Reader(change(tiny_bundle(2), population=children), threads=1)
    for header, words in (
        ({"PatientAge": "060Y", "ViewPosition": "PA"}, "age 60"),
        ({"PatientAge": "004Y", "ViewPosition": "LL"}, "view LATERAL"),
        ({"BodyPartExamined": "KNEE"}, "body part knee"),
        ({"PatientAge": "004Y"}, ""),  # silent of the view, which the manifest knows
    ):
        table = predict(reader, with_header(manifest, 3, **header), "test")
        assert table.refused[1][: len(words)] == words
        assert bool(table.refused[1]) == bool(words)
        assert table.refused[[0, 2, 3]].tolist() == ["", "", ""]


def test_details_stand_beside_each_film_and_no_pixel_does(manifest: Manifest) -> None:
    samples = [replace(s, sex=None, view=None, age=None) for s in manifest.samples]
    bare = replace(manifest, samples=(*manifest.samples[:3], *samples[3:]))
    table = predict(Reader(tiny_bundle(2), threads=1), bare, "test")
    assert table.details["sex"].tolist() == ["F", "", "", ""]
    assert table.details["view"].tolist() == ["PA", "", "", ""]
    assert table.details["study"].tolist() == ["s2", "s3", "s4", "s5"]
    np.testing.assert_array_equal(table.age, [3.0, np.nan, np.nan, np.nan])
    assert table.patient.tolist() == ["p1", "p1", "p2", "p2"]


def test_the_audits_of_an_answered_film_are_those_of_its_pixels(manifest: Manifest) -> None:
    reader = Reader(tiny_bundle(2), threads=1)
    table = predict(reader, manifest, "test")
    expected = audit_film(
        reader.engine, read_radiograph(manifest.root / "film-2.png").pixels, degraded=True
    )
    assert sorted(table.audits) == sorted(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(table.audits[name][0], values)


def test_a_bundle_without_familiarity_leaves_it_unknown(manifest: Manifest) -> None:
    reader = Reader(tiny_bundle(2, familiarity=False), threads=1)
    table = predict(reader, manifest, "test")
    assert np.isnan(table.familiarity).all()
    assert table.about.caution_below is None


def test_progress_counts_the_films(manifest: Manifest) -> None:
    seen: list[tuple[int, int]] = []
    reader = Reader(tiny_bundle(2), threads=1)
    predict(reader, manifest, "test", progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_films_that_are_gone_are_no_evaluation(manifest: Manifest) -> None:
    (manifest.root / "film-3.png").unlink()
    with pytest.raises(DatasetError, match=r"film-3\.png"):
        predict(Reader(tiny_bundle(2), threads=1), manifest, "test")


def learned_from(manifest: Manifest, split_sha256: str, recipe_toml: str = "") -> Reader:
    bundle = tiny_bundle(2)
    origin = replace(
        bundle.header.provenance,
        data_set=manifest.source,
        split_sha256=split_sha256,
        recipe_toml=recipe_toml,
        details=film_digests(manifest),
    )
    return Reader(change(bundle, provenance=origin), threads=1)


def test_training_films_are_refused(manifest: Manifest) -> None:
    with pytest.raises(EvaluationError, match="was trained on split 'train'"):
        describe(learned_from(manifest, manifest.split_sha256), manifest, "train")


def test_another_split_of_the_same_data_set_is_refused(manifest: Manifest) -> None:
    with pytest.raises(EvaluationError, match="another split of drawn"):
        describe(learned_from(manifest, "2" * 64), manifest, "test")


def test_a_planted_leak_is_caught_in_another_data_set_and_named(
    manifest: Manifest, tmp_path: Path
) -> None:
    """Two of the four test films are training films under other names, of another patient."""
    reader = learned_from(manifest, manifest.split_sha256)
    other = replace(manifest, source="own table", root=tmp_path / "own")
    other.root.mkdir()
    for planted, name in ((0, 2), (1, 4), (3, 3), (5, 5)):
        content = (manifest.root / f"film-{planted}.png").read_bytes()
        (other.root / f"film-{name}.png").write_bytes(content)
    words = (
        "split 'test' of own table holds 2 films it learned from, and 2 other films of the same "
        "patients: film-2.png, film-4.png. Take these patients out"
    )
    with pytest.raises(EvaluationError, match=words):
        describe(reader, other, "test")


def test_another_split_names_the_films_that_were_learned_from(manifest: Manifest) -> None:
    reader = learned_from(manifest, "2" * 64)
    moved = replace(
        manifest,
        samples=tuple(replace(s, split="test") for s in manifest.samples),
    )
    words = "another split of drawn.*: of split 'test', 2 films it learned from: film-0.png, film-1"
    with pytest.raises(EvaluationError, match=words):
        describe(reader, moved, "test")


def test_a_bundle_that_lists_no_films_is_cautioned_about_elsewhere(manifest: Manifest) -> None:
    facts = describe(Reader(tiny_bundle(2), threads=1), manifest, "test")
    assert "carries no list of the films it learned from" in facts.cautions[0]


def test_another_data_set_may_be_measured_on_any_split(manifest: Manifest) -> None:
    assert describe(Reader(tiny_bundle(2), threads=1), manifest, "train").refit_rule is None


def test_no_finding_in_common_is_refused(manifest: Manifest) -> None:
    with pytest.raises(EvaluationError, match="none in common"):
        describe(Reader(tiny_bundle(names=["hernia"]), threads=1), manifest, "test")


def test_a_recipe_that_cannot_be_read_is_told(manifest: Manifest) -> None:
    reader = learned_from(manifest, manifest.split_sha256, "[release")
    with pytest.raises(EvaluationError, match="tiny: its recipe is not TOML"):
        describe(reader, manifest, "test")


def test_the_facts_are_the_bundle_s_own(manifest: Manifest) -> None:
    reader = Reader(tiny_bundle(2), threads=1)
    facts, header = describe(reader, manifest, "test"), reader.bundle.header
    assert (facts.bundle, facts.version) == (header.name, header.version)
    assert facts.network_sha256 == reader.bundle.network_sha256
    assert facts.thresholds == tuple(header.thresholds[name] for name in facts.findings)
    assert facts.displays == ("Pneumonia", "Atelectasis")
    assert (facts.data_set, facts.split) == ("drawn", "test")
    assert facts.split_sha256 == manifest.split_sha256


@pytest.mark.parametrize(
    ("release", "rule"),
    [
        ('calibration = "cross-fit-test"\nthreshold_rule = "half"', "half"),
        ('calibration = "cross-fit-test"', "youden-plateau"),
        ('calibration = "validation"', None),
        ("", None),
    ],
)
def test_the_recipe_tells_whether_to_refit(
    manifest: Manifest, release: str, rule: str | None
) -> None:
    reader = learned_from(manifest, manifest.split_sha256, f"[release]\n{release}\n")
    assert describe(reader, manifest, "test").refit_rule == rule


def test_films_that_chose_the_checkpoint_carry_a_caution(manifest: Manifest) -> None:
    reader = learned_from(manifest, manifest.split_sha256)
    assert "flatter" in describe(reader, manifest, "val").cautions[0]
    assert describe(reader, manifest, "test").cautions == ()


@pytest.mark.parametrize(
    ("init", "told"),
    [
        ("scratch", False),
        ("scratch; then ward 1.0.0, adapted with --head", False),
        ("scratch; scratch; then ward 1.0.0, adapted with --head", False),  # joined
        ("first (0123)", True),
        ("first (0123); scratch", True),
        (f"first (0123{60 * 'a'})", True),
        ("first (0123); then ward 1.0.0, adapted with --head", True),
    ],
)
def test_films_that_the_first_weights_learned_from_are_cautioned_about(
    manifest: Manifest, init: str, *, told: bool
) -> None:
    reader = learned_from(manifest, manifest.split_sha256)
    origin = replace(reader.bundle.header.provenance, init=init)
    begun = Reader(change(reader.bundle, provenance=origin), threads=1)
    words = "Its training began with other weights (first (0123)"
    cautions = describe(begun, manifest, "test").cautions
    assert [caution[: len(words) - 1] for caution in cautions] == [words[:-1]] * told
    assert not any(20 * "a" in caution for caution in cautions)
