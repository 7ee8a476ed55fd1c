"""`Prepared`: what `datasets.prepare` wrote, as a training sees it."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from plainfilm.datasets.cache import Cache
from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import RunError
from plainfilm.training.balance import film_weights
from plainfilm.training.batches import Films, films_of
from plainfilm.training.copies import copies_words, plan_copies
from plainfilm.training.objective import check_objective
from plainfilm.training.opinions import read_opinions
from plainfilm.training.recipe import Recipe
from plainfilm.training.record import FilmsUsed
from plainfilm.training.side import side_columns
from plainfilm.training.side_inputs import fact_columns


@dataclass(frozen=True, eq=False)
class Prepared:
    """A prepared folder as a training sees it; splits share no patient."""

    manifest: Manifest
    cache: Cache
    train: Films
    val: Films

    @staticmethod
    def open(folder: Path, recipe: Recipe) -> "Prepared":
        """The manifest and cache of a folder, checked against each other and the recipe.

        Raises
        ------
        DatasetError
            A file is missing or altered, images are gone, or the cache holds other films.
        LeakError
            Splits share a patient.
        RunError
            The recipe is for another data set or another size, there are too few films, or the
            loss does not go with the findings.
        """
        manifest, cache = Manifest.load(folder), Cache.open(folder)
        cache.check_fits(manifest)
        train = _guided(
            films_of(manifest, cache, "train", recipe.data.side_targets, recipe.data.told),
            manifest,
            recipe,
        )
        val = films_of(manifest, cache, "val", side_inputs=recipe.data.told)
        prepared = Prepared(manifest, cache, train, val)
        _check_recipe(folder, recipe, prepared)
        check_objective(recipe, train, manifest.label_set)
        return prepared

    @property
    def n_logits(self) -> int:
        """Outputs of the network: findings, then side targets."""
        return int(self.train.labels.shape[1] + self.train.side.shape[1])

    def copies_words(self, recipe: Recipe) -> str:
        """Which training films are taken more than once; "" = none."""
        if recipe.data.equalise == "no":
            return ""
        labels = self.manifest.split("train").labels
        return copies_words(plan_copies(labels, recipe.data.equalise), labels)

    @property
    def used(self) -> FilmsUsed:
        """Which films these are, for the record."""
        patients = sorted(self.manifest.patients("train"))
        return FilmsUsed(
            data_set=self.manifest.source,
            body_part=self.manifest.body_part,
            size=self.cache.size,
            policy=self.cache.policy,
            split_sha256=self.manifest.split_sha256,
            images_sha256=self.manifest.images_sha256,
            labels_sha256=hashlib.sha256(self.manifest.labels.tobytes()).hexdigest(),
            patients_sha256=hashlib.sha256("\n".join(patients).encode()).hexdigest(),
            n_patients=len(patients),
            n_films=len(np.unique(self.train.rows)),
            n_val_films=len(self.val),
        )


def _guided(films: Films, manifest: Manifest, recipe: Recipe) -> Films:
    """The training films with what the recipe adds to their labels: weights and opinions."""
    train = manifest.split("train")
    if recipe.loss.balance:
        films = replace(
            films, weights=film_weights(train.samples, films.labels, recipe.loss.balance)
        )
    if recipe.network.distil_table:
        films = replace(films, opinions=read_opinions(Path(recipe.network.distil_table), train))
    if recipe.data.equalise != "no":
        films = films.with_copies(plan_copies(films.labels, recipe.data.equalise))
    return films


def _check_recipe(folder: Path, recipe: Recipe, prepared: Prepared) -> None:
    source, wanted = prepared.manifest.source, recipe.data
    if wanted.data_set and wanted.data_set != source:
        raise RunError(f"{folder.name}: holds {source}; data.data_set is {wanted.data_set!r}.")
    if prepared.cache.size != wanted.size:
        found = f"holds films of {prepared.cache.size} pixels; data.size is {wanted.size}"
        raise RunError(f"{folder.name}: {found}. Prepare it with --size {wanted.size}.")
    if len(prepared.train) < 2:
        found = f"{len(prepared.train)} films in split 'train'"
        raise RunError(f"{folder.name}: {found}; expected at least 2.")
    for key, value in (("keep", "best"), ("schedule", "plateau")):  # stop_after needs the second
        if vars(recipe.optim)[key] == value and not len(prepared.val):
            needs = f'optim.{key} = "{value}" needs some'
            raise RunError(f"{folder.name}: no film in split 'val'; {needs}.")
    for name in wanted.side_targets:
        if np.isnan(side_columns(prepared.manifest.split("train"), (name,))).all():
            found = f"data.side_targets: {name!r} is known of none of the training films"
            raise RunError(f"{folder.name}: {found}. Take it out of the recipe.")
    for side_input in wanted.told:
        if not fact_columns(prepared.manifest.split("train"), (side_input,)).any():
            found = f"data.side_inputs: {side_input!r} is known of none of the training films"
            raise RunError(f"{folder.name}: {found}. Take it out of the recipe.")
