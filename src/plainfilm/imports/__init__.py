"""Foreign weights in, a bundle out: `import_weights`.

What comes out reads films as any bundle does, and says what it is: its numbers are model scores,
it states no population, nothing has been measured on it and it cannot tell an unfamiliar film.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path

from plainfilm import __version__
from plainfilm.errors import RunError
from plainfilm.findings import LabelSet
from plainfilm.imports.forms import FORMS, Form
from plainfilm.imports.outputs import Outputs, outputs_of
from plainfilm.networks import Classifier, build
from plainfilm.networks.weights import State, load_state, read_state
from plainfilm.reading.bundle import (
    Bundle,
    BundleHeader,
    Calibration,
    Golden,
    InputFit,
    Licences,
    MapScale,
    Provenance,
)
from plainfilm.reading.container import check_place
from plainfilm.reading.header import check_name
from plainfilm.reading.verify import verify
from plainfilm.training.calibrate import IDENTITY
from plainfilm.training.card import card
from plainfilm.training.golden import draw_radiographs, make_golden
from plainfilm.training.graph import Fit, ReadingGraph
from plainfilm.training.onnx_file import check_agreement, run_onnx, to_onnx

__all__ = ["FORMS", "ImportOptions", "import_weights"]

INTENDED_USE = "Research: to be measured on films of one's own before anything else."
LIMITS = (
    "Its numbers are model scores: they were never calibrated here.",
    "It cannot tell a film that is unlike those it learned from.",
    "Nothing was measured on it here; what its source says of it was found on other films.",
)


@dataclass(frozen=True)
class ImportOptions:
    """What the file of weights does not tell.

    Parameters
    ----------
    form
        A key of `FORMS`.
    network
        One of the form's networks; "" = its usual one.
    findings
        Names of the outputs in their order, where the form does not know them.
    name, version
        Of the bundle; "" = the form's name.
    licence
        Under which the weights are published, as their source says.
    """

    form: str
    network: str = ""
    findings: tuple[str, ...] = ()
    name: str = ""
    version: str = "0.1.0"
    licence: str = "not stated; see the source of the weights"


@dataclass(frozen=True)
class _Source:
    """The file, and what was done to read it."""

    path: Path
    options: ImportOptions
    form: Form
    network: str
    notes: tuple[str, ...] = ()


def import_weights(
    weights: Path, out: Path, options: ImportOptions, *, overwrite: bool = False
) -> Bundle:
    """Make a bundle of a file of published weights; nothing in the file is run.

    Parameters
    ----------
    weights
        A .pt, .pth, .tar or .safetensors file.
    out
        NAME.bundle (or .zip) for one file, else a folder.

    Raises
    ------
    RunError
        No such form or network, findings that do not fit the outputs, or a file that is not
        exactly of this form: damaged, a key missing or too many, a shape or a value wrong.
    BundleError
        Something is at `out` and `overwrite` is False, or the disk refuses.
    """
    check_place(out, overwrite=overwrite)
    form, network = _form(options)
    state = form.rename(read_state(weights))
    outputs = outputs_of(form, options.findings, state)
    classifier, notes = _classifier(form, network, outputs, state, weights.name)
    source = _Source(weights, options, form, network, notes)
    bundle = _bundle(source, outputs, classifier)
    verify(bundle)
    bundle.save(out, overwrite=overwrite)
    return Bundle.load(out)


def _form(options: ImportOptions) -> tuple[Form, str]:
    try:
        check_name(options.name or options.form, options.version)
    except ValueError as error:
        raise RunError(f"{error}.") from error
    if options.form not in FORMS:
        near = get_close_matches(options.form, FORMS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise RunError(f"form: found {options.form!r}; expected one of {', '.join(FORMS)}.{hint}")
    form = FORMS[options.form]
    network = options.network or form.networks[0]
    if network not in form.networks:
        known = ", ".join(form.networks)
        raise RunError(f"network: found {network!r}; {options.form} comes as {known}.")
    return form, network


def _classifier(
    form: Form, network: str, outputs: Outputs, state: State, name: str
) -> tuple[Classifier, tuple[str, ...]]:
    """The network with the file's weights, of the kept outputs only; and what was done to fit."""

    def built(n_outputs: int) -> Classifier:
        made = build(network, n_outputs, normalise=form.normalise, head=form.head, size=form.size)
        return made.eval()

    whole = built(len(outputs.names))
    notes = load_state(whole, state, name, form.adapt)
    if not outputs.dropped:
        return whole, notes
    held = whole.state_dict()
    for key in whole.logit_keys:
        held[key] = held[key][list(outputs.kept)]
    part = built(len(outputs.kept))
    part.load_state_dict(held, strict=True)
    return part, notes


def _bundle(source: _Source, outputs: Outputs, classifier: Classifier) -> Bundle:
    form = source.form
    untouched = (IDENTITY,) * len(outputs.findings)
    graph = ReadingGraph([classifier], Fit(form.size, form.policy), untouched, None)
    network = to_onnx(graph)
    gap = check_agreement(graph, network, draw_radiographs(form.size))
    golden = make_golden(form.size, lambda film: run_onnx(network, [film])[0])
    header = _header(source, outputs, golden, gap)
    return Bundle(header, network, golden, card=card(header, None))


def _header(source: _Source, outputs: Outputs, golden: Golden, gap: float) -> BundleHeader:
    form, options = source.form, source.options
    dropped = ", ".join(outputs.dropped)
    return BundleHeader(
        name=options.name or options.form,
        version=options.version,
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        label_set=LabelSet(outputs.findings),
        input=InputFit(form.size, form.policy),
        map=_map_scale(golden),
        thresholds=outputs.thresholds,
        threshold_rule=outputs.threshold_rule,
        calibration=Calibration(False, "", "", {}),
        familiarity=None,
        population=None,
        intended_use=INTENDED_USE,
        limits=(*LIMITS, f"Left out, never trained: {dropped}.") if dropped else LIMITS,
        provenance=_provenance(source, gap),
        licences=Licences("Apache-2.0", options.licence, "not stated; see the source's"),
        citation="",
    )


def _map_scale(golden: Golden) -> MapScale | None:
    """The maps' size; full strength is the strongest spot on the drawn films, for want of real."""
    maps = [each["map"] for each in golden.outputs if "map" in each]
    if not maps:
        return None
    _, height, width = maps[0].shape
    peak = max(float(each.max()) for each in maps)
    return MapScale(height, width, peak if peak > 0 else 1.0)


def _provenance(source: _Source, gap: float) -> Provenance:
    weights, options = source.path, source.options
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    command = ["plainfilm bundles import", weights.name, "--form", options.form]
    command += ["--network", source.network] if options.network else []
    command += ["--findings", f"'{','.join(options.findings)}'"] if options.findings else []
    return Provenance(
        recipe=f"imported as {options.form}",
        recipe_toml="",
        data_set="films that the source of the weights names",
        split_sha256=None,
        n_patients=None,
        patients_sha256=None,
        seed=None,
        code_version=__version__,
        hardware="the source's machine",
        seconds=None,
        init=_init(weights.name, digest, source.notes),
        details={
            "form": source.form.source,
            "network": source.network,
            "imported by": " ".join(command),
            "agreement": f"torch and onnxruntime differ by {gap:.1g} at most",
        },
    )


def _init(name: str, digest: str, notes: Sequence[str]) -> str:
    return "; ".join((f"{name} ({digest})", *notes))
