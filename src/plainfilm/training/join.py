"""Several bundles of one data set in, one bundle out, whose answer is their mean.

Nothing is fitted anew, since that needs films: the header says of each number how it came about.
"""

import tomllib
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

import numpy as np

import plainfilm
from plainfilm.datasets.seen import joined_digests
from plainfilm.errors import BundleError
from plainfilm.evaluation.predict import ADAPTED_FILMS, ADAPTED_RULE
from plainfilm.radiograph import Pixels
from plainfilm.reading.bundle import (
    Bundle,
    BundleHeader,
    Calibration,
    FamiliarityCut,
    Licences,
    MapScale,
    Provenance,
)
from plainfilm.reading.golden import output_shapes
from plainfilm.reading.verify import verify
from plainfilm.training.card import card
from plainfilm.training.golden import make_golden
from plainfilm.training.joined_graph import join_graphs
from plainfilm.training.onnx_file import run_onnx

TOLERANCE = 1e-6  # of a probability, between the joined graph and the members' mean

_ALIKE: dict[str, Callable[[BundleHeader], object]] = {
    "findings": lambda header: (header.label_set.names, header.label_set.is_choice),
    "input": lambda header: (header.input.size, str(header.input.policy)),
    "body parts": lambda header: header.population and header.population.body_parts,
    "views": lambda header: header.population and sorted(header.population.views),
    "ages": lambda header: header.population and header.population.age_years,
    "data set": lambda header: header.provenance.data_set,
    "split": lambda header: header.provenance.split_sha256,
    "training patients": lambda header: header.provenance.patients_sha256,
    "calibration": lambda header: (header.calibration.calibrated, _crosswise(header)),
    "films adapted on": lambda header: _adapted(header),
    "map": lambda header: header.map and (header.map.height, header.map.width),
    "familiarity": lambda header: header.familiarity is not None,
}


def join(
    members: Sequence[Bundle],
    name: str,
    *,
    version: str = "1.0.0",
    created: datetime | None = None,
) -> Bundle:
    """One bundle whose probabilities and maps are the mean of the members'.

    Thresholds are the mean of theirs, the familiarity is the least of theirs. Nothing has been
    measured on the bundle yet.

    Parameters
    ----------
    members
        At least two, of different weights, with the same findings, input, population, data set,
        split and kind of calibration; maps of one size, or none.
    name, version
        Of the new bundle.
    created
        In UTC; None = now.

    Raises
    ------
    BundleError
        Fewer than two members, or members that do not go together, or an impossible name.
    DatasetError
        See `seen.joined_digests`.
    """
    check_members(members)
    headers = [member.header for member in members]
    outputs = tuple(output_shapes(headers[0]))
    exclusive = headers[0].label_set.is_choice
    network = join_graphs([member.network for member in members], outputs, exclusive=exclusive)
    golden = make_golden(headers[0].input.size, lambda film: run_onnx(network, [film])[0])
    _check_mean(members, network, golden.radiographs)
    try:
        header = _header(members, name, version, created or datetime.now(UTC))
    except ValueError as error:
        raise BundleError(f"{name}: {error}") from error
    joined = Bundle(header, network, golden, card=card(header, None))
    verify(joined)
    return joined


def check_members(members: Sequence[Bundle]) -> None:
    """BundleError unless the bundles can be joined; it names the first that cannot, and why."""
    if len(members) < 2:
        raise BundleError(f"found {len(members)} bundle to join; expected at least two.")
    for place, member in enumerate(members):
        if told := " and ".join(member.header.input.fact_names):
            words = f"is told {told} beside the films; expected bundles that are shown films alone"
            advice = "Average its runs at export instead (plainfilm export RUN RUN ...)"
            raise BundleError(f"{member.header.name}: {words}. {advice}.")
        for what, of in _ALIKE.items():
            found, expected = of(member.header), of(members[0].header)
            if found != expected:
                words = f"{what}: found {found}; expected {expected}, as {members[0].header.name}"
                raise BundleError(f"{member.header.name}: {words}. Join bundles that agree.")
        for earlier in members[:place]:
            if earlier.network_sha256 == member.network_sha256:
                words = f"has the weights of {earlier.header.name}"
                raise BundleError(f"{member.header.name}: {words}; join different ones.")


def _check_mean(members: Sequence[Bundle], network: bytes, films: Sequence[Pixels]) -> None:
    each = [run_onnx(member.network, films) for member in members]
    for number, joined in enumerate(run_onnx(network, films)):
        mean = np.mean([answers[number]["probability"] for answers in each], axis=0)
        gap = float(np.abs(joined["probability"] - mean).max())
        if not gap <= TOLERANCE:  # written so that NaN fails
            words = f"differs from the members' mean by {gap:.2g}; expected {TOLERANCE:g} at most"
            raise BundleError(f"the joined graph {words}. Try another version of onnxruntime.")


def _header(members: Sequence[Bundle], name: str, version: str, created: datetime) -> BundleHeader:
    headers = [member.header for member in members]
    first = headers[0]
    rules = _once(header.threshold_rule for header in headers)
    return BundleHeader(
        name=name,
        version=version,
        created=created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        label_set=first.label_set,
        input=first.input,
        map=_map(headers),
        thresholds=_means([header.thresholds for header in headers]),
        threshold_rule=f"the mean of the members', not chosen anew for their mean; theirs: {rules}",
        calibration=_calibration(headers),
        familiarity=_familiarity(headers),
        population=first.population,
        intended_use=_once(header.intended_use for header in headers),
        limits=tuple(dict.fromkeys(limit for header in headers for limit in header.limits)),
        provenance=_provenance(members),
        licences=Licences(
            _once(header.licences.code for header in headers),
            _once(header.licences.weights for header in headers),
            _once(header.licences.training_data for header in headers),
        ),
        citation=_once(header.citation for header in headers),
    )


def _map(headers: Sequence[BundleHeader]) -> MapScale | None:
    scales = [header.map for header in headers if header.map is not None]
    if not scales:
        return None
    highest = float(np.mean([scale.display_max for scale in scales]))
    return MapScale(scales[0].height, scales[0].width, highest)


def _calibration(headers: Sequence[BundleHeader]) -> Calibration:
    sources = _once(
        f"{header.calibration.method}, {header.calibration.source}" for header in headers
    )
    if not headers[0].calibration.calibrated:
        return Calibration(False, "none", "never calibrated: the mean of model scores", {})
    method = f"the mean of {len(headers)} calibrated probabilities, not calibrated anew"
    prevalence = _means([header.calibration.prevalence for header in headers])
    return Calibration(True, method, f"each of them by: {sources}", prevalence)


def _familiarity(headers: Sequence[BundleHeader]) -> FamiliarityCut | None:
    cuts = [header.familiarity for header in headers if header.familiarity is not None]
    if not cuts:
        return None
    words = (
        "minimum over the members, below a cut wherever one of them alone would be below its own, "
        "and so for more films than each of them promises: " + _once(cut.method for cut in cuts)
    )
    caution = max(cut.caution_below for cut in cuts)
    return FamiliarityCut(caution, max(cut.refuse_below for cut in cuts), words)


def _provenance(members: Sequence[Bundle]) -> Provenance:
    sources = [member.header.provenance for member in members]
    first = sources[0]
    seconds = [source.seconds for source in sources if source.seconds is not None]
    display = first.details.get("display", "")
    details = {"display": display} if display else {}
    details |= _adapted(members[0].header) | joined_digests([source.details for source in sources])
    for number, member in enumerate(members, start=1):
        source = member.header.provenance
        details[f"member {number}"] = (
            f"{member.id.name} {member.id.version} ({member.id.sha256}), recipe {source.recipe}, "
            f"seed {_told(source.seed)}, start {source.init}, {_told(source.n_patients)} training "
            f"patients ({_told(source.patients_sha256)}), plainfilm {source.code_version}"
        )
    return Provenance(
        recipe=_once(source.recipe for source in sources),
        recipe_toml=first.recipe_toml,
        data_set=first.data_set,
        split_sha256=first.split_sha256,
        n_patients=first.n_patients,
        patients_sha256=first.patients_sha256,
        seed=first.seed,
        code_version=plainfilm.__version__,
        hardware=_once(source.hardware for source in sources),
        seconds=sum(seconds) if len(seconds) == len(sources) else None,
        init=_once(source.init for source in sources),
        details=details,
    )


def _told(value: object) -> str:
    return "unknown" if value is None else str(value)


def _adapted(header: BundleHeader) -> dict[str, str]:
    """The films that calibrator and thresholds were adapted on, by which rule; empty if on none."""
    details = header.provenance.details
    return {key: details[key] for key in (ADAPTED_FILMS, ADAPTED_RULE) if key in details}


def _crosswise(header: BundleHeader) -> object:
    """By which rule a measurement refits on test films; None = it does not."""
    try:
        release = tomllib.loads(header.provenance.recipe_toml).get("release", {})
    except tomllib.TOMLDecodeError:
        return None
    if not isinstance(release, dict) or release.get("calibration") != "cross-fit-test":
        return None
    return release.get("threshold_rule", "youden-plateau")


def _means(tables: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([table[name] for table in tables])) for name in tables[0]}


def _once(texts: Iterable[str]) -> str:
    """The different texts, each once, in their order."""
    return "; ".join(dict.fromkeys(text for text in texts if text))
