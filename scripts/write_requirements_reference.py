"""Write docs/reference/requirements.md: which tests carry which requirement.

A test carries the ids that stand in its name (test_s0_01_...) or in its docstring (S0-01).
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PAGE = REPOSITORY / "docs" / "reference" / "requirements.md"

HEAD = """# Requirements and their tests

Written from the tests by `python scripts/write_requirements_reference.py`; a test holds the two
equal. The requirements are taken from four earlier works, which the first letter and digit of an id
name:

- **S0**: Elkins, Freitas and Sanz, "Developing an app to interpret chest X-rays …", Journal of
  Medical Artificial Intelligence 2020;3:8
- **S2**: Buluttekin, "Pneumonia Detection from Chest X-Ray Images", MSc report, Birkbeck 2020
- **S3**: "Project Report: X-Ray Machine Learning", Team 6, 2019
- **S4**: "Checxray: A SaaS Application for Chest X-Ray Diagnosis"

Tests on the public films or their labels are skipped where those are not at hand; where they are,
`PLAINFILM_TEST_DATA` names their folder.
"""

REQUIREMENTS = {
    "S0-01": "ChestX-ray14 is known as a whole: 112,120 films of 30,805 patients.",
    "S0-02": "Its label file is read with every field, in spite of its broken header, and with "
    "ages in both notations.",
    "S0-03": "The fourteen findings have one order and are known by every usual spelling; an "
    "unknown label is refused.",
    "S0-04": "The films with at least one finding: 51,759.",
    "S0-05": "Any finding can be set against all other films; the counts are exact.",
    "S0-06": "One finding against all others, prepared from the label file or sorted into two "
    "folders; a second run changes nothing.",
    "S0-07": "Films sorted into folders: the folder's name is the label.",
    "S0-08": "A fifth of the films, rounded down, validates: 10,351 of 51,759.",
    "S0-09": "The film-by-film split of that work is drawn again from its seed.",
    "S0-10": "The default split is by patient and leaks none; how much the film-by-film split "
    "leaks is measured.",
    "S0-13": "Films are decoded by as many workers as asked for, with the same result.",
    "S0-14": "A label file for other programs: image, findings joined by a bar, one column per "
    "finding; it reads back as the same table.",
    "S0-15": "To take the labels out of the metadata and to write that file are two functions; "
    "its columns are fourteen, in the one order.",
    "S0-16": "One call goes from such a file to films for training and for validation; a missing "
    "film is named.",
    "S0-17": "A film's name tells its patient and its follow-up.",
    "S0-18": "The co-occurrence matrix of the fourteen findings is exact; as a table and a figure.",
    "S0-19": "Three class weightings stand beside that matrix.",
    "S0-20": "The official split: 86,524 and 25,596 films, and no patient in both.",
    "S0-23": "Brightness and contrast of every film are changed, within an extent, by the tones or "
    "by their logits.",
    "S0-30": "How much a bundle loses on films as poor equipment gives them is measured and said.",
    "S0-36": "Findings that exclude each other have probabilities that add up to 1.",
    "S0-85": "Films without any finding are a class on request; age, sex and view are inputs on "
    "request.",
    "S1-05": "What class weights do is shown, as S0-66.",
    "S2-01": "Each objective of that work has its command; see the end of this page.",
    "S2-04": "The tree holds what a newcomer looks for.",
    "S2-05": "A run is made again from what it recorded, with the same metrics; commit and "
    "installed packages are in its record.",
    "S2-06": "Data are fetched with a key from outside the code, that no message shows.",
    "S2-08": "A small sample is learnt by heart: 16 films, every one right, in 60 s of one core.",
    "S2-09": "A loss that rises is told; one that is no number stops the training with a message.",
    "S2-10": "Shapes of input, layers and output are checked and told, with the number of weights.",
    "S2-11": "The device is found, and asked for in vain refused; without a GPU the CPU trains.",
    "S2-12": "The log of a training survives a kill.",
    "S2-13": "A killed training goes on in its epoch and ends with the weights of a whole one.",
    "S2-14": "A bundle holds the weights, the training's history and its environment.",
    "S2-15": "Kermany's paediatric folders are read, .jpeg and .jpg; hidden files are left out.",
    "S2-16": "Their published counts are known: 5,856 films.",
    "S2-17": "The validation folder of 16 films is too small: that is said, and validation is "
    "taken from train instead, by patient.",
    "S2-18": "The films' sizes are counted; as a table and a figure.",
    "S2-21": "Brightness is changed, within an extent; saturation, which no grey film has, is "
    "refused with that reason.",
    "S2-23": "A film as one vector for classical classifiers, channel after channel.",
    "S2-25": "The same batches for the same seed; how long the device waits for them is told.",
    "S2-26": "Classes are evened out: by copies of the rarer alone, with a warning of the "
    "shortcut, or by repeating its films and changing those of both.",
    "S2-27": "The naive baseline, which says the larger class of every film: 62.5 % right.",
    "S2-28": "Precision, recall and F1 of every experiment; present is the positive class.",
    "S2-29": "A random forest; trees and pixels per branch by cross-validation, by patient.",
    "S2-30": "A support vector machine; kernel, C and gamma by cross-validation.",
    "S2-31": "Chosen by cross-validation, fitted again on all training films, then tested, once.",
    "S2-38": "A search over rate, momentum, layers, units, kernel size, decay and batch size, and "
    "the network that one ended with.",
    "S2-52": "Several bundles become one, whose answer is the mean of their probabilities.",
    "S3-01": "MURA's published studies are known: 14,863, of which 207 are not public.",
    "S3-02": "All seven body parts are reported.",
    "S3-03": "Both kinds of MURA's tables are read, with films of any size.",
    "S3-04": "A list of films per body part, of train and of validation.",
    "S3-05": "Grey films of one size, of one body part or of all, kept as bytes.",
    "S3-06": "Shuffling keeps films and labels together.",
    "S3-07": "Data are shared out by patient, and so by study.",
    "S3-08": "Films standardised pixel by pixel, by the mean and deviation of the train films.",
    "S3-09": "That is computed without a copy of all films in memory.",
    "S3-10": "Its sums are exact where single precision loses count; the bytes stay bytes.",
    "S3-11": "A share of the films validates, which can be changed.",
    "S3-12": "Cross-validation: every fold validates once, the others train from fresh weights, "
    "none is left over; the mean score is told.",
    "S3-15": "A study's answer is the mean of its films'; at one half it counts as present.",
    "S3-16": "Accuracy and the four counts behind it, of films and of studies.",
    "S3-17": "What calling every study normal would reach stands beside the accuracy.",
    "S0-59": "The averages of that work's Figure 9 are stored as reported, and not comparable.",
    "S0-60": "All findings' curves in one figure, with their mean and micro; and as a table.",
    "S0-64": "Its table of areas is stored, with its mean of .7850.",
    "S0-65": "Its table of average precision is stored, mean .1550, and flagged as not valid.",
    "S0-66": "A loss with weights and one without, trained on one seed and split, stand side by "
    "side with both their curves.",
    "S0-68": "CheXNet and its radiologists stand with their films, so that unlike numbers are not "
    "ranked.",
    "S0-69": "Grad-CAM at the last layer, or any, of any class; of an average and a linear layer "
    "it is CAM; 7 x 7 for DenseNet-121 at 224 pixels.",
    "S0-70": "Film and heat side by side, over red to yellow, with title and colour bar; the "
    "hottest place stays, to a cell.",
    "S0-71": "Guided Grad-CAM is the real one, of a run or a bundle, and zero where Grad-CAM is.",
    "S0-72": "The activation map is the mean of the feature map's channels.",
    "S0-73": "One command makes the panel of film, map and precision-recall curve.",
    "S0-74": "A training film is explained only where that is allowed, and the split is told.",
    "S0-75": "Heat outside the body is told with each map; the body is found by brightness.",
    "S2-39": "Below the threshold, the map of the decision is what speaks against, and not blank.",
    "S3-29": "Grad-CAM from the last feature layer to the output, as S0-69.",
    "S3-30": "Colours may be added to the film pixel by pixel, cut off at white, red the most.",
    "S3-31": "A map without positive evidence is blank, without a division by zero, and says so.",
    "S2-53": "What files and records alone tell of a data set's labels is measured, and warned of.",
    "S3-20": "A network that says one thing of every film is told.",
    "S3-24": "Five folds, to choose settings by.",
    "S3-26": "Accuracy and kappa of every body part, by films.",
    "S3-27": "Accuracy and kappa of every body part, by studies; that work's own, by patients, are "
    "stored as printed.",
    "S3-28": "A batch too large for the memory is learnt in parts, or its maps are computed again "
    "instead of kept; DenseNet-169 has a recipe.",
    "S3-33": "Every reading says that it assists a reader and never replaces one: on the page, in "
    "the PDF that is printed of page or report, and in the DICOM structured report.",
    "S3-34": "Films lose their patients: the Basic Profile of PS3.15 for DICOM, whatever is "
    "attached for PNG, JPEG and TIFF; text in the pixels is always cautioned about.",
    "S3-35": "The report shows every body part beside the overall numbers.",
    "S4-02": "The first release of the ChestX-ray14 labels is told from the later one.",
    "S4-05": "Three networks' mean areas are stored: .80164, .80127, .83198.",
    "S4-06": "Wang's, Yao's and CheXNet's means follow from their fourteen areas; this work's is "
    "below CheXNet's.",
    "S4-07": "Synchronous training over several processes: gradients are added up at each step; "
    "equal to one process with the same batch.",
    "S4-08": "Each process sees a different part of the data, and all of them the whole.",
    "S4-09": "The chief alone writes logs and checkpoints.",
    "S4-10": "Gradients travel by gloo or nccl; chosen by itself.",
    "S4-11": "The chief writes the curves of loss and rate.",
}

OPEN = {  # what no test carries yet, of a requirement that has tests
    "S0-09": "the counts per finding, on that author's own label file",
    "S0-10": "that work's own 8,591 films and 3,984 patients, on its author's label file",
    "S0-64": "of the fourteen areas, the eleven that are not known here",
    "S0-65": "of the fourteen precisions, the thirteen that are not known here",
    "S4-05": "the areas finding by finding, which are not known here",
    "S4-06": "this work's own fourteen areas; that six are above CheXNet's stands as reported",
    "S2-11": "a training on XPU or MPS, which no test machine has",
}

OBJECTIVES = {
    "preprocessing and exploration of the films": ["plainfilm prepare"],
    "baselines": ["plainfilm baseline", "plainfilm train"],
    "improving on them": ["plainfilm train --set", "plainfilm evaluate --compare"],
    "interpretability": ["plainfilm explain"],
    "ways to deploy": ["plainfilm export", "plainfilm bundles", "plainfilm read"],
}

_IN_NAME = re.compile(r"(?<![a-z0-9])s(\d)_(\d\d)(?![0-9])")
_IN_DOCSTRING = re.compile(r"\bS(\d)-(\d\d)\b")


def reference() -> str:
    """The whole page."""
    carriers = _carriers()
    asked = [_requirement(id_, words, carriers[id_]) for id_, words in REQUIREMENTS.items()]
    others = [
        f"- {id_}: {_places(carriers[id_])}" for id_ in sorted(carriers.keys() - REQUIREMENTS)
    ]
    return "\n".join(
        [
            HEAD,
            *asked,
            "## Others\n\nIds of the same works that tests carry beside these:\n",
            *others,
            "\n## The objectives of S2, and their commands\n",
            "| objective | commands |\n|---|---|",
            *(f"| {what} | {_code(words)} |" for what, words in OBJECTIVES.items()),
            "",
        ]
    )


def _requirement(id_: str, words: str, tests: list[tuple[str, str]]) -> str:
    carried = [f"- `{file}`: `{name}`" for file, name in tests] or ["- No test carries it yet."]
    left = [f"- Still open: {OPEN[id_]}."] if id_ in OPEN else []
    return "\n".join([f"## {id_}\n\n{words}\n", *carried, *left, ""])


def _carriers() -> dict[str, list[tuple[str, str]]]:
    """Id → (file, name) of each test that carries it."""
    carriers: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for path in sorted((REPOSITORY / "tests").rglob("test_*.py")):
        for test in _tests(path):
            for id_ in _ids(test):
                carriers[id_].append((path.relative_to(REPOSITORY).as_posix(), test.name))
    return carriers


def _tests(path: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node


def _ids(test: ast.FunctionDef) -> list[str]:
    found = [*_IN_NAME.findall(test.name), *_IN_DOCSTRING.findall(ast.get_docstring(test) or "")]
    return sorted({f"S{work}-{number}" for work, number in found})


def _places(tests: list[tuple[str, str]]) -> str:
    return _code(sorted({file for file, _ in tests}))


def _code(words: list[str]) -> str:
    return ", ".join(f"`{each}`" for each in words)


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
