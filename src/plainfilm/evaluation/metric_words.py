"""What each number of a report means, in a sentence; shown where a reader points at its name."""

from html import escape

from plainfilm.evaluation.reliability import N_BINS

METRIC_WORDS = {
    "AUROC": (
        "The chance that a film with the finding scores higher than one without: 1 is "
        "perfect, 0.5 a coin. Does not depend on how common the finding is, nor on a "
        "threshold."
    ),
    "Average precision": (
        "The PPV averaged over all thresholds, by gained sensitivity. A coin gives the share "
        "of films with the finding, so it compares only between equal shares."
    ),
    "Sensitivity": ("Of the films with the finding, the share called present."),
    "Specificity": ("Of the films without the finding, the share called absent."),
    "PPV": ("Of the films called present, the share with the finding. Falls where it is rarer."),
    "NPV": ("Of the films called absent, the share without the finding. Rises where it is rarer."),
    "Balanced accuracy": ("The mean of sensitivity and specificity: a coin gives 0.5."),
    "Accuracy": (
        "The share of films called rightly. Calling all films alike already gives the share "
        "of the commoner kind."
    ),
    "F1": (
        "The harmonic mean of sensitivity and PPV, of 'present' alone (binary). Depends on "
        "how common the finding is."
    ),
    "F1, micro": ("F1 of the counts of all findings added up: common findings rule."),
    "F1, macro": (
        "The plain mean of the findings' F1: a rare finding counts like a common one. Not the "
        "same as weighted."
    ),
    "F1, weighted": (
        "The mean of the findings' F1, each weighted by its films: a rare finding hardly "
        "counts. Not the same as macro."
    ),
    "F1, samples": (
        "F1 of each film's own findings, averaged over films; a healthy film that is called "
        "healthy counts 0."
    ),
    "AUROC, micro": (
        "AUROC of all pairs of film and finding taken as one: common findings rule, and it is "
        "high wherever some findings are commoner than others. Not the mean of the AUROCs."
    ),
    "Average precision, micro": (
        "Average precision of all pairs of film and finding taken as one. Not the mean of the "
        "findings'."
    ),
    "Kappa": (
        "Agreement with the labels beyond what chance gives (Cohen): 0 is chance, 1 perfect."
    ),
    "MCC": ("Correlation of calls and labels (Matthews): 0 is chance, 1 perfect."),
    "ECE": (
        "Expected calibration error: how far probabilities lie from the shares seen, on "
        f"average over {N_BINS} bins of equal width. Chance alone gives more than 0."
    ),
    "ECE, equal mass": (f"Expected calibration error over {N_BINS} bins with equally many films."),
    "Brier": ("The mean squared distance of probability and label: 0 is perfect."),
    "Calibration slope": (
        "1 is right; below 1 the probabilities are too extreme, above 1 too timid."
    ),
    "Calibration intercept": (
        "0 is right; below 0 the probabilities are too high on average, above 0 too low."
    ),
    "gap": ("The group's number minus that of all other films."),
    "Threshold": ("From this probability on a film is called present."),
    "Bundle minus all": ("Net benefit over acting on every film: above 0 the bundle is of use."),
    "AUROC, frame only": (
        "AUROC of films of which only the outer frame is left: 0.5 is as it should be."
    ),
    "Pointing": ("The share of boxes that hold the map's hottest place."),
}


def term(words: str) -> str:
    """The words as HTML, escaped; with a sentence on what they mean where there is one."""
    meaning = METRIC_WORDS.get(words)
    if meaning is None:
        return escape(words)
    return f'<abbr title="{escape(meaning)}">{escape(words)}</abbr>'


def glossary() -> str:
    """All of them as a list, since a printed page has no tooltips."""
    rows = (f"<dt>{escape(w)}</dt><dd>{escape(m)}</dd>" for w, m in METRIC_WORDS.items())
    return f"<dl>{''.join(rows)}</dl>"
