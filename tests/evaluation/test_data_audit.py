from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bare_manifests import bare_manifest
from drawn_tables import draw_table
from phantoms import somebody
from plainfilm.datasets import chestxray14
from plainfilm.datasets.cache import Cache
from plainfilm.datasets.cache_record import CacheContent
from plainfilm.datasets.chestxray14 import at_least_one_finding
from plainfilm.datasets.film_facts import readable_facts
from plainfilm.datasets.fit import fit
from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import DatasetError
from plainfilm.evaluation import data_audit
from plainfilm.evaluation.data_audit import (
    audit_data,
    audit_table,
    audit_text,
    leakage_words,
    warnings_in,
)
from plainfilm.evaluation.measure import plain
from plainfilm.evaluation.table import Predictions

N_FILMS = 160


def films(folder: Path, *, telling: bool) -> Manifest:
    """Small films, every other one sick; `telling`: the sick are saved with more noise."""
    rng = np.random.default_rng(0)
    labels = [[number % 2] for number in range(N_FILMS)]
    for number in range(N_FILMS):
        spread = 60 if telling and number % 2 else 20 + 20 * rng.random()
        grey = rng.normal(128, spread, (24, 24)).clip(0, 255).astype(np.uint8)
        Image.fromarray(grey).save(folder / f"{number}.jpg")
    patients = [f"p{number // 2 * 2 + number % 2}" for number in range(N_FILMS)]
    plain = bare_manifest(labels, patients=patients)
    ages = rng.integers(20, 80, N_FILMS)
    samples = (
        replace(sample, image=f"{row}.jpg", age=float(ages[row]), sex="FM"[int(rng.integers(2))])
        for row, sample in enumerate(plain.samples)
    )
    return replace(plain, samples=tuple(samples), root=folder)


def test_a_data_set_whose_bytes_encode_the_class_is_warned_of(tmp_path: Path) -> None:
    """S2-53."""
    audit: Any = audit_data(films(tmp_path, telling=True), draws=50)
    found = audit["findings"]["mass"]
    assert found["files"][0] > 0.95
    assert found["alone"]["file size"] > 0.95
    assert found["words"][0].startswith("WARNING, Mass: the files alone")
    assert "WARNING" in audit_text(audit)
    assert "alone: " in audit_text(audit)


def test_where_nothing_tells_that_is_said(tmp_path: Path) -> None:
    """S2-53: about a coin's AUROC."""
    audit: Any = audit_data(films(tmp_path, telling=False), draws=50)
    found = audit["findings"]["mass"]
    assert abs(found["files"][0] - 0.5) < 0.1
    assert abs(found["record"][0] - 0.5) < 0.1
    assert all("next to nothing" in w or "not shown to tell" in w for w in found["words"])
    assert audit["n_films"] == N_FILMS
    assert "width" not in found["alone"]  # all are alike
    assert "tone" not in found
    assert "prepare the set" in audit_text(audit)


def test_an_age_that_tells_is_told(tmp_path: Path) -> None:
    plain = films(tmp_path, telling=False)
    samples = tuple(
        replace(s, age=30.0 + 20 * row % 2 + 15 * float(s.labels[0]) + row % 7)
        for row, s in enumerate(plain.samples)
    )
    audit: Any = audit_data(replace(plain, samples=samples), draws=20)
    assert audit["findings"]["mass"]["record"][0] > 0.9
    assert "age, sex and view alone nearly give" in audit["findings"]["mass"]["words"][1]


def test_an_age_that_only_the_sick_have_tells_by_being_there(tmp_path: Path) -> None:
    """It ranks nobody alone, since no healthy age is known; the record gives all away."""
    plain = films(tmp_path, telling=False)
    samples = tuple(replace(s, age=s.age if s.labels[0] else None) for s in plain.samples)
    audit: Any = audit_data(replace(plain, samples=samples), draws=20)
    assert "age" not in audit["findings"]["mass"]["alone"]
    assert "age, sex and view alone nearly give" in audit_text(audit)


def test_a_tone_that_tells_is_told_where_there_is_a_cache(tmp_path: Path) -> None:
    """S2-53: a planted shortcut, the films of one class differ in tone alone (gamma 0.8)."""
    plain = films(tmp_path, telling=False)
    squares = np.stack([fit(somebody(size=(24, 24), seed=row), 24) for row in range(N_FILMS)])
    content = CacheContent.of(plain, 24, "squash")
    planted = squares.copy()
    planted[1::2] = np.rint(255 * (squares[1::2] / 255) ** 0.8)

    clean: Any = audit_data(plain, Cache(squares, content), draws=5)
    told: Any = audit_data(plain, Cache(planted, content), draws=50)

    assert clean["findings"]["mass"]["tone"][0] < 0.6
    assert told["findings"]["mass"]["tone"][0] > 0.9
    words = told["findings"]["mass"]["words"][-1]
    assert words.startswith(
        "WARNING, Mass: the films' tones alone (how much of a film is how bright"
    )
    assert "Disease changes the tone, too" in words
    assert "prepare the set" not in audit_text(told)


def test_a_cache_of_other_films_is_refused(tmp_path: Path) -> None:
    plain = films(tmp_path, telling=False)
    other = CacheContent.of(plain.keep(np.arange(3)), 24, "squash")
    with pytest.raises(DatasetError, match="holds 3 films, not these"):
        audit_data(plain, Cache(np.zeros((3, 24, 24), np.uint8), other), draws=5)


def test_too_few_patients_say_nothing(tmp_path: Path) -> None:
    plain = films(tmp_path, telling=True)
    samples = [replace(s, labels=np.float32([row < 6])) for row, s in enumerate(plain.samples)]
    audit: Any = audit_data(replace(plain, samples=tuple(samples)), draws=5)
    found = audit["findings"]["mass"]
    assert (found["n_present"], found["files"], found["alone"]) == (6, None, {})
    assert "too few to say" in audit_text(audit)


def test_a_large_set_is_sampled_and_counted(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(data_audit, "MOST", 100)
    assert audit_data(films(tmp_path, telling=False), draws=5)["n_films"] == 100


def table_of(manifest: Manifest) -> Predictions:
    """A table of these films, as `predict` leaves it, of a bundle that says nothing of them."""
    n, plain = len(manifest), draw_table(len(manifest), findings=("mass",), displays=("Mass",))
    texts = {"sex": [s.sex or "" for s in manifest.samples], "view": [""] * n}
    return replace(
        plain,
        labels=manifest.labels.astype(float),
        patient=np.array([s.patient for s in manifest.samples]),
        age=np.array([s.age for s in manifest.samples], float),
        details={**plain.details, **{key: np.array(words) for key, words in texts.items()}},
        facts=readable_facts(manifest),
    )


def test_a_table_tells_what_its_manifest_does(tmp_path: Path) -> None:
    """S2-53: beside a bundle's own AUROC, from the table of predictions alone."""
    manifest = films(tmp_path, telling=True)
    of_manifest: Any = audit_data(manifest, draws=20)["findings"]
    of_table: Any = audit_table(table_of(manifest), draws=20)
    for key in ("files", "record"):
        assert plain(of_table["mass"][key]) == of_manifest["mass"][key]
    assert of_table["mass"]["alone"] == of_manifest["mass"]["alone"]
    (warning,) = warnings_in(of_table)
    assert warning.startswith("WARNING, Mass: the files alone")


def test_a_large_table_is_sampled(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(data_audit, "MOST", 100)
    found: Any = audit_table(table_of(films(tmp_path, telling=True)), draws=5)
    assert found["mass"]["n_present"] < N_FILMS // 2


def test_where_files_were_not_looked_at_nothing_is_said(tmp_path: Path) -> None:
    table = replace(table_of(films(tmp_path, telling=False)), facts={})
    assert audit_table(table, draws=5) == {}
    assert warnings_in({"mass": {}}) == []


@pytest.mark.slow
def test_s0_10_what_a_split_film_by_film_would_leak_is_warned_of_and_the_own_one_leaks_none(
    shared_data: Path,
) -> None:
    """S0-10: with its share, as `plainfilm audit` prints it; no file is opened for it."""
    index = chestxray14.index(shared_data / "nih-chestxray14-metadata")
    drawn, own = leakage_words(at_least_one_finding(index))
    assert drawn.startswith(
        "WARNING, A split drawn film by film would leak: 8,627 of 10,351 films (83.3%) and 3,901 of"
    )
    assert own == "Its own splits (train, val, test) leak 0 films."


def test_films_of_a_patient_each_leak_nothing_however_they_are_drawn() -> None:
    """S0-10."""
    drawn, _ = leakage_words(bare_manifest([[0.0]] * 9, [f"p{row}" for row in range(9)]))
    assert drawn.startswith("A split drawn film by film would leak: 0 of 1 films")
