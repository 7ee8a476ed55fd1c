"""What a recipe's augmentation does to films, as a picture to look at before a training."""

import io
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from plainfilm.training.augment import apply, draw
from plainfilm.training.batches import Films
from plainfilm.training.chance import generator_for
from plainfilm.training.prepared import Prepared
from plainfilm.training.recipe import Recipe
from plainfilm.tuning.rehearsal import mixed_positions
from plainfilm.whole_files import write_whole

N_FILMS, N_CHANGES = 6, 7
GAP = 4  # pixels


def preview(recipe: Recipe, folder: Path, out: Path) -> Path:
    """Write a grid of a prepared folder's training films as a PNG; raises as `Prepared.open`."""
    grid = preview_grid(recipe, Prepared.open(folder, recipe).train)
    stream = io.BytesIO()
    Image.fromarray(grid).save(stream, format="PNG")
    write_whole(out, stream.getvalue())
    return out


def preview_grid(recipe: Recipe, films: Films) -> NDArray[np.uint8]:
    """Films of as many kinds as there are, a row each: as it is, then changed as in training.

    Returns
    -------
    uint8 (height, width). The recipe and its seed decide every pixel: column k shows the draw of
    the training's step k - 1, for a batch of these films.
    """
    batch = films.take(mixed_positions(films.labels, N_FILMS)).films
    columns = [batch]
    for step in range(N_CHANGES):
        chance = generator_for(recipe.optim.seed, "augment", step)
        columns.append(apply(batch, draw(len(batch), recipe.augment, chance)))
    # (rows, columns, S, S), each with a black edge at its right and below.
    tiles = torch.nn.functional.pad(torch.stack(columns, dim=1).squeeze(2), (0, GAP, 0, GAP))
    n_rows, n_columns, height, width = tiles.shape
    grid = tiles.permute(0, 2, 1, 3).reshape(n_rows * height, n_columns * width)
    return (grid[:-GAP, :-GAP] * 255).round().to(torch.uint8).numpy()
