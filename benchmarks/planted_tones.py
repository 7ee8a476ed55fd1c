"""Is a tone named where a network lives on it, and only there? Planted in real films, and not.

    python benchmarks/planted_tones.py PREPARED_KERMANY PREPARED_CHEST14

The two are what `plainfilm prepare kermany` and `plainfilm prepare chestxray14` wrote with
`--size 160`. In a temporary folder five sets are made of their squares, planted = gamma 0.8 on the
films with the finding. Of each a film-net of 96 pixels is learned in eight rounds with no change of
tone, on one thread, and read by the tone audit, as is a shipped bundle; two run at a time.
results/planted_tones.txt is the last run.
"""

import sys
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from plainfilm import Reader
from plainfilm.datasets.cache import Cache, CacheContent, write_cache
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import Sample
from plainfilm.evaluation.audit_words import SHORTCUT
from plainfilm.evaluation.bootstrap import N_DRAWS
from plainfilm.evaluation.predict import predict
from plainfilm.evaluation.tone_numbers import tone_numbers
from plainfilm.evaluation.tones import try_tones
from plainfilm.findings import Finding, LabelSet
from plainfilm.training import Recipe, train
from plainfilm.training.augment import Augment
from plainfilm.training.export import export
from plainfilm.training.optim_settings import Optim
from plainfilm.training.recipe import Data, PopulationText, Release

PLANTED = LabelSet((Finding("planted", "Planted"),))
GAMMA, SIDE = 0.8, 96
SHIPPED = "pneumonia-paediatric"
# What a person calls the films → which they are, and whether they are planted.
SETS = {
    "healthy children, half of them planted": ("healthy", True),
    "pneumonia in children, planted": ("children", True),
    "pneumonia in children, not planted": ("children", False),
    "any finding in adults (NIH), planted": ("adults", True),
    "any finding in adults (NIH), not planted": ("adults", False),
}
RECIPE = Recipe(
    data=Data("planted", SIDE),
    augment=Augment(exposure_share=0, gamma=0, contrast=0, brightness=0, shading=0),
    optim=Optim(epochs=8, batch_size=32, lr=2e-3, warmup_share=0.15, weight_decay=0.02,
                precision="bfloat16", seed=1),
    release=Release("planted", display="Planted", limits=("A benchmark.",), threshold_rule="youden",
                    population=PopulationText(views=("AP", "PA"), words="a benchmark")),
)  # fmt: skip
Rows = NDArray[np.int64]
KEYS = ("whole", "alike", "fall", "alone", "forest")
HEAD = "| films | AUROC as they are | in one tone | fall | tone alone | forest | named |"


def main(kermany: Path, chest14: Path) -> None:
    """Print the table and write it."""
    start = time.perf_counter()
    with TemporaryDirectory() as made, ProcessPoolExecutor(2, get_context("spawn")) as pool:
        rows = [pool.submit(measure_planted, name, kermany, chest14, made) for name in SETS]
        rows.append(pool.submit(measure, f"`{SHIPPED}` on its test films", SHIPPED, kermany))
        table = "\n".join([HEAD, "|---" * 7 + "|", *(row.result() for row in rows)])
    text = f"{table}\n\n{greys(chest14)}\nin {time.perf_counter() - start:.0f} s\n"
    (Path(__file__).parent / "results" / "planted_tones.txt").write_text(text, encoding="utf-8")
    print(text, end="")


def measure_planted(name: str, kermany: Path, chest14: Path, folder: str) -> str:
    """The row of one of the sets: films, training, bundle and audit."""
    (kind, planted), made = SETS[name], Path(folder, name)
    plant(chest14 if kind == "adults" else kermany, kind, made, planted=planted)
    run = train(RECIPE, made, made / "run", device="cpu", threads=1)
    export(run, made, made / "planted.bundle")
    return measure(name, made / "planted.bundle", made)


def plant(source: Path, kind: str, made: Path, *, planted: bool) -> None:
    """A prepared folder of the squares of another, with one finding."""
    manifest, cache = Manifest.load(source), Cache.open(source)
    labels, splits, rows = drawn(manifest, kind)
    (films := made / "films").mkdir(parents=True)
    samples = list[Sample]()
    for row in rows.tolist():
        film = np.asarray(cache.pixels[row]) / 255.0
        film = film**GAMMA if planted and labels[row] else film
        Image.fromarray(np.rint(film * 255).astype(np.uint8)).save(films / f"{row}.png")
        of, label = manifest.samples[row], np.array([labels[row]], np.float32)
        where = (of.patient, f"s{row}", of.view, None, None, str(splits[row]))
        samples.append(Sample(f"{row}.png", *where, label))
    Manifest(PLANTED, tuple(samples), "planted", films, {}, "chest").save(made)
    manifest = Manifest.load(made)
    write_cache(manifest, made, CacheContent.of(manifest, SIDE, "squash"))


def drawn(manifest: Manifest, kind: str) -> tuple[Rows, NDArray[np.str_], Rows]:
    """Labels and splits of all films, and the rows that are taken."""
    rng = np.random.default_rng(0)
    labels = np.array((manifest.labels > 0).any(axis=1), np.int64)
    splits = np.array([sample.split for sample in manifest.samples])
    if kind == "children":
        learnt = rng.permutation(np.flatnonzero(splits == "train"))[:1500]
        chosen = rng.permutation(np.flatnonzero(splits == "val"))[:200]
        return labels, splits, np.sort(np.r_[learnt, chosen, np.flatnonzero(splits == "test")])
    patients, patient_of = np.unique([s.patient for s in manifest.samples], return_inverse=True)
    rows = np.arange(labels.size)
    if kind == "healthy":  # one label for all films of a patient
        rows = np.flatnonzero(labels == 0)
        labels = rng.integers(0, 2, patients.size)[patient_of]
    share = rng.random(patients.size)[patient_of]
    return labels, np.where(share < 0.3, "test", np.where(share < 0.4, "val", "train")), rows


def measure(name: str, bundle: Path | str, prepared: Path) -> str:
    """A row of the table: what the tone audit says of a bundle's first finding."""
    reader, manifest = Reader(bundle, threads=1), Manifest.load(prepared)
    table = predict(reader, manifest, "test", audited=False)
    tones = try_tones(reader, manifest.split("test"), table)
    assert tones is not None
    findings = tone_numbers(tones, N_DRAWS, 0)["findings"]
    assert isinstance(findings, Mapping)
    found = next(iter(findings.values()))
    cells = [_short(found[key].value) for key in KEYS]
    cells[2] += f" [{_short(found['fall'].low)}, {_short(found['fall'].high)}]"
    cells.append("yes" if found["words"].startswith(SHORTCUT) else "no")
    print(f"{name}: {found['words']}", file=sys.stderr, flush=True)
    return f"| {' | '.join([name, *cells])} |"


def greys(chest14: Path) -> str:
    """The median of the films' median greys, with and without a finding."""
    grey = np.median(Cache.open(chest14).pixels, axis=(1, 2)) / 255
    sick = (Manifest.load(chest14).labels > 0).any(axis=1)
    shown = f"{np.median(grey[sick]):.3f} of {sick.sum():,} films with a finding"
    return f"NIH, median grey: {shown}, {np.median(grey[~sick]):.3f} of {(~sick).sum():,} without"


def _short(number: float) -> str:
    return f"{number:.3f}".replace("0.", ".", 1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
