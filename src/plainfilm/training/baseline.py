"""A classical baseline measured as a bundle is: a prepared folder in, the same report out.

```
report/
├── baseline.json         what was tried and chosen, before a film of the measured split was read
├── predictions.parquet   from here on the files that `evaluation.evaluate` writes
└── evaluation.json, report.html, figures
```
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path

import numpy as np
import sklearn
from numpy.typing import NDArray

import plainfilm
from plainfilm.datasets.cache import Cache
from plainfilm.datasets.files import clear_disk_errors
from plainfilm.datasets.fit import fit
from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import EvaluationError
from plainfilm.evaluation import EvaluateOptions, check_vacant, write_evaluation
from plainfilm.evaluation.audit import AUDITS
from plainfilm.evaluation.contract import settled
from plainfilm.evaluation.metrics import Floats
from plainfilm.evaluation.predict import CHOSEN_ON, TRAINED_ON, FilmAnswer, collect
from plainfilm.evaluation.table import FORMAT as TABLE_FORMAT
from plainfilm.evaluation.table import About, Predictions
from plainfilm.reading.strict_json import encode
from plainfilm.training.classical import BASELINES, FOLDS, KINDS, Learnt, flattened, learn
from plainfilm.whole_files import write_whole

FORMAT = "plainfilm.baseline/1"
RECORD_NAME = "baseline.json"
SIDE = 64  # pixels; larger cached films are shrunk to it
THRESHOLD = 0.5

Json = Mapping[str, object]
Films = NDArray[np.float32]

_SHOWN = {
    "auroc": "AUROC",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "sensitivity": "sensitivity, recall",
    "specificity": "specificity",
    "ppv": "PPV, precision",
    "f1": "F1",
}


@dataclass(frozen=True, eq=False)
class Measured:
    """What was tried and chosen (baseline.json), and how it did (evaluation.json)."""

    record: Json
    numbers: Json


def measure_baseline(
    name: str, prepared: Path, out: Path, *, options: EvaluateOptions | None = None
) -> Measured:
    """Learn a classical baseline from the train split and measure it on another.

    Every finding is learnt by itself, see `training.classical`. The cached films are read, not the
    original ones, and no gate refuses any; thresholds are 0.5.

    Parameters
    ----------
    name
        One of `classical.BASELINES`.
    prepared
        The folder `datasets.prepare` wrote.
    out
        A folder; made where there is none.
    options
        As for a bundle; `seed` is that of folds and classifiers too. None = `EvaluateOptions()`.

    Raises
    ------
    EvaluationError
        No baseline has this name, `out` holds an evaluation, or the split is "train".
    DatasetError
        The prepared folder does not hold together, or the disk refuses.
    """
    choice = options or EvaluateOptions()
    _check(name, choice)
    check_vacant(out, choice, besides=(RECORD_NAME,))
    manifest, cache = Manifest.load_without_images(prepared), Cache.open(prepared)
    cache.check_fits(manifest)
    learnt = _learn_all(name, manifest, cache, choice.seed)
    record = _record(name, manifest, learnt, choice.seed)
    with clear_disk_errors(out, "Free some space and run the same command again."):
        out.mkdir(parents=True, exist_ok=True)
        write_whole(out / RECORD_NAME, encode(record))
    answer = partial(_predictions, name, manifest, cache, learnt)
    about = _about(name, manifest, learnt, choice.split)
    about = settled(about, prepared, manifest, partial(answer, CHOSEN_ON))
    table = replace(answer(choice.split), about=about)
    return Measured(record, write_evaluation(table, out, choice))


def text_of(measured: Measured) -> str:
    """What was chosen and the main numbers with their intervals, for people."""
    record, numbers = measured.record, measured.numbers
    lines = [
        f"{record['baseline']} on {numbers['data_set']}, split {numbers['split']}: "
        f"{numbers['n_films']} films of {numbers['n_patients']} patients; "
        f"learnt from {record['n_films']} films of {record['n_patients']}"
    ]
    measured_of, learnt_of = _json(numbers["findings"]), _json(record["findings"])
    for finding, row in ((name, _json(value)) for name, value in measured_of.items()):
        lines += [f"\n{finding}: {row['n_present']} of {row['n_films']} films"]
        lines += [f"  {'chosen':20} {_chosen_words(_json(learnt_of[finding]))}"]
        lines += [f"  {words:20} {_interval(row[key])}" for key, words in _SHOWN.items()]
    return "\n".join([*lines, *(f"caution: {c}" for c in _list(numbers["cautions"]))])


def small_films(cache: Cache, rows: NDArray[np.int64]) -> Films:
    """Cached films float32 (n, S, S) in [0, 1], S at most `SIDE`."""
    return np.stack([_small(cache.pixels[row]) for row in rows])


def _small(film: NDArray[np.uint8]) -> Films:
    if len(film) > SIDE:
        film = fit(film.astype(np.float32) / np.float32(255), SIDE)
    return film.astype(np.float32) / np.float32(255)


def _check(name: str, options: EvaluateOptions) -> None:
    if name not in BASELINES:
        near = get_close_matches(name, BASELINES, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        known = ", ".join(BASELINES)
        raise EvaluationError(f"baseline: found {name!r}; expected one of {known}.{hint}")
    if options.split == TRAINED_ON:
        raise EvaluationError(f"baselines learn from split {TRAINED_ON!r}; measure 'test'")


def _learn_all(name: str, manifest: Manifest, cache: Cache, seed: int) -> list[Learnt]:
    """What answers for each finding, from the train split alone."""
    rows = manifest.rows(TRAINED_ON)
    vectors = flattened(small_films(cache, rows))
    patients = np.array([manifest.samples[row].patient for row in rows])
    labels = manifest.labels[rows]
    return [learn(name, vectors, column, patients, seed=seed) for column in labels.T]


def _record(name: str, manifest: Manifest, learnt: Sequence[Learnt], seed: int) -> Json:
    names = manifest.label_set.names
    return {
        "format": FORMAT,
        "baseline": name,
        "code_version": plainfilm.__version__,
        "sklearn_version": sklearn.__version__,
        "data_set": manifest.source,
        "split_sha256": manifest.split_sha256,
        "side": SIDE,
        "folds": FOLDS,
        "seed": seed,
        "n_films": int(manifest.rows(TRAINED_ON).size),
        "n_patients": len(manifest.patients(TRAINED_ON)),
        "findings": {
            finding: {
                "chosen": None if each.chosen is None else asdict(each.chosen),
                "trials": [asdict(trial) for trial in each.trials],
            }
            for finding, each in zip(names, learnt, strict=True)
        },
    }


def _predictions(
    name: str, manifest: Manifest, cache: Cache, learnt: Sequence[Learnt], split: str
) -> Predictions:
    rows = manifest.rows(split)
    films, part = small_films(cache, rows), manifest.keep(rows)
    scores, probabilities = _answers(learnt, films)
    audits = {}
    for audit, alter in AUDITS.items():
        altered = _answers(learnt, np.stack([alter(film) for film in films]))
        audits[audit] = altered[1] if audit == "marker" else altered[0]  # as `audit_film`
    answers = [
        FilmAnswer(
            Path(sample.image).name,
            scores[row],
            probabilities[row],
            np.nan,
            "",
            {audit: found[row] for audit, found in audits.items()},
        )
        for row, sample in enumerate(part.samples)
    ]
    return collect(_about(name, manifest, learnt, split), part, answers, range(len(learnt)))


def _answers(learnt: Sequence[Learnt], films: Films) -> tuple[Floats, Floats]:
    """Scores and probabilities, each (n, K)."""
    vectors = flattened(films)
    scores = [each.score(vectors) for each in learnt]
    chances = [each.probability(s) for each, s in zip(learnt, scores, strict=True)]
    return np.stack(scores, axis=1), np.stack(chances, axis=1)


def _about(name: str, manifest: Manifest, learnt: Sequence[Learnt], split: str) -> About:
    names = manifest.label_set.names
    by_majority = [n for n, each in zip(names, learnt, strict=True) if each.chosen is None]
    cautions = manifest.cautions
    if name in KINDS and by_majority:
        found = f"fewer than {FOLDS} train patients with or without {', '.join(by_majority)}"
        cautions = (f"{found}: there the majority answers.", *cautions)
    return About(
        format=TABLE_FORMAT,
        bundle=name,
        version=plainfilm.__version__,
        network_sha256="",  # no network, and nothing is kept of the classifier
        findings=names,
        displays=tuple(finding.display for finding in manifest.label_set.findings),
        thresholds=(THRESHOLD,) * len(names),
        threshold_rule=f"{THRESHOLD}",
        refit_rule=None,
        calibrated=True,
        calibration_method="share of the train films"
        if name not in KINDS
        else f"Platt scaling across {FOLDS} folds of patients",
        calibration_source="train films",
        caution_below=None,
        data_set=manifest.source,
        split=split,
        split_sha256=manifest.split_sha256,
        cautions=cautions,
    )


def _chosen_words(learnt: Json) -> str:
    chosen = _json(learnt["chosen"])
    if not chosen:
        return "nothing: the share of the train films answers"
    setting = ", ".join(f"{key} {value}" for key, value in _json(chosen["setting"]).items())
    return f"{setting} (AUROC {chosen['auroc']:.3f} across {FOLDS} folds of patients)"


def _interval(value: object) -> str:
    texts = ["-" if number is None else f"{number:.3f}" for number in _list(value)]
    return f"{texts[0]} [{texts[1]}, {texts[2]}]"


def _json(value: object) -> Json:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else []
