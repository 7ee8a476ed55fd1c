"""A bundle and a manifest in, numbers out: `evaluate`, and `evaluate_table` for a table at hand."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from plainfilm.datasets.files import clear_disk_errors, count_others, sha256_of
from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import EvaluationError
from plainfilm.evaluation.answers import answered, honest_answers
from plainfilm.evaluation.bootstrap import N_DRAWS
from plainfilm.evaluation.boxes import read_boxes
from plainfilm.evaluation.comparison import check_same_films, read_published
from plainfilm.evaluation.contract import settled
from plainfilm.evaluation.curves import curves_csv
from plainfilm.evaluation.explanations import NAME as EXPLANATIONS_NAME
from plainfilm.evaluation.explanations import Explanations, explain_split, explanation_numbers
from plainfilm.evaluation.measure import evaluate_table, plain
from plainfilm.evaluation.places import NAME as PLACES_NAME
from plainfilm.evaluation.places import Places, place_alarms, place_numbers, try_places
from plainfilm.evaluation.predict import CHOSEN_ON, Progress, describe, predict
from plainfilm.evaluation.report_folders import (
    MADE_FROM,
    NUMBERS_NAME,
    PREDICTIONS_NAME,
    load_kept,
)
from plainfilm.evaluation.resaved import check_looks
from plainfilm.evaluation.table import Predictions
from plainfilm.evaluation.tones import NAME as TONES_NAME
from plainfilm.evaluation.tones import Tones, try_tones
from plainfilm.evaluation.untried import KEY as UNTRIED
from plainfilm.evaluation.untried import untried
from plainfilm.reading import Reader
from plainfilm.reading.strict_json import encode
from plainfilm.whole_files import write_whole

__all__ = [
    "EvaluateOptions",
    "check_vacant",
    "evaluate",
    "evaluate_table",
    "report_table",
    "write_evaluation",
]

REPORT_NAME = "report.html"
CURVES_NAME = "curves.csv"
_MEASURED_NAMES = (EXPLANATIONS_NAME, PLACES_NAME, TONES_NAME)  # beside the table, not in it


@dataclass(frozen=True)
class EvaluateOptions:
    """What may differ from one evaluation to the next, beside the bundle and the films.

    Parameters
    ----------
    split
        Which films: "test", or another that the network did not learn from.
    draws
        Of the bootstrap over patients; at least 1.
    seed
        Of the bootstrap and of cross-fitting.
    compare
        A table of a published network's probabilities, see `comparison.read_published`.
    overwrite
        True: an evaluation that is in the folder already is replaced.
    boxes
        A list of boxes, see `boxes.read_boxes`, by which the maps are scored; None = none.
    allow_lookalikes
        True: films that look like films the bundle learned from are measured; a caution names them.

    Raises
    ------
    EvaluationError
        `draws` is not positive.
    """

    split: str = "test"
    draws: int = N_DRAWS
    seed: int = 0
    compare: Path | None = None
    overwrite: bool = False
    boxes: Path | None = None
    allow_lookalikes: bool = False

    def __post_init__(self) -> None:
        if self.draws < 1:
            raise EvaluationError(f"{self.draws} draws of the bootstrap; expected 1 or more")


def evaluate(
    bundle: Path,
    prepared: Path,
    out: Path,
    *,
    options: EvaluateOptions | None = None,
    progress: Progress | None = None,
) -> dict[str, object]:
    """Read a split's original films with a bundle and measure how well it does.

    Writes predictions.parquet, then from it alone evaluation.json, curves.csv, report.html and its
    figures.

    Parameters
    ----------
    bundle
        A bundle's folder or zip.
    prepared
        The folder `datasets.prepare` wrote; its films must still be in their place.
    out
        A folder; made where there is none.
    options
        None = `EvaluateOptions()`.
    progress
        Called after each film with how many are done and how many there are.

    Returns
    -------
    What evaluation.json holds; docs/concepts/evaluation.md describes it.

    Raises
    ------
    EvaluationError
        `out` holds an evaluation or something else, the bundle may have learned from these films,
        or see `read_published`.
    DatasetError
        The prepared folder does not hold together, images are gone, or the disk refuses.
    BundleError
        The bundle cannot be trusted.
    """
    choice = options or EvaluateOptions()
    check_vacant(out, choice)
    reader, manifest = Reader(bundle), Manifest.load(prepared)
    if choice.compare is not None:
        check_same_films(choice.compare, manifest.source)  # before an hour of reading
    boxes = () if choice.boxes is None else read_boxes(choice.boxes)
    validate = partial(_read_validation, reader, manifest, progress)
    about = describe(reader, manifest, choice.split)
    header, allowed = reader.bundle.header, choice.allow_lookalikes
    seen = check_looks(header, manifest, choice.split, allowed=allowed)
    about = replace(about, cautions=(*about.cautions, *seen))
    about = settled(about, prepared, manifest, validate)
    table = predict(reader, manifest, choice.split, progress=progress)
    explained = explain_split(reader, manifest, choice.split, boxes)
    films = manifest.split(choice.split)
    places, tones = try_places(reader, films, table), try_tones(reader, films, table)
    return write_evaluation(replace(table, about=about), out, choice, explained, places, tones)


def _read_validation(reader: Reader, manifest: Manifest, progress: Progress | None) -> Predictions:
    """The films that points are chosen on; EvaluationError where the bundle learned from them."""
    check_looks(reader.bundle.header, manifest, CHOSEN_ON, allowed=False)
    return predict(reader, manifest, CHOSEN_ON, progress=progress, audited=False)


def check_vacant(out: Path, options: EvaluateOptions, *, besides: Sequence[str] = ()) -> None:
    """EvaluationError where `out` holds what no evaluation wrote, or one not to be replaced.

    `besides` names further files that an earlier report of the same kind may have left.
    """
    _refuse_other(out, besides)
    if (out / NUMBERS_NAME).exists() and not options.overwrite:
        words = "holds an evaluation already; choose another folder, or replace it (--force)"
        raise EvaluationError(f"{out.name}: {words}")


def write_evaluation(
    table: Predictions,
    out: Path,
    options: EvaluateOptions,
    explained: Explanations | None = None,
    places: Places | None = None,
    tones: Tones | None = None,
) -> dict[str, object]:
    """Write predictions.parquet, explanations.json, places.json and tones.json, then what
    `report_table` makes of them.

    Raises as `evaluate` does. `explained` = None: nothing is known of maps; the others likewise.
    """
    if options.compare is not None:
        check_same_films(options.compare, table.about.data_set)
        films, findings = table.name.tolist(), table.about.findings
        table = replace(table, published=read_published(options.compare, films, findings))
    with clear_disk_errors(out, "Free some space and evaluate again."):
        out.mkdir(parents=True, exist_ok=True)
        for name in (NUMBERS_NAME, REPORT_NAME, CURVES_NAME, *_MEASURED_NAMES):
            (out / name).unlink(missing_ok=True)  # of another table from now on
        for name, kept in zip(_MEASURED_NAMES, (explained, places, tones), strict=True):
            if kept is not None:
                write_whole(out / name, encode(asdict(kept)))
    table.save(out / PREDICTIONS_NAME)
    return report_table(out, draws=options.draws, seed=options.seed)


def _refuse_other(out: Path, besides: Sequence[str]) -> None:
    """Refuse a folder that holds anything that no evaluation wrote."""
    drawn = list(out.glob("*.svg"))  # beside a figure's .svg lies its .png
    figures = {path.with_suffix(ending).name for path in drawn for ending in (".svg", ".png")}
    own = {PREDICTIONS_NAME, NUMBERS_NAME, REPORT_NAME, CURVES_NAME, *figures, *besides}
    own |= {*_MEASURED_NAMES}
    n_others = count_others(out, own)
    if n_others:
        found = f"holds {n_others:,} other files or folders, and is no report"
        raise EvaluationError(f"{out.name}: {found}. Give a new or empty folder (--out).")


def report_table(out: Path, *, draws: int = N_DRAWS, seed: int = 0) -> dict[str, object]:
    """Write evaluation.json, curves.csv, report.html and the figures from the tables in `out`.

    They are predictions.parquet and, where there are such, explanations.json, places.json and
    tones.json.
    """
    from plainfilm.evaluation.figures import draw_figures  # slow to import
    from plainfilm.evaluation.report import html_report

    numbers = _numbers(out, draws, seed)
    table = answered(Predictions.load(out / PREDICTIONS_NAME))
    fits = [honest_answers(table, column, seed) for column in range(len(table.about.findings))]
    figures = draw_figures(table, seed, numbers)
    drawn = {name: picture.svg for name, picture in figures.items()}
    with clear_disk_errors(out, "Free some space and evaluate again."):
        for name, picture in figures.items():
            write_whole(out / f"{name}.svg", picture.svg.encode())
            if picture.png is not None:
                write_whole(out / f"{name}.png", picture.png)
        write_whole(out / REPORT_NAME, html_report(numbers, drawn).encode())
        write_whole(out / CURVES_NAME, curves_csv(table, fits).encode())
        write_whole(out / NUMBERS_NAME, encode(numbers))
    return numbers


def _numbers(out: Path, draws: int, seed: int) -> dict[str, object]:
    """evaluation.json: what `evaluate_table` gives, and what only a folder can tell."""
    from plainfilm.evaluation.data_audit import audit_table, warnings_in  # slow to import
    from plainfilm.evaluation.tone_numbers import tone_alarms, tone_numbers

    numbers = evaluate_table(out / PREDICTIONS_NAME, draws=draws, seed=seed)
    numbers[MADE_FROM] = sha256_of(out / PREDICTIONS_NAME)
    explained = load_kept(Explanations, out / EXPLANATIONS_NAME)
    if explained is not None:
        numbers["explanations"] = plain(explanation_numbers(explained, draws, seed))
    places = load_kept(Places, out / PLACES_NAME)
    if places is not None:
        found = place_numbers(places, draws, seed)
        numbers["places"] = plain(found)
        numbers["cautions"] = [*_listed(numbers["cautions"]), *place_alarms(found)]
    tones = load_kept(Tones, out / TONES_NAME)
    if tones is not None:
        told = tone_numbers(tones, draws, seed)
        numbers["tones"] = plain(told)
        numbers["cautions"] = [*_listed(numbers["cautions"]), *tone_alarms(told)]
    table = Predictions.load(out / PREDICTIONS_NAME)
    alone = audit_table(table, seed=seed)
    if alone:
        numbers["facts_alone"] = plain(alone)
        numbers["cautions"] = [*_listed(numbers["cautions"]), *warnings_in(alone)]
    numbers[UNTRIED] = untried(table, numbers)
    return numbers


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []
