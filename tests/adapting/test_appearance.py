from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from drawn_own_films import uncalibrated
from phantoms import phantom
from plainfilm.adapting import AdaptOptions, PopulationWords, adapt
from plainfilm.adapting.appearance import MIN_FILMS, measure
from plainfilm.datasets.manifest import Manifest
from plainfilm.images import read_radiograph
from plainfilm.radiograph import Radiograph
from plainfilm.reading import Reader
from tiny_bundle import tiny_bundle


@pytest.mark.slow
def test_a_bundle_that_had_none_tells_strange_films_from_one_s_own(
    own_films: Path, tmp_path: Path
) -> None:
    imported = uncalibrated(tiny_bundle(2, familiarity=False))
    imported.save(tmp_path / "imported.bundle")
    options = AdaptOptions(PopulationWords("drawn adults", (18, 95)), draws=20)

    made = adapt(tmp_path / "imported.bundle", own_films, tmp_path / "new.bundle", options)

    header = made.bundle.header
    assert header.familiarity is not None
    assert "films it was adapted on, by how they look" in header.familiarity.method
    assert not any("cannot tell a film that is unlike" in text for text in header.limits)
    reader = Reader(made.bundle)
    test = Manifest.load(own_films).split("test")
    own = [reader.read(read_radiograph(own_films / s.image)).familiarity for s in test.samples]
    assert np.mean([share is not None and share > 0.02 for share in own]) > 0.9
    rng = np.random.default_rng(0)
    stripes = np.tile(np.linspace(0, 1, 64) ** 4, (64, 1)).astype(np.float32)
    for strange in (stripes, 1 - phantom(size=(64, 64)), np.sort(rng.random((64, 64)), 0)):
        film = Radiograph(pixels=strange.astype(np.float32), name="strange")
        answer = reader.read(film)
        assert answer.refused is not None
        assert "unlike any film" in answer.refused
    old = Reader(imported).read(read_radiograph(own_films / "003.png")).results
    new = reader.read(read_radiograph(own_films / "003.png")).results
    assert [r.score for r in new] == pytest.approx([r.score for r in old], abs=1e-5)


def test_too_few_films_or_films_all_alike_set_no_cut() -> None:
    rng = np.random.default_rng(0)
    described = rng.normal(size=(MIN_FILMS, 20)).astype(np.float32)
    held_out = np.arange(MIN_FILMS) % 5 == 0
    assert measure(described[1:], held_out[1:]) is None
    assert measure(np.zeros_like(described), held_out) is None
    found = measure(described, held_out)
    assert found is not None
    assert found.cut.refuse_below < found.cut.caution_below == 0.05
    assert "percentile of 20 of the 100 films" in found.cut.method
