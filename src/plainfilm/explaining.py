"""One finding of one film explained: what `plainfilm explain` does, for programs."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from plainfilm.errors import ReportError
from plainfilm.findings import FeatureMap, FindingResult, Prediction
from plainfilm.radiograph import Radiograph
from plainfilm.reading import Reader
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.header import BundleHeader
from plainfilm.reading.header_parts import MapScale
from plainfilm.reading.heatmap import heatmap
from plainfilm.reading.occlusion import occlusion_map
from plainfilm.reading.regions import body_mask, share_outside
from plainfilm.reading.telling import telling
from plainfilm.reports import Report
from plainfilm.reports.content import Curve

Progress = Callable[[int, int], None]

OWN_SCALE = "this picture's own scale"
NO_EVIDENCE = "No positive evidence: nowhere does this map speak for the finding."

_ABOUT = {
    "map": "the bundle's own map (Grad-CAM of the score at its last feature layer)",
    "occlusion": "occlusion: by how much the score falls where a square is covered with grey",
    "gradcam": "Grad-CAM of the score in the network of run {run}, at stage {stage} "
    "(the number is the bundle's)",
    "guided": "guided Grad-CAM in the network of run {run}, at stage {stage}, pixel by pixel "
    "(the number is the bundle's)",
}
_GUIDED_BUNDLE = "guided Grad-CAM through the bundle's own graph, pixel by pixel"
METHODS = tuple(_ABOUT)


@dataclass(frozen=True)
class How:
    """How a finding is to be explained.

    Parameters
    ----------
    method
        One of `METHODS`.
    run
        The folder of a run, whose network is asked: "gradcam" needs one; "guided" takes the
        bundle's own graph where there is none.
    stage
        Of the run's network, 0 for the first; -1 = the last.
    of_decision
        True: where the finding is below its threshold, what speaks against it is shown.
    is_added
        See `Report.is_added`.

    Raises
    ------
    ReportError
        A run is given and not needed, or needed and not given.
    """

    method: str = "map"
    run: Path | None = None
    stage: int = -1
    of_decision: bool = False
    is_added: bool = False

    def __post_init__(self) -> None:
        if self.run is None and (self.method == "gradcam" or self.stage != -1):
            words = "a stage is one of a run's network; give the folder of that run (--run)"
            other = "'map' is Grad-CAM at the last stage of the bundle's own network"
            raise ReportError(f"method {self.method!r}: {words}. {other}")
        if self.method not in ("gradcam", "guided") and self.run is not None:
            raise ReportError(f"method {self.method!r}: takes no run and no stage; leave them out")


@dataclass(frozen=True)
class Wanted:
    """Which finding is to be explained, and what is to be shown beside it.

    Parameters
    ----------
    finding
        Its name, or the words shown for it.
    prepared, allow_train
        See `split_note`; None = the split is not told.
    measured
        The folder that `evaluate` wrote, for the finding's curve; None = no curve.
    """

    finding: str
    prepared: Path | None = None
    allow_train: bool = False
    measured: Path | None = None

    def curve(self, bundle: Bundle, finding: str) -> Curve | None:
        """The finding's curve, where a report's folder was named; raises as `curve_of` does."""
        return None if self.measured is None else curve_of(self.measured, bundle, finding)

    def notes(self, film: Path) -> tuple[str, ...]:
        """What is said of a film's split; raises as `split_note` does."""
        if self.prepared is None:
            return ()
        return (split_note(self.prepared, film, allow_train=self.allow_train),)


@dataclass(frozen=True)
class Drawn:
    """What is to be explained, and how."""

    wanted: Wanted
    how: How = How()


def explain(
    reader: Reader,
    radiograph: Radiograph,
    prediction: Prediction,
    how: How,
    *,
    notes: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> Report:
    """A report of one film and one finding, with the map that was asked for.

    Parameters
    ----------
    prediction
        What the reader said of the film, of one finding alone.
    notes
        Sentences to be shown after those about the map.
    progress
        Called while it works, with how much is done and how much there is.

    Raises
    ------
    ReportError
        The bundle has no maps of its own, and its map was asked for.
    RunError
        See `training.run_maps.run_map`.
    """
    result = prediction.results[0]
    values, header = _values(reader, radiograph, prediction, how, progress)
    about = [f"Method: {_method(how)}."]
    if how.of_decision and not result.present:
        values = -values
        about.append(
            f"{result.finding.display} is below its threshold: the heat shows what speaks against."
        )
    height, width = radiograph.pixels.shape
    heat = heatmap(values, (height, width), header.input.policy)
    outside = share_outside(heat, body_mask(radiograph.pixels))
    about.append(NO_EVIDENCE if outside is None else f"Heat outside the body: {outside:.0%}.")
    is_own = how.method != "map"
    if is_own or header.map is None:
        peak = max(float(values.max()), 1e-12)
        header = replace(header, map=MapScale(values.shape[0], values.shape[1], peak))
    return Report(
        (replace(prediction, results=(replace(result, map=values),)),),
        (radiograph,),
        header,
        notes=(*about, *notes),
        scale=OWN_SCALE if is_own else "",
        is_added=how.is_added,
    )


def _values(
    reader: Reader,
    radiograph: Radiograph,
    prediction: Prediction,
    how: How,
    progress: Progress | None,
) -> tuple[FeatureMap, BundleHeader]:
    """The map, and the header by whose fit policy it lies over the film."""
    header, result = reader.bundle.header, prediction.results[0]
    if how.method == "map":
        return _own_map(result, header), header
    if how.method == "occlusion":
        column = header.label_set.names.index(result.finding.name)
        engine = telling(reader.engine, prediction)
        return occlusion_map(engine, radiograph.pixels, column, progress=progress), header
    if how.run is None:
        from plainfilm.training.guided_graph import guided_map  # not above: it brings torch

        column = header.label_set.names.index(result.finding.name)
        coarse = _own_map(result, header)
        return guided_map(reader.bundle, radiograph.pixels, column, coarse), header
    from plainfilm.training.run_maps import run_map

    found = run_map(how.run, radiograph.pixels, result.finding.name, how.method, how.stage)
    return found.values, replace(header, input=replace(header.input, policy=found.policy))


def _own_map(result: FindingResult, header: BundleHeader) -> FeatureMap:
    if result.map is None:
        advice = "choose another bundle or --method occlusion"
        raise ReportError(f"{header.name} has no maps, so nothing can be drawn; {advice}")
    return result.map


def curve_of(report: Path, bundle: Bundle, finding: str) -> Curve:
    """The precision-recall curve of a finding, from the folder that `evaluate` wrote.

    Raises
    ------
    ReportError
        Another network was measured, or no film shows the finding.
    EvaluationError
        No table of predictions is there.
    """
    from plainfilm.evaluation.answers import answered  # not above: they bring pyarrow
    from plainfilm.evaluation.bootstrap import TOO_FEW
    from plainfilm.evaluation.metrics import average_precision, known, roc_counts
    from plainfilm.evaluation.table import Predictions

    table = answered(Predictions.load(report / "predictions.parquet"))
    if table.about.network_sha256 != bundle.network_sha256:
        raise ReportError(f"{report.name}: measured on another network than {bundle.header.name}'s")
    column = table.about.findings.index(finding)
    scores, labels = table.scores[:, column], table.labels[:, column]
    films = known(scores, labels)
    n_present = int(films.present.sum())
    if n_present == 0:
        raise ReportError(f"{report.name}: no film shows {finding}, so there is no curve to draw")
    counts = roc_counts(films)
    recall = counts.true_present / n_present
    precision = counts.true_present / (counts.true_present + counts.false_present)
    area = average_precision(scores, labels)
    words = f"{table.about.displays[column]} on {films.present.size} {table.about.split} films of "
    words += f"{table.about.data_set}, {n_present} with it: average precision {area:.3f}"
    words += "; too few to say much" if n_present < TOO_FEW else ""
    points = tuple(zip(recall.tolist(), precision.tolist(), strict=True))
    return Curve(points, n_present / films.present.size, words)


def split_note(prepared: Path, film: Path, *, allow_train: bool) -> str:
    """Which split of a prepared data set a film is in, as a sentence for its report.

    Raises
    ------
    ReportError
        It is a training film, and `allow_train` is False.
    DatasetError
        No data set was prepared here.
    """
    from plainfilm.datasets.manifest import Manifest

    manifest = Manifest.load_without_images(prepared)
    splits = {s.split for s in manifest.samples if Path(s.image).stem == film.stem}
    if not splits:
        return f"Not a film of {manifest.source}, by its name."
    if "train" in splits and not allow_train:
        words = "the network has learned from it, so its map shows what was learned by heart"
        raise ReportError(
            f"{film.name}: a training film of {manifest.source}: {words}. Take a test film, or "
            "allow it (--allow-train)"
        )
    return f"Split of {manifest.source}: {' or '.join(sorted(splits))}."


def _method(how: How) -> str:
    if how.method == "guided" and how.run is None:
        return _GUIDED_BUNDLE
    return _ABOUT[how.method].format(run=how.run and how.run.name, stage=how.stage)
