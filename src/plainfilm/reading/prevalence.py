"""Probabilities for a site where a finding is more or less common than where they were calibrated.

A probability is right at the prevalence of the films it was calibrated on. Where the site's films
differ from those in that alone (the sick look the same, so do the healthy, there are more or fewer
of them), Bayes' rule tells the probability there, from the two prevalences and nothing else.
Threshold and probability are moved alike, so no call changes: sensitivity and specificity are as
measured.

References
----------
Saerens, Latinne and Decaestecker 2002, Neural Computation 14:21, equation 2.4.
"""

from collections.abc import Mapping
from dataclasses import replace

from plainfilm.errors import BundleError
from plainfilm.findings import FindingResult, Prediction
from plainfilm.reading.header import BundleHeader

Prevalences = Mapping[str, float]


def at_prevalence(probability: float, fitted: float, local: float) -> float:
    """The probability at prevalence `local` of one that holds at `fitted`; all in [0, 1].

    p' = p r / (p r + (1 - p) s), with r = local / fitted and s = (1 - local) / (1 - fitted).
    """
    present = probability * local / fitted
    return present / (present + (1 - probability) * (1 - local) / (1 - fitted))


def check_prevalences(header: BundleHeader, local: Prevalences) -> None:
    """Refuse, before any film is read, what a bundle cannot be recalibrated to.

    Raises
    ------
    BundleError
        It was never calibrated, its findings exclude each other, it does not know a finding, or
        a prevalence is not between 0 and 1.
    """
    known = header.calibration.prevalence
    if local and header.label_set.is_choice:
        found = "its findings exclude each other, so one prevalence moves them all"
        raise BundleError(f"{header.name}: {found}; it cannot be recalibrated")
    if local and not header.calibration.calibrated:
        found = "was never calibrated, so its numbers hold at no prevalence"
        raise BundleError(f"{header.name}: {found}; leave the prevalence out")
    for finding, share in local.items():
        if finding not in header.label_set.names:
            expected = ", ".join(header.label_set.names)
            raise BundleError(f"{header.name}: knows no {finding!r}; expected {expected}")
        if not 0 < share < 1:  # written so that NaN fails
            found = f"prevalence of {finding} {share}"
            raise BundleError(f"{found}; expected a share between 0 and 1, as in 0.05")
        if not 0 < known.get(finding, 0.0) < 1:
            found = f"{header.name}: states no share of {finding} among its calibration films"
            raise BundleError(f"{found}; it cannot be recalibrated")


def for_site(prediction: Prediction, local: Prevalences) -> Prediction:
    """The same answer at a site's prevalences, with a caution for each that says so.

    A film that was refused, or whose numbers are model scores, stays as it is; of the latter a
    caution says that they were not recalibrated. Prevalences as `check_prevalences` lets them pass.
    """
    if not local or prediction.refused is not None:
        return prediction
    if not prediction.calibrated:
        words = "not recalibrated to the site's prevalence: the numbers are model scores"
        return replace(prediction, cautions=(*prediction.cautions, words))
    results, cautions = [], list(prediction.cautions)
    for result in prediction.results:
        share, fitted = local.get(result.finding.name), result.prevalence
        if share is not None and fitted is not None:
            cautions.append(_words(result, fitted, share))
            result = _moved(result, fitted, share)
        results.append(result)
    return replace(prediction, results=tuple(results), cautions=tuple(cautions))


def _moved(result: FindingResult, fitted: float, local: float) -> FindingResult:
    probability, threshold = (
        at_prevalence(value, fitted, local) for value in (result.probability, result.threshold)
    )
    if result.present != (probability >= threshold):  # both moved alike, but for the last digit
        threshold = probability if result.present else min(1.0, probability + 1e-12)
    return replace(result, probability=probability, threshold=threshold, prevalence=local)


def _words(result: FindingResult, fitted: float, local: float) -> str:
    return (
        f"{result.finding.display}: recalibrated to a prevalence of {local:.3g}, as was asked for "
        f"({fitted:.3g} among the films of its calibration); the threshold was moved with it"
    )
