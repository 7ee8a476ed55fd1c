from pathlib import Path

import numpy as np
import pytest
import torch

from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import RunError
from plainfilm.training.opinions import count_opinions, read_opinions
from plainfilm.training.prepared import Prepared
from plainfilm.training.start import begin
from tiny_training import tiny_recipe


@pytest.fixture
def train(prepared: Path) -> Manifest:
    return Manifest.load(prepared).split("train")


def write_table(folder: Path, train: Manifest, n_films: int) -> Path:
    """A table of a network that leans towards the labels, but calls everything rare."""
    lines = ["Image Index,prob_Square,prob_Stripe"]
    for sample in train.samples[:n_films]:
        square, stripe = 0.01 + 0.05 * np.nan_to_num(sample.labels)
        lines.append(f"{sample.image},{square},{stripe}")
    path = folder / "table.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_opinions_come_at_the_training_films_prevalence(train: Manifest, tmp_path: Path) -> None:
    opinions = read_opinions(write_table(tmp_path, train, 40), train)

    assert opinions.shape == train.labels.shape
    for k in range(2):
        known = ~np.isnan(train.labels[:, k])
        assert opinions[known, k].mean() == pytest.approx(train.labels[known, k].mean(), abs=0.05)
        present, absent = (opinions[train.labels[:, k] == label, k] for label in (1, 0))
        assert present.min() > 0.5 > absent.max()


def test_films_that_are_not_in_the_table_have_no_opinion(train: Manifest, tmp_path: Path) -> None:
    opinions = read_opinions(write_table(tmp_path, train, 25), train)

    assert np.isnan(opinions[25:]).all()
    assert count_opinions(opinions) == 25


def test_a_table_of_something_else_is_one_clear_line(train: Manifest, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("film,probability\n1,0.5\n", encoding="utf-8")
    with pytest.raises(RunError, match=r"network\.distil_table: table\.csv: expected the columns"):
        read_opinions(path, train)


def test_the_record_names_the_table_by_its_hash(
    prepared: Path, train: Manifest, tmp_path: Path
) -> None:
    table = write_table(tmp_path, train, 30)
    recipe = tiny_recipe(f"network.distil_table={table}")

    record = begin(tmp_path, recipe, Prepared.open(prepared, recipe), torch.device("cpu"), 1)

    assert len(record.teachers) == 1
    assert record.teachers[0].startswith("table.csv (")
    assert record.teachers[0].endswith("), 30 films")
    assert "teachers' share 0.5" in record.loss.words


def test_the_target_blends_the_opinion_with_the_label(prepared: Path, tmp_path: Path) -> None:
    table = write_table(tmp_path, Manifest.load(prepared).split("train"), 30)
    recipe = tiny_recipe(f"network.distil_table={table}", "loss.distil_share=0.5")
    films = Prepared.open(prepared, recipe).train

    batch = films.take(np.array([0, 35]))

    assert batch.opinions is not None
    assert not torch.isnan(batch.opinions[0]).any()
    assert torch.isnan(batch.opinions[1]).all()
