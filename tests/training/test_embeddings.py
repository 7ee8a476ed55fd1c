from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from plainfilm.datasets.cache import Cache
from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import RunError
from plainfilm.training.embeddings import FOLDER, Embeddings, embed
from plainfilm.training.encoder_network import build_on_encoder
from plainfilm.training.recipe import Recipe
from tiny_encoders import D, encoder_recipe, write_encoder
from tiny_training import write_prepared


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_prepared(tmp_path / "prepared", n_train=10, n_val=5)


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    return encoder_recipe(write_encoder(tmp_path / "a.onnx"))


def embedded(recipe: Recipe, folder: Path) -> Embeddings:
    network = build_on_encoder(recipe, 2)
    return embed(network, recipe.encoder, folder, Manifest.load(folder), Cache.open(folder))


def kept(folder: Path) -> list[Path]:
    return sorted((folder / FOLDER).iterdir())


def test_they_are_what_the_network_s_head_sees(recipe: Recipe, folder: Path) -> None:
    network, cache = build_on_encoder(recipe, 2), Cache.open(folder)

    found = embedded(recipe, folder)

    films = torch.from_numpy(cache.pixels[:15].astype(np.float32) / 255)[:, None]
    expected = network.features(films).mean(dim=(2, 3)).numpy()
    assert np.allclose(found.means("train"), expected[:10], atol=1e-6)
    assert np.allclose(found.means("val"), expected[10:], atol=1e-6)
    assert found.statistics["val"].shape == (5, 2 * D)


def test_the_second_time_they_are_there_bit_for_bit(recipe: Recipe, folder: Path) -> None:
    first, again = embedded(recipe, folder), embedded(recipe, folder)

    assert first.seconds > 0 == again.seconds
    for split in ("train", "val"):
        assert np.array_equal(first.statistics[split], again.statistics[split])


def test_another_head_takes_the_same(recipe: Recipe, folder: Path) -> None:
    embedded(recipe, folder)
    settings = replace(recipe.encoder, l2=(1.0,), source="elsewhere")

    assert embedded(replace(recipe, encoder=settings), folder).seconds == 0
    assert len(kept(folder)) == 1


@pytest.mark.parametrize("change", [{"mean": (0.4,)}, {"gives": "first-token"}])
def test_another_normalisation_or_output_has_a_file_of_its_own(
    recipe: Recipe, folder: Path, change: dict[str, object]
) -> None:
    first = embedded(recipe, folder)

    other = embedded(replace(recipe, encoder=replace(recipe.encoder, **change)), folder)  # type: ignore[arg-type]

    assert len(kept(folder)) == 2
    assert not np.allclose(first.statistics["val"], other.statistics["val"])


@pytest.mark.parametrize("share", [0, 0.5])
def test_a_damaged_file_is_made_anew(recipe: Recipe, folder: Path, share: float) -> None:
    first = embedded(recipe, folder)
    (path,) = kept(folder)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])

    again = embedded(recipe, folder)

    assert again.seconds > 0
    assert np.array_equal(first.statistics["train"], again.statistics["train"])
    assert path.read_bytes() == content


def test_a_flipped_bit_is_noticed(recipe: Recipe, folder: Path) -> None:
    embedded(recipe, folder)
    (path,) = kept(folder)
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)

    assert embedded(recipe, folder).seconds > 0


def test_a_disk_that_refuses_is_told_and_nothing_is_kept(recipe: Recipe, folder: Path) -> None:
    (folder / FOLDER).write_text("a file where the folder should be")

    with pytest.raises(RunError, match="embeddings: cannot be written into the prepared folder"):
        embedded(recipe, folder)
