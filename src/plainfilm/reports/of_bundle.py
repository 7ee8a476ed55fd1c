"""A bundle's own words, for a person and for a program."""

import json
from collections.abc import Mapping

from plainfilm.reading.bundle import Bundle, BundleHeader
from plainfilm.reports import wording


def bundle_json(bundle: Bundle) -> dict[str, object]:
    """bundle.json as plain types, with the bundle's `sha256` and `evaluation` (None = none)."""
    header: dict[str, object] = json.loads(bundle.files["bundle.json"])
    return {"sha256": bundle.id.sha256, **header, "evaluation": bundle.evaluation}


def bundle_line(bundle: Bundle) -> str:
    """One line: name, version, number of findings, population."""
    header = bundle.header
    n_findings = len(header.label_set)
    findings = "1 finding" if n_findings == 1 else f"{n_findings} findings"
    line = f"{header.name} {header.version}  {findings}  {header.population_words}"
    return wording.printable(line)


def bundle_text(bundle: Bundle) -> str:
    """What a person should know before using a bundle, a line or two for each thing."""
    header, calibration = bundle.header, bundle.header.calibration
    calibrated = f"{calibration.method}; {calibration.source}"
    lines = [
        f"{header.name} {header.version}, created {header.created}",
        f"SHA-256: {bundle.id.sha256}",
        f"Intended use: {header.intended_use}",
        f"Population: {header.population_words}",
        *_told(header),
        *(f"Limit: {limit}" for limit in header.limits),
        f"Calibration: {calibrated if calibration.calibrated else wording.NOT_CALIBRATED}",
        f"Thresholds: {header.threshold_rule}",
        *_findings(bundle),
        wording.measured_on(bundle.evaluation),
        f"Learned from: {header.learned_from}",
        f"Licences: code {header.licences.code}; weights {header.licences.weights}; "
        f"films {header.licences.training_data}",
        f"Cite: {header.citation}",
        wording.NOT_A_DEVICE,
    ]
    return "\n".join(wording.printable(line) for line in lines if line)


def _told(header: BundleHeader) -> list[str]:
    names = header.input.fact_names
    if not names:
        return []
    return [f"Told beside a film: {', '.join(names)}, where they are known; reads without them too"]


def _findings(bundle: Bundle) -> list[str]:
    evaluation: Mapping[str, object] | None = bundle.evaluation
    calibrated = bundle.header.calibration.calibrated
    return [
        f"  {finding.display} ({finding.name}): threshold "
        f"{wording.number(bundle.header.thresholds[finding.name], calibrated)}, "
        f"AUROC {wording.measured(evaluation, finding.name)}"
        for finding in bundle.header.label_set.findings
    ]
