"""Every film's labels and answers in one table: `Predictions` ↔ predictions.parquet.

Columns: name, patient, study, split, view, sex, body_part, age, `label:<finding>`,
`score:<finding>`, `probability:<finding>`, where a published baseline was given
`published:<finding>`, where the bundle was audited `audit:<audit>:<finding>`, then familiarity and
refused. What else the numbers need to know (`About`) stands in the file's metadata, so that they
follow from this file alone.
"""

import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plainfilm.datasets.files import clear_disk_errors
from plainfilm.errors import CorruptBundle, EvaluationError, MissingExtra
from plainfilm.evaluation.context import Context
from plainfilm.evaluation.metrics import Floats
from plainfilm.reading.strict_json import decode, parse
from plainfilm.whole_files import write_whole

try:
    import pyarrow
    import pyarrow.parquet
except ImportError as error:
    raise MissingExtra("pyarrow", "train") from error

FORMAT = "plainfilm.predictions/1"
_KEY = b"plainfilm"
_FACT = "fact:"
_TEXTS = ("study", "split", "view", "sex", "body_part")
_LATER = ("body_part",)  # columns that older tables do not have
_NOT_IN_OLDER: dict[str, object] = {
    "exclusive": False,
    "test_reads": None,
    "points": {},
    "points_from": "",
    "context": None,
}

Texts = NDArray[np.str_]


@dataclass(frozen=True)
class About:
    """What the numbers need to know besides the films.

    Parameters
    ----------
    bundle, version, network_sha256
        Who answered. The network's hash, because the bundle's changes once numbers go into it.
    findings, displays, thresholds
        Per finding: its key, the words a person reads, the shipped threshold.
    threshold_rule
        How the thresholds were chosen, in plain words.
    refit_rule
        The named threshold rule to refit by, where calibrator and thresholds were fitted on these
        very films; None where they were not.
    caution_below
        The familiarity below which a reader cautions; None = not measured.
    cautions
        Plain sentences that belong beside the numbers.
    exclusive
        A film shows exactly one of the findings, and their probabilities add up to 1.
    test_reads
        How often these films were read for a measurement, with this one; None = not counted.
    points, points_from
        Per rule a threshold for each finding, and the films it was chosen on; see `points.py`.
    context
        What the report says of bundle and films beside the numbers; None = not told.
    """

    format: str
    bundle: str
    version: str
    network_sha256: str
    findings: tuple[str, ...]
    displays: tuple[str, ...]
    thresholds: tuple[float, ...]
    threshold_rule: str
    refit_rule: str | None
    calibrated: bool
    calibration_method: str
    calibration_source: str
    caution_below: float | None
    data_set: str
    split: str
    split_sha256: str
    cautions: tuple[str, ...] = ()
    exclusive: bool = False
    test_reads: int | None = None
    points: dict[str, tuple[float | None, ...]] = field(default_factory=dict)
    points_from: str = ""
    context: Context | None = None


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a bundle said of the films of a split; one row per film, refused ones too.

    Parameters
    ----------
    name, patient
        str (n,).
    details
        "study", "split", "view", "sex" and "body_part": text (n,), "" = not known.
    age
        float64 (n,), years; NaN = not known.
    labels, scores, probabilities
        float64 (n, K); a refused film has NaN scores and probabilities.
    familiarity
        float64 (n,); NaN = not measured.
    refused
        str (n,): the reason; "" = answered.
    published
        float64 (n, K): another, published network's probabilities; NaN = none for the film.
    audits
        Name of the audit to float64 (n, K); NaN where the film was not used.
    facts
        Of each film's file, float64 (n,): see `film_facts.FILE_FACTS`; empty = not looked at.
    """

    about: About
    name: Texts
    patient: Texts
    details: Mapping[str, Texts]
    age: Floats
    labels: Floats
    scores: Floats
    probabilities: Floats
    familiarity: Floats
    refused: Texts
    published: Floats | None = None
    audits: Mapping[str, Floats] = field(default_factory=dict)
    facts: Mapping[str, Floats] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.name.size

    def rows(self, keep: NDArray[Any]) -> "Predictions":
        """Some of the films, by a mask or by their numbers."""
        return replace(
            self,
            name=self.name[keep],
            patient=self.patient[keep],
            details={key: texts[keep] for key, texts in self.details.items()},
            age=self.age[keep],
            labels=self.labels[keep],
            scores=self.scores[keep],
            probabilities=self.probabilities[keep],
            familiarity=self.familiarity[keep],
            refused=self.refused[keep],
            published=None if self.published is None else self.published[keep],
            audits={name: answers[keep] for name, answers in self.audits.items()},
            facts={name: values[keep] for name, values in self.facts.items()},
        )

    def save(self, path: Path) -> None:
        """Write the table as a Parquet file, whole or not at all."""
        table = pyarrow.table(self._columns())
        about = json.dumps(asdict(self.about), ensure_ascii=False)
        table = table.replace_schema_metadata({_KEY: about.encode()})
        content = io.BytesIO()
        pyarrow.parquet.write_table(table, content, compression="zstd")
        with clear_disk_errors(path.parent, "Free some space and evaluate again."):
            write_whole(path, content.getvalue())

    def _columns(self) -> dict[str, object]:
        columns: dict[str, object] = {"name": self.name, "patient": self.patient}
        columns |= {key: [text or None for text in self.details[key]] for key in _TEXTS}
        columns["age"] = pyarrow.array(self.age, from_pandas=True)
        groups = {"label": self.labels, "score": self.scores, "probability": self.probabilities}
        if self.published is not None:
            groups["published"] = self.published
        groups |= {f"audit:{name}": values for name, values in self.audits.items()}
        for group, values in groups.items():
            for finding, column in zip(self.about.findings, values.T, strict=True):
                columns[f"{group}:{finding}"] = pyarrow.array(column, from_pandas=True)
        for name, values in self.facts.items():
            columns[f"{_FACT}{name}"] = pyarrow.array(values, from_pandas=True)
        columns["familiarity"] = pyarrow.array(self.familiarity, from_pandas=True)
        columns["refused"] = [text or None for text in self.refused]
        return columns

    @classmethod
    def load(cls, path: Path) -> "Predictions":
        """The table saved at `path`.

        Raises
        ------
        EvaluationError
            No such file, not Parquet, or not written by this version's `save`.
        """
        if not path.is_file():
            where = path.parent.name or "the current folder"
            raise EvaluationError(
                f"{where}: no {path.name} in it; expected a folder that evaluate wrote"
            )
        try:
            table = pyarrow.parquet.read_table(io.BytesIO(path.read_bytes()))
        except (OSError, pyarrow.ArrowException) as error:
            raise EvaluationError(f"{path.name}: cannot be read as a Parquet table") from error
        about = _about(table.schema.metadata or {}, path.name)
        try:
            return _predictions(about, table)
        except KeyError as error:
            missing = f"column {error} is missing; evaluate the bundle again"
            raise EvaluationError(f"{path.name}: {missing}") from error


def _about(metadata: Mapping[bytes, bytes], name: str) -> About:
    try:
        facts = {**_NOT_IN_OLDER, **parse(metadata.get(_KEY, b""), name)}
        about = decode(About, facts, name)
    except CorruptBundle as error:
        raise EvaluationError(f"{name}: not a table of predictions ({error})") from error
    if about.format != FORMAT:
        raise EvaluationError(f"{name}: format {about.format!r}; expected {FORMAT!r}")
    return about


def _predictions(about: About, table: "pyarrow.Table") -> Predictions:
    audits = {name.split(":")[1]: "" for name in table.column_names if name.startswith("audit:")}
    has_published = any(name.startswith("published:") for name in table.column_names)
    findings = about.findings
    return Predictions(
        about=about,
        name=_texts(table, "name"),
        patient=_texts(table, "patient"),
        details={key: _detail(table, key) for key in _TEXTS},
        age=_floats(table, "age"),
        labels=_group(table, "label", findings),
        scores=_group(table, "score", findings),
        probabilities=_group(table, "probability", findings),
        familiarity=_floats(table, "familiarity"),
        refused=_texts(table, "refused"),
        published=_group(table, "published", findings) if has_published else None,
        audits={name: _group(table, f"audit:{name}", findings) for name in audits},
        facts={
            name.removeprefix(_FACT): _floats(table, name)
            for name in table.column_names
            if name.startswith(_FACT)
        },
    )


def _group(table: "pyarrow.Table", group: str, findings: tuple[str, ...]) -> Floats:
    return np.stack([_floats(table, f"{group}:{finding}") for finding in findings], axis=1)


def _floats(table: "pyarrow.Table", name: str) -> Floats:
    column: Floats = table.column(name).to_numpy().astype(np.float64)
    return column


def _detail(table: "pyarrow.Table", name: str) -> Texts:
    if name in _LATER and name not in table.column_names:
        return np.full(table.num_rows, "")
    return _texts(table, name)


def _texts(table: "pyarrow.Table", name: str) -> Texts:
    return np.array([text or "" for text in table.column(name).to_pylist()], dtype=np.str_)
