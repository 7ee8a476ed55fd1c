"""What an encoder makes of the films of a prepared folder, computed once and kept beside them.

```
prepared/embeddings/KEY.embeddings    SHA-256 of what follows, then a float32 array in .npy format
```

KEY is of the films, of how they were fitted, and of all that decides the encoder's answer, so that
another encoder, output or normalisation has a file of its own.
"""

import hashlib
import io
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from plainfilm.datasets.cache import Cache
from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import RunError
from plainfilm.networks import Classifier
from plainfilm.training.batches import Positions, films_of
from plainfilm.training.encoder_network import encoder_of
from plainfilm.training.encoder_settings import Encoder
from plainfilm.whole_files import sweep, write_whole

FOLDER = "embeddings"
SPLITS = ("train", "val")

_BATCH = 8
_IRRELEVANT = ("file", "sha256", "source", "l2", "hidden")  # to the encoder's answer

Statistics = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Embeddings:
    """What an encoder makes of films.

    Parameters
    ----------
    statistics
        For each split, float32 (n, 2 D) in the split's order, as `Classifier.embed` gives them: D
        means over the encoder's places, which the head judges, and D deviations.
    seconds
        That it took; 0 = they were there already.
    """

    statistics: dict[str, Statistics]
    seconds: float = 0.0

    def means(self, split: str) -> Statistics:
        """The D means, float32 (n, D)."""
        values = self.statistics[split]
        return values[:, : values.shape[1] // 2]


def embed(
    classifier: Classifier, settings: Encoder, folder: Path, manifest: Manifest, cache: Cache
) -> Embeddings:
    """The embeddings of a prepared folder's films to train and validate on.

    Read where they are there and whole, otherwise computed and kept.

    Parameters
    ----------
    classifier
        On an encoder.
    settings
        The recipe's [encoder].
    folder
        The prepared folder, of which `manifest` and `cache` are.

    Raises
    ------
    RunError
        The encoder fails, gives NaN or the same for every film, or the disk refuses.
    """
    path = folder / FOLDER / f"{_key(classifier, settings, manifest, cache)}.embeddings"
    counts = [len(manifest.rows(split)) for split in SPLITS]
    whole, seconds = _read(path, sum(counts)), 0.0
    if whole is None:
        whole, seconds = _compute(classifier, manifest, cache)
        _keep(path, whole)
    parts = np.split(whole, [counts[0]])
    return Embeddings(dict(zip(SPLITS, parts, strict=True)), seconds)


def _key(classifier: Classifier, settings: Encoder, manifest: Manifest, cache: Cache) -> str:
    features = encoder_of(classifier)
    if features is None:
        raise TypeError("found a network of its own features; expected one on an encoder")
    stated = {name: value for name, value in vars(settings).items() if name not in _IRRELEVANT}
    decides = {
        "encoder": features.file.sha256,
        "films": manifest.images_sha256,
        "split": manifest.split_sha256,
        "fit": [cache.size, str(cache.policy)],
        **stated,
    }
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:32]


def _compute(classifier: Classifier, manifest: Manifest, cache: Cache) -> tuple[Statistics, float]:
    rows: list[Statistics] = []
    begun = time.perf_counter()
    total = sum(len(manifest.rows(split)) for split in SPLITS)
    with torch.no_grad(), tqdm(total=total, unit="film", desc="embed", disable=None) as bar:
        for split in SPLITS:
            films = films_of(manifest, cache, split)
            for start in range(0, len(films), _BATCH):
                places: Positions = np.arange(start, min(start + _BATCH, len(films)))
                rows.append(classifier.embed(films.take(places).films)[1].numpy())
                bar.update(len(places))
    whole = np.concatenate(rows)
    if not np.ptp(whole, axis=0).any():
        found = f"the encoder gives the same for all {len(whole)} films"
        raise RunError(f"{found}; check its normalisation ([encoder] range, mean, std).")
    return whole, time.perf_counter() - begun


def _keep(path: Path, whole: Statistics) -> None:
    stream = io.BytesIO()
    np.save(stream, whole, allow_pickle=False)
    content = stream.getvalue()
    try:
        path.parent.mkdir(exist_ok=True)
        sweep(path.parent)
        write_whole(path, hashlib.sha256(content).hexdigest().encode() + content)
    except OSError as error:
        needed = f"{len(content) / 1e6:.1f} MB are needed"
        raise RunError(
            f"{path.parent.name}: cannot be written into the prepared folder ({error.strerror}; "
            f"{needed}). Nothing was kept."
        ) from error


def _read(path: Path, n_films: int) -> Statistics | None:
    """What `_keep` kept; None where nothing is there, or it is not whole."""
    try:
        packed = path.read_bytes()
    except OSError:
        return None
    digest, content = packed[:64], packed[64:]
    if hashlib.sha256(content).hexdigest().encode() != digest:
        return None
    whole: Statistics = np.load(io.BytesIO(content), allow_pickle=False)
    return whole if whole.shape[0] == n_films else None
