from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bare_manifests import bare_manifest
from phantoms import somebody
from plainfilm.datasets import lookalikes as module
from plainfilm.datasets.lookalikes import (
    adapted_looks,
    film_looks,
    lookalikes,
    split_lookalikes,
)
from plainfilm.datasets.looks import fitted
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.seen import ADAPTED_KEY, ADAPTED_LOOKS_KEY, LOOKS_KEY

SPLITS = ["train"] * 4 + ["val"] * 2 + ["test"] * 4


def drawn(root: Path, seeds: list[int], splits: list[str]) -> Manifest:
    """Films of these seeds as PNG files, named by their rows."""
    root.mkdir(exist_ok=True)
    manifest = replace(bare_manifest([[0.0]] * len(seeds), None, splits), root=root)
    for sample, seed in zip(manifest.samples, seeds, strict=True):
        Image.fromarray((somebody(seed=seed) * 255).astype(np.uint8)).save(root / sample.image)
    return manifest


def squares(seeds: list[int]) -> np.ndarray:
    return np.stack([fitted(somebody(seed=seed), "squash") for seed in seeds])


@pytest.fixture
def learned(tmp_path: Path) -> Manifest:
    return drawn(tmp_path / "own", list(range(10)), SPLITS)


def test_a_film_saved_again_is_noticed_under_another_name(
    learned: Manifest, tmp_path: Path
) -> None:
    details = film_looks(learned, squares(list(range(10))))
    other = drawn(tmp_path / "other", [20, 2, 21, 5], ["test"] * 4)
    for place, size in ((1, (180, 210)), (3, (100, 90))):
        path = other.root / other.samples[place].image
        Image.open(path).resize(size).save(path, "JPEG", quality=60)

    assert lookalikes(details, other, "squash") == ("1.png", "3.png")
    assert lookalikes(details, learned.split("test"), "squash") == ()
    assert lookalikes({}, other, "squash") == ()


def test_a_film_that_cannot_be_read_is_passed_over(learned: Manifest, tmp_path: Path) -> None:
    details = film_looks(learned, squares(list(range(10))))
    other = drawn(tmp_path / "other", [20, 2], ["test"] * 2)
    (other.root / "0.png").write_bytes(b"no film")
    assert lookalikes(details, other, "squash") == ("1.png",)


def test_a_bundle_carries_32_bytes_a_film_or_nothing(
    learned: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    films = squares(list(range(10)))
    assert len(film_looks(learned, films)[LOOKS_KEY]) == 6 * 32 * 4 // 3
    assert film_looks(learned, films[:, :31, :31]) == {}
    monkeypatch.setattr(module, "MOST", 5)
    assert film_looks(learned, films) == {}


def test_films_adapted_on_are_added_to_those_of_before(learned: Manifest) -> None:
    first = adapted_looks({}, learned.split("val"), "squash")
    both = adapted_looks({**first, ADAPTED_KEY: ""}, learned.split("test"), "squash")
    for split, n_known in (("train", 0), ("val", 2), ("test", 4)):
        known = lookalikes(both, learned.split(split), "squash", ADAPTED_LOOKS_KEY)
        assert len(known) == n_known
    assert adapted_looks({ADAPTED_KEY: ""}, learned, "squash") == {}, "a part is not the whole"


def test_films_of_two_splits_that_look_the_same_are_named_in_pairs(learned: Manifest) -> None:
    seeds = [0, 1, 2, 3, 4, 5, 5, 1, 8, 4]
    films = squares(seeds)
    films[7] = fitted(somebody(seed=1)[4:-4, :-6], "squash")

    assert split_lookalikes(learned, films) == (
        "LEAK, a film in 'test' looks like one in 'train': 7.png like 1.png. Look at both.",
        "LEAK, 2 films in 'test' look like films in 'val': 6.png like 5.png, 9.png like 4.png. "
        "Look at them.",
    )
    assert split_lookalikes(learned, squares(list(range(10)))) == ()
    assert split_lookalikes(learned, films[:, :16, :16]) == ()
