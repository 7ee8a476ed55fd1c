"""A prediction as a short table for a terminal."""

from plainfilm.findings import FindingResult, Prediction
from plainfilm.reports import wording


def text_table(prediction: Prediction) -> str:
    """One film in a few lines: its name, its cautions, a row for each finding, one sentence.

    Control characters of the film's name or of its cautions are shown as "?".
    """
    bundle = prediction.bundle
    lines = [f"{prediction.name}  ({bundle.name} {bundle.version})"]
    lines += [f"  {_warned(caution)}" for caution in prediction.cautions]
    lines += [f"  {told}" for told in [wording.told(prediction)] if told]
    if prediction.results:
        kind = wording.kind_of_number(prediction.calibrated)
        width = max(len("finding"), *(len(r.finding.display) for r in prediction.results))
        lines.append(f"  {'finding':<{width}}  {kind}  threshold")
        lines += [_row(result, prediction, width) for result in prediction.results]
    lines.append(f"  {wording.summary(prediction)}")
    return "\n".join(wording.printable(line) for line in lines)


def _warned(caution: str) -> str:
    return caution if wording.is_override(caution) else f"caution: {caution}"


def _row(result: FindingResult, prediction: Prediction, width: int) -> str:
    calibrated = prediction.calibrated
    value = wording.number(result.probability, calibrated)
    threshold = wording.number(result.threshold, calibrated)
    columns = (
        f"{result.finding.display:<{width}}",
        f"{value:>{len(wording.kind_of_number(calibrated))}}",
        f"{threshold:>{len('threshold')}}",
        wording.reading(result, calibrated),
    )
    return f"  {'  '.join(columns)}"
