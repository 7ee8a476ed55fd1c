"""Which of a file's outputs are kept, what they mean, and where their thresholds come from."""

from collections.abc import Sequence
from dataclasses import dataclass

from plainfilm.errors import RunError
from plainfilm.findings import Finding, LabelSet
from plainfilm.imports.forms import Form, finding_of, trained
from plainfilm.networks.weights import State

MIDDLE = 0.5  # the threshold where nobody published one


@dataclass(frozen=True)
class Outputs:
    """The outputs of a file of weights.

    Parameters
    ----------
    names
        The source's names of all outputs, in the file's order.
    kept
        Places of those that were trained, rising.
    findings
        What these mean.
    points
        Their published operating points; () = none were published.
    """

    names: tuple[str, ...]
    kept: tuple[int, ...]
    findings: tuple[Finding, ...]
    points: tuple[float, ...]

    @property
    def thresholds(self) -> dict[str, float]:
        """Finding name to published operating point, or to the middle."""
        points = self.points or (MIDDLE,) * len(self.findings)
        return {finding.name: point for finding, point in zip(self.findings, points, strict=True)}

    @property
    def threshold_rule(self) -> str:
        """Where the thresholds come from, in plain words."""
        if self.points:
            return "the source's published operating points, not chosen or measured here"
        return f"{MIDDLE}, which nobody has chosen for these findings"

    @property
    def dropped(self) -> tuple[str, ...]:
        """Names of the outputs that were never trained."""
        return tuple(name for place, name in enumerate(self.names) if place not in self.kept)


def outputs_of(form: Form, findings: Sequence[str], state: State) -> Outputs:
    """The outputs of a file of this form.

    Parameters
    ----------
    findings
        The user's names of the outputs, where the form has none of its own.
    state
        The tensors; torchxrayvision's newer files bring their operating points, which then count.

    Raises
    ------
    RunError
        Findings are missing, doubled, or named where the form has its own.
    """
    names = _names(form, findings)
    points = _points(form, state)
    kept = tuple(trained(points)) if points else tuple(range(len(names)))
    try:
        found = tuple(finding_of(names[place]) for place in kept)
        LabelSet(found)
    except ValueError as error:
        raise RunError(f"findings: {error}.") from error
    return Outputs(names, kept, found, tuple(points[place] for place in kept) if points else ())


def _names(form: Form, findings: Sequence[str]) -> tuple[str, ...]:
    if form.outputs and findings:
        raise RunError("findings: this form has its own outputs; leave them out.")
    if not form.outputs and not findings:
        raise RunError(
            "findings: this form does not tell what its outputs mean. Name them in their order "
            "(--findings 'Pneumonia,Effusion'); a wrong order cannot be found out."
        )
    return form.outputs or tuple(findings)


def _points(form: Form, state: State) -> tuple[float, ...]:
    own = state.get("op_threshs") if form.points else None
    if own is None:
        return form.points
    if own.shape != (len(form.outputs),):
        raise RunError(f"op_threshs: found {tuple(own.shape)}; expected ({len(form.outputs)},).")
    return tuple(map(float, own))
