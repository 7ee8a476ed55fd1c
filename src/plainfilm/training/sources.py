"""What an export is made of: finished runs with their networks, and the films they learned from."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from plainfilm.datasets.cache import Cache
from plainfilm.datasets.lookalikes import film_looks
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import Sample
from plainfilm.datasets.seen import film_digests, inherited_digests
from plainfilm.errors import RunError
from plainfilm.evaluation.calibration import Platt
from plainfilm.images import read_radiograph
from plainfilm.networks import Classifier
from plainfilm.networks.classifier import last_map_shape
from plainfilm.radiograph import Pixels
from plainfilm.reading.bundle import FitPolicy
from plainfilm.reading.facts import Vector, facts_vector
from plainfilm.training.batches import Positions, films_of
from plainfilm.training.checkpoint import load_classifier
from plainfilm.training.embeddings import Embeddings, embed
from plainfilm.training.encoder_file import EncoderFile
from plainfilm.training.encoder_network import encoder_of
from plainfilm.training.familiarity import (
    Appearance,
    Descriptions,
    Familiarity,
    Percentile,
    Spread,
    describe,
)
from plainfilm.training.graph import Fit, Link, ReadingGraph
from plainfilm.training.recipe import Recipe
from plainfilm.training.record import RunRecord, read_recipe, read_record
from plainfilm.training.side_inputs import facts_of

MAX_DESCRIBED = 20_000  # training films, evenly spread, that the familiarity is fitted on

_BATCH = 64


@dataclass(frozen=True, eq=False)
class Sources:
    """Finished runs of the same films; recipe and record are the first run's.

    `embeddings` are the films' own, as the encoder gives them, where the run is a head on one.
    """

    runs: tuple[Path, ...]
    recipe: Recipe
    record: RunRecord
    classifiers: tuple[Classifier, ...]
    manifest: Manifest
    cache: Cache
    embeddings: Embeddings | None = None

    @staticmethod
    def open(runs: Sequence[Path], prepared: Path) -> "Sources":
        """The runs and the prepared folder, checked against each other.

        Raises
        ------
        RunError
            A run is not finished or of other films, findings that exclude each other shall be
            calibrated crosswise, or several runs shall be averaged and one is on an encoder.
        DatasetError
            The prepared folder does not hold together, or images are gone.
        """
        manifest, cache = Manifest.load(prepared), Cache.open(prepared)
        cache.check_fits(manifest)
        classifiers = tuple(load_classifier(run) for run in runs)
        for run in runs:
            _check_films(run, read_record(run), manifest, cache)
        recipe, record = read_recipe(runs[0]), read_record(runs[0])
        for run in runs[1:]:
            _check_told(run, read_recipe(run), recipe)
        if manifest.label_set.is_choice and recipe.release.calibration == "cross-fit-test":
            words = "findings that exclude each other are calibrated on validation films only"
            raise RunError(f'{runs[0].name}: {words}; set release.calibration = "validation"')
        embeddings = None
        if any(encoder_of(each) for each in classifiers):
            if len(runs) > 1:
                words = "heads on an encoder are not averaged with other runs"
                raise RunError(f"{runs[0].name}: {words}; export it alone, or join the bundles")
            embeddings = embed(classifiers[0], recipe.encoder, prepared, manifest, cache)
        return Sources(tuple(runs), recipe, record, classifiers, manifest, cache, embeddings)

    @cached_property
    def digests(self) -> dict[str, str]:
        """Digests and looks of the films that were learned from, for the bundle to carry.

        Of those that an encoder learned from too, where it lists them.
        """
        own = film_digests(self.manifest) | film_looks(self.manifest, self.cache.pixels)
        return inherited_digests(own, self.encoder.learned) if self.encoder else own

    @property
    def encoder(self) -> EncoderFile | None:
        """The encoder that the head sits on; None where the networks have features of their own."""
        encoder = encoder_of(self.classifiers[0])
        return encoder.file if encoder else None

    @property
    def names(self) -> tuple[str, ...]:
        """The findings' names."""
        return self.manifest.label_set.names

    @property
    def fit(self) -> Fit:
        """How films become the networks' input."""
        return Fit(self.cache.size, FitPolicy(self.cache.policy))

    @property
    def n_weights(self) -> int:
        """Weights of all networks together."""
        frozen = self.encoder.n_weights if self.encoder else 0
        return frozen + sum(w.numel() for net in self.classifiers for w in net.parameters())

    def graph(
        self, platts: Sequence[Platt], spread: Spread, percentile: Percentile | None
    ) -> ReadingGraph:
        """The networks with these calibrators and this familiarity."""
        link: Link = "softmax" if self.manifest.label_set.is_choice else "sigmoid"
        familiarity = Familiarity(spread, percentile)
        return ReadingGraph(self.classifiers, self.fit, platts, familiarity, link)

    def map_shape(self) -> tuple[int, int] | None:
        """Height and width of the maps; None where a network has none.

        Raises
        ------
        RunError
            The networks' maps differ in size and cannot be averaged.
        """
        if not all(classifier.has_map for classifier in self.classifiers):
            return None
        shapes = [
            last_map_shape(classifier.features, self.cache.size) for classifier in self.classifiers
        ]
        sizes = {(height, width) for _, height, width in shapes}
        if len(sizes) > 1:
            found = ", ".join(f"{height} x {width}" for height, width in sorted(sizes))
            raise RunError(f"the networks' maps have {found} places; runs to average need one size")
        return sizes.pop()

    def describe_training(self) -> Descriptions:
        """Descriptions (n, D), as `Familiarity` makes them, of at most `MAX_DESCRIBED` films."""
        films, appearance = films_of(self.manifest, self.cache, "train"), Appearance()
        positions = np.arange(0, len(films), -(-len(films) // MAX_DESCRIBED), dtype=np.int64)
        rows = []
        with torch.no_grad():
            for start in range(0, len(positions), _BATCH):
                chosen = positions[start : start + _BATCH]
                batch = films.take(chosen).films
                pooled = self._statistics(batch, chosen)
                rows.append(describe(appearance, batch, pooled).numpy())
        return np.concatenate(rows)

    def _statistics(self, films: Tensor, positions: Positions) -> list[Tensor]:
        """What `Classifier.embed` says of training films' stages; of an encoder, what was kept."""
        if self.embeddings is not None:
            return [torch.from_numpy(self.embeddings.statistics["train"][positions])]
        return [classifier.embed(films)[1] for classifier in self.classifiers]

    def some_films(self, n_films: int) -> list[Pixels]:
        """Original validation films, evenly spread, about `n_films` of them."""
        root = self.manifest.root
        return [read_radiograph(root / s.image).pixels for s in self._some(n_films)]

    def some_facts(self, n_films: int) -> list[Vector]:
        """What the networks are told of the films that `some_films` gives."""
        return [facts_vector(self.recipe.data.told, facts_of(s)) for s in self._some(n_films)]

    def _some(self, n_films: int) -> Sequence[Sample]:
        val = self.manifest.split("val")
        return val.samples[:: max(1, len(val) // n_films)][:n_films]


def _check_told(run: Path, recipe: Recipe, first: Recipe) -> None:
    if recipe.data.told != first.data.told:
        found, expected = (
            " and ".join(each.data.told) or "nothing beside the films" for each in (recipe, first)
        )
        advice = "runs to average need the same data.side_inputs"
        raise RunError(f"{run.name}: was told {found}, the first run {expected}; {advice}")


def _check_films(run: Path, record: RunRecord, manifest: Manifest, cache: Cache) -> None:
    used = record.films
    for what, ours, theirs in (
        ("other films", manifest.images_sha256, used.images_sha256),
        ("another split", manifest.split_sha256, used.split_sha256),
        ("other findings", manifest.label_set.names, record.label_set.names),
        ("films of another size", cache.size, used.size),
        ("films fitted otherwise", cache.policy, used.policy),
    ):
        if ours != theirs:
            advice = "give the folder it learned from"
            raise RunError(
                f"{run.name}: learned from {what} than the prepared folder has; {advice}"
            )
