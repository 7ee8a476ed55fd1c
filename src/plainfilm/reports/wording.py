"""The words a person reads beside a number; every report and the command line use these.

A number is an "estimated probability" only where the bundle is calibrated, else a "model score".
A low number never becomes an absence, and nothing here is called a diagnosis.
"""

import math
from collections.abc import Mapping

from plainfilm.findings import FindingResult, Prediction
from plainfilm.reading.facts import facts_words

NOT_A_DEVICE = (
    "Not a medical device. Research and teaching software; not for diagnosis, triage or treatment."
)
ASSISTS = "It assists a reader and never replaces one: a second opinion, not a diagnosis."
NOT_REVIEWED = "Made by software and not reviewed: a qualified reader must see the original film."
MAP_CAPTION = "where the score comes from, not an outline of disease"
NO_HEAT = "no heat on this scale"
NOT_CALIBRATED = "none: the numbers are model scores, not probabilities"
NOT_NORMAL = "This does not mean that the film is normal."

# The reading room's word for "the caller overrode the bundle's population".
_OVERRIDE = "OUTSIDE POPULATION"

CHANCE = 0.5  # the AUROC of a coin
RARE = 0.25  # of the calibration films; below, the bands of a report's words say nothing

_BANDS = (
    (0.90, "most likely"),
    (0.75, "likely"),
    (0.25, "may represent"),
    (0.05, "unlikely"),
)


def kind_of_number(calibrated: bool) -> str:
    """What the numbers are called: "estimated probability" or "model score"."""
    return "estimated probability" if calibrated else "model score"


def number(value: float, calibrated: bool) -> str:
    """A value in [0, 1] with two digits at most: "94 %" where calibrated, else "0.94"."""
    low, high, middle = ("< 1 %", "> 99 %", f"{100 * value:.0f} %")
    if not calibrated:
        low, high, middle = ("< 0.01", "> 0.99", f"{value:.2f}")
    if value < 0.01:
        return low
    return high if value > 0.99 else middle


def band(probability: float) -> str:
    """A calibrated probability in words; an edge belongs to the band below it.

    References
    ----------
    Brigham and Women's Hospital, "Diagnostic certainty scale" for radiology reports (2020): over
    90 %, 75 to 90 %, 25 to 75 %, 5 to 25 %, under 5 %.
    """
    return next((words for edge, words in _BANDS if probability > edge), "very unlikely")


def verdict(result: FindingResult) -> str:
    """On which side of its threshold a finding lies: "above" or "below"; a tie is above."""
    return "above" if result.present else "below"


def reading(result: FindingResult, calibrated: bool) -> str:
    """One finding in words: "above the threshold; most likely", or beside the average film.

    Of a rare finding every probability is small and "very unlikely" beside "above the threshold"
    would mislead: there the ratio to the finding's share is said, "4.2 times the average (3 %)".
    Where never calibrated only the side of the threshold is.
    """
    side = f"{verdict(result)} the threshold"
    if not calibrated:
        return side
    share = result.prevalence
    if share is None or not 0 < share < RARE:
        return f"{side}; {band(result.probability)}"
    return f"{side}; {_times(result.probability / share)} the average ({number(share, True)})"


def _times(ratio: float) -> str:
    return "less than 0.1 times" if ratio < 0.1 else f"{ratio:.1f} times"


def summary(prediction: Prediction) -> str:
    """One sentence on a whole film: what lies above its threshold, or why there is no answer."""
    if prediction.refused is not None:
        return f"Refused: {prediction.refused.rstrip('.')}. No answer is given for this film."
    above = [result.finding.display for result in prediction.results if result.present]
    if above:
        return f"Above the threshold: {', '.join(above)}. Not a diagnosis."
    if len(prediction.results) == 1:  # of a bundle that knows more, perhaps
        return f"{prediction.results[0].finding.display} is below its threshold. {NOT_NORMAL}"
    return f"No finding above its threshold. {NOT_NORMAL}"


def is_override(caution: str) -> bool:
    """Whether a caution says that the film is read outside the bundle's population."""
    return caution.startswith(_OVERRIDE)


def not_read(n_failures: int) -> str:
    """How many files are missing from a report: "2 files could not be read"; empty for none."""
    if not n_failures:
        return ""
    return f"{n_failures} file{'s' if n_failures > 1 else ''} could not be read"


def more_heat(n_findings: int) -> str:
    """What stands over the heat of findings that is not shown at once."""
    findings = "finding" if n_findings == 1 else "findings"
    return f"Heat of {n_findings} more {findings}, below the threshold"


def familiarity(prediction: Prediction) -> str:
    """How familiar the film looked, in a sentence; empty where it was not measured."""
    if prediction.familiarity is None:
        return ""
    films = "of the films the bundle was validated on"
    if prediction.familiarity < 0.01:
        return f"Fewer than 1 % {films} look this unfamiliar."
    share = f"{100 * prediction.familiarity:.0f} %"
    return f"Looks at least as familiar as {share} {films}."


def read_as(prediction: Prediction) -> str:
    """What the film was taken for: "Read as: age 3, view PA, body part chest."."""
    age = None if prediction.age_years is None else f"{math.floor(prediction.age_years)}"
    facts = {"age": age, "view": prediction.view, "body part": prediction.body_part}
    words = (f"{what} {fact or 'not known'}" for what, fact in facts.items())
    return f"Read as: {', '.join(words)}."


def told(prediction: Prediction) -> str:
    """What the network was told beside the film, in a sentence; empty where its kind is told none.

    "The network was told: age 60, sex F, view not known."
    """
    if prediction.facts is None:
        return ""
    return f"The network was told: {facts_words(prediction.facts)}."


def printable(text: str) -> str:
    """The text on one line that any terminal may show: what is not printable becomes "?"."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def measured(evaluation: Mapping[str, object] | None, finding: str) -> str:
    """How well a finding is told apart, with its interval: "0.975 (0.958 to 0.988), 312 films".

    "not measured" where the evaluation has no such number.
    """
    numbers = _mapping(_mapping(_mapping(evaluation).get("findings")).get(finding))
    found = numbers.get("auroc")
    values = [v for v in found if isinstance(v, float)] if isinstance(found, list) else []
    if len(values) != 3:
        return "not measured"
    words = f"{values[0]:.3f} ({values[1]:.3f} to {values[2]:.3f}), {numbers.get('n_films')} films"
    if numbers.get("too_few"):
        return f"{words}, too few to rely on"
    return f"{words}; may be chance" if values[1] <= CHANCE else words


def measured_for(
    prediction: Prediction, evaluation: Mapping[str, object] | None, finding: str
) -> str:
    """As `measured`, where the prediction's film is one of those that were measured."""
    if any(is_override(caution) for caution in prediction.cautions):
        return "not measured on such films"
    return measured(evaluation, finding)


def measured_on(evaluation: Mapping[str, object] | None) -> str:
    """Which films the bundle was measured on, in a sentence; empty where nothing was measured."""
    facts = _mapping(evaluation)
    if "data_set" not in facts:
        return ""
    films, patients = facts.get("n_films"), facts.get("n_patients")
    place = f"{facts['data_set']}, {facts.get('split')} split"
    return f"Measured on {place}: {films} films of {patients} patients."


def _mapping(found: object) -> Mapping[str, object]:
    return found if isinstance(found, Mapping) else {}
