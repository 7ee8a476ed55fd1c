from pathlib import Path

import numpy as np
from PIL import Image

from plainfilm.training.prepared import Prepared
from plainfilm.tuning.preview import GAP, N_CHANGES, N_FILMS, preview, preview_grid
from plainfilm.tuning.rehearsal import mixed_positions, without_changes
from tiny_training import SIZE, tiny_recipe


def test_s0_28_a_grid_shows_each_film_as_it_is_and_changed(prepared: Path, tmp_path: Path) -> None:
    """S0-28: the same for the same seed; the first column is the cache's films."""
    out = preview(tiny_recipe(), prepared, tmp_path / "grid.png")

    grid, tile = np.asarray(Image.open(out)), SIZE + GAP
    assert grid.shape == (N_FILMS * tile - GAP, (N_CHANGES + 1) * tile - GAP)
    films = Prepared.open(prepared, tiny_recipe()).train
    positions = mixed_positions(films.labels, N_FILMS)
    for row, pixels in enumerate(films.pixels[films.rows[positions]]):
        shown = grid[row * tile : row * tile + SIZE]
        np.testing.assert_array_equal(shown[:, :SIZE], pixels)
        assert not np.array_equal(shown[:, tile : tile + SIZE], pixels)
    assert preview(tiny_recipe(), prepared, tmp_path / "b.png").read_bytes() == out.read_bytes()
    other = preview(tiny_recipe("optim.seed=1"), prepared, tmp_path / "c.png")
    assert other.read_bytes() != out.read_bytes()


def test_a_recipe_that_changes_nothing_shows_the_same_film_again(prepared: Path) -> None:
    recipe = without_changes(tiny_recipe())

    grid = preview_grid(recipe, Prepared.open(prepared, recipe).train)

    tile = SIZE + GAP
    np.testing.assert_array_equal(grid[:SIZE, :SIZE], grid[:SIZE, tile : tile + SIZE])
