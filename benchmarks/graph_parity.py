"""Do torch, the exported graph and the reader say the same, and what does the graph cost?

    python benchmarks/graph_parity.py BUNDLE RUN [RUN…] --prepared prepared/kermany

1. Original test films: largest difference of score, probability, map and familiarity between
   torch (the mean of the runs' networks, their maps by autograd) and onnxruntime (the bundle).
2. Films resized to sizes from 150 to 3000: the graph's antialiased resize against torch's.
3. Time of the graph, one thread, with and without maps and familiarity.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from plainfilm import read_radiograph
from plainfilm.datasets.manifest import Manifest
from plainfilm.networks import Classifier
from plainfilm.radiograph import Pixels
from plainfilm.reading import Bundle, Engine
from plainfilm.reading.runtimes import onnxruntime
from plainfilm.training import load_classifier
from plainfilm.training.golden import draw_chest
from plainfilm.training.gradcam import gradcam
from plainfilm.training.graph import Fit

SIZES = ((150, 150), (224, 224), (300, 250), (97, 141), (1024, 1024), (2500, 2048), (3000, 2500))
N_FILMS = 100
N_TIMED = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--prepared", type=Path, required=True)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    bundle = Bundle.load(chosen.bundle)
    engine = Engine(bundle, threads=1)
    classifiers = [load_classifier(run) for run in chosen.runs]
    fit = Fit(bundle.header.input.size, bundle.header.input.policy)
    test = Manifest.load(chosen.prepared).split("test")
    films = [read_radiograph(test.root / s.image).pixels for s in test.samples[:N_FILMS]]
    _print_gaps("original test films", engine, classifiers, fit, films)
    for size in SIZES:
        _print_gaps(f"drawn, {size[0]} x {size[1]}", engine, classifiers, fit, [draw_chest(size)])
    _print_times(bundle, films[0])


def _print_gaps(
    what: str, engine: Engine, classifiers: list[Classifier], fit: Fit, films: list[Pixels]
) -> None:
    scores, maps, same, chances = [], [], [], []
    for film in films:
        found = engine.run(film[None, None])
        fitted = fit(torch.from_numpy(film)[None, None])
        with torch.no_grad():
            expected = torch.stack([each(fitted) for each in classifiers]).mean(dim=0)
        cam = torch.stack([gradcam(each, fitted) for each in classifiers]).mean(dim=0)
        scores.append(np.abs(found.score - expected.numpy()).max())
        sigmoids = torch.from_numpy(found.score).sigmoid(), expected.sigmoid()
        chances.append(float((sigmoids[0] - sigmoids[1]).abs().max()))
        maps.append(np.abs(found.map - cam.numpy()).max())
        again = engine.run(fitted.clamp(0, 1).numpy())
        same.append(np.abs(again.probability - found.probability).max())
    print(
        f"{what} (n={len(films)}): score {max(scores):.1e}, its sigmoid {max(chances):.1e}, "
        f"map {max(maps):.1e} (autograd), probability of the film fitted beforehand {max(same):.1e}"
    )


def _print_times(bundle: Bundle, film: Pixels) -> None:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(bundle.network, options)
    path_only = onnxruntime.RunOptions()  # else every output is computed, whatever is asked for
    path_only.only_execute_path_to_fetches = True
    wanted = {"score alone": ["score"], "score and maps": ["score", "map"], "all four": None}
    for what, names in wanted.items():
        seconds = []
        for _ in range(N_TIMED):
            begun = time.process_time()
            session.run(names, {"radiographs": film[None, None]}, path_only)
            seconds.append(time.process_time() - begun)
        middle = 1000 * float(np.median(seconds))
        print(f"{what}: {middle:.2f} ms of one processor for a film of {film.shape}")


if __name__ == "__main__":
    main()
