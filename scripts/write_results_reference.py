"""Write docs/reference/results.md: what the recipes score on the films at hand.

From recipes/results/*.json (by `run_recipes.py`) and published.toml there, and the shipped bundles.
"""

import csv
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from plainfilm.reading.bundle import Bundle
from plainfilm.reading.shelf import bundled

REPOSITORY = Path(__file__).resolve().parent.parent
RECIPES = REPOSITORY / "recipes"
RESULTS = RECIPES / "results"
PAGE = REPOSITORY / "docs" / "reference" / "results.md"

HEAD = """# Results of the recipes

Written by `python scripts/write_results_reference.py`; a test holds the two equal.

**These are no reproductions.** The published experiments' recipes were run so shrunk (smaller
films, one to eight epochs, one thread or two) that each takes minutes: they show that a recipe runs
from films to measured bundle, and what it is then worth, good or bad. The large networks had few
steps and it shows: an AUROC near .5 is a coin. Where a head looks at every pixel, a smaller film
leaves it fewer parameters than the published network has. `chest14-demo` and `pneumonia-paediatric`
are the shipped bundles, trained as their recipes say. The recipes for MURA's films, which are not
at hand, learned from knees instead (Kellgren-Lawrence grade 2 or more is abnormal; both knees of a
patient are one study).

In brackets: 95 % intervals, by a bootstrap over patients. Sensitivity and specificity are at the
threshold that the recipe's rule chose on validation films (`pneumonia-paediatric`: across patients
on test films). A film that the bundle refused, as unlike any that it learned from, is in no number;
"of" says so. Seconds are an epoch's, on one or two threads of a busy machine: an upper bound."""

NEVER = """Two reasons hold for every row: the films, since each set here is a part of the published
one (kermany 5,528 of 5,856 films, chestxray14 1,359 of 112,120, knees for MURA), and the split, by
which no patient is in two parts here. Size and epochs hold for all but the two shipped bundles."""

REFUSED = """`kermany-alexnet` is given four epochs, because a bundle of its first one was refused:
its scores lay within .01 of each other, the calibration multiplied them by 228, and what single
precision rounds (two steps of 1.2e-7) became 1.2e-5 of a probability, where 1e-5 is allowed.
`kermany-vgg16` is run with a learning rate of 1e-4: with the 1e-3 of its authors all its scores
were the same to 1.5e-8 after an epoch, as theirs ended too, and its bundle was refused."""

BY_FINDING = """AUROCs of networks on ChestX-ray14 as they were published, for their own films:
Wang et al. 2017 (arXiv 1705.02315), Yao et al. 2017 (arXiv 1710.10501) and CheXNet (Rajpurkar et
al. 2017, arXiv 1711.05225, Table 2, which has all three). The means are ours. Of
"Checxray: A SaaS Application for Chest X-Ray Diagnosis" the means alone are at hand: .80164 with
DenseNet-169, .80127 with DenseNet-201, .83198 with DenseNet-121, the last below CheXNet's."""

# A recipe of no published experiment: its page tells what it scores.
ELSEWHERE = {"chest14-encoder": "../how-to/train-on-an-encoder.md"}

Row = Mapping[str, Any]


def reference() -> str:
    """The whole page."""
    rows = {path.stem: json.loads(path.read_text("utf-8")) for path in RESULTS.glob("*.json")}
    rows |= {path.stem: _shipped(Bundle.load(path)) for path in bundled()}
    ordered = dict(sorted(rows.items()))
    parts = [
        HEAD,
        *_table(_NUMBERS, (_numbers(name, row) for name, row in ordered.items())),
        f"\n{REFUSED}",
        "\n## Beside what was published\n",
        NEVER,
        "",
        *_table(("recipe", "published", "and why not to be compared"), _published(ordered)),
        "\n## By study\n",
        *_table(_STUDIES, _studies(ordered)),
        "\n## Published by finding\n",
        BY_FINDING,
        "",
        *_table(("finding", *published_aurocs()), _published_by_finding()),
    ]
    for name, row in ordered.items():
        if len(row["findings"]) > 1:
            parts += [f"\n## {name}, by finding\n", *_table(_FINDINGS, _findings(row))]
    parts += [
        f"\nWhat `{name}` scores, [its page]({page}) tells." for name, page in ELSEWHERE.items()
    ]
    missing = sorted({path.stem for path in RECIPES.glob("*.toml")} - rows.keys() - set(ELSEWHERE))
    if missing:
        parts.append(f"\n## Not run\n\n{', '.join(f'`{name}`' for name in missing)}.")
    parts.append("\n## The commands\n\nWhere FOLDER is the data set's; all of them by")
    parts.append("`python scripts/run_recipes.py`. A shipped bundle's are in its card.\n\n```text")
    parts.append(
        "\n\n".join("\n".join(row["commands"]) for row in ordered.values() if row["commands"])
    )
    return "\n".join([*parts, "```", ""])


def published_aurocs() -> dict[str, dict[str, float]]:
    """Work → finding → AUROC on ChestX-ray14, from published-aurocs.csv."""
    with (RESULTS / "published-aurocs.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    works = [name for name in rows[0] if name != "finding"]
    return {work: {row["finding"]: float(row[work]) for row in rows} for work in works}


_NUMBERS = (
    "recipe", "learned from", "pixels", "epochs", "parameters", "s/epoch", "tested on", "AUROC",
    "average precision", "sensitivity", "specificity",
)  # fmt: skip
_STUDIES = ("recipe", "studies", "AUROC", "accuracy", "kappa", "sensitivity", "specificity")
_FINDINGS = ("finding", "films", "AUROC", "average precision", "sensitivity", "specificity")
_AT = ("sensitivity", "specificity")


def _numbers(name: str, row: Row) -> list[str]:
    findings = list(row["findings"].values())
    single = findings[0] if len(findings) == 1 else {}
    return [
        f"`{name}`",
        f"{row['n_train_films']:,} films of {row['data_set']}",
        str(row["size"]),
        str(row["epochs"]),
        f"{row['n_parameters']:,}",
        f"{row['seconds_per_epoch']:.0f}",
        f"{_tested(row)} films of {row['n_test_patients']} patients",
        *(_interval(row["mean"].get(key)) for key in ("auroc", "average_precision")),
        *(_interval(single.get(key)) if single else "by finding" for key in _AT),
    ]


def _tested(row: Row) -> str:
    """How many films the numbers are of, and of how many, where a bundle refused some."""
    n_all = row["n_test_films"]
    n_read = max(numbers["n_films"] for numbers in row["findings"].values())
    return str(n_all) if n_read == n_all else f"{n_read} of {n_all}"


def _published(rows: Mapping[str, Row]) -> Iterator[list[str]]:
    told = tomllib.loads((RESULTS / "published.toml").read_text("utf-8"))
    for name in rows:
        yield [f"`{name}`", told[name]["numbers"], told[name]["why"]]


def _published_by_finding() -> Iterator[list[str]]:
    works = list(published_aurocs().values())
    for finding in works[0]:
        yield [finding, *(f"{work[finding]:.3f}" for work in works)]
    yield ["mean", *(f"{fmean(work.values()):.5f}" for work in works)]


def _studies(rows: Mapping[str, Row]) -> Iterator[list[str]]:
    for name, row in rows.items():
        for numbers in row["studies"].get("findings", {}).values():
            keys = ("auroc", "accuracy", "kappa", *_AT)
            yield [f"`{name}`", str(numbers["n_studies"]), *(_interval(numbers[k]) for k in keys)]


def _findings(row: Row) -> Iterator[list[str]]:
    for numbers in row["findings"].values():
        keys = ("auroc", "average_precision", *_AT)
        few = " (few)" if numbers["too_few"] else ""
        present = f"{numbers['n_present']} of {numbers['n_films']}{few}"
        yield [numbers["display"], present, *(_interval(numbers.get(key)) for key in keys)]


def _shipped(bundle: Bundle) -> Row:
    """The row of a shipped bundle, by what it says of itself."""
    header, measured = bundle.header, dict(bundle.evaluation or {})
    details = header.provenance.details
    n_runs = 1 + sum(key.startswith("run ") for key in details)
    epochs = _number(details["epochs"])
    return {
        "commands": [],
        "data_set": header.provenance.data_set,
        "n_train_films": _number(details["films"]),
        "n_test_films": measured["n_films"],
        "n_test_patients": measured["n_patients"],
        "size": header.input.size,
        "epochs": epochs,
        "n_parameters": int(details["network"].split(", ")[1].split()[0].replace(",", "")),
        "seconds_per_epoch": header.provenance.seconds / epochs / n_runs,
        "mean": measured["mean"],
        "findings": measured["findings"],
        "studies": measured["studies"],
    }


def _number(words: str) -> int:
    found = re.match(r"[\d,]+", words)
    if found is None:
        raise ValueError(f"{words!r} begins with no number")
    return int(found[0].strip(",").replace(",", ""))


def _interval(value: Sequence[float | None] | None) -> str:
    if value is None or value[0] is None:
        return "—"
    middle, low, high = value
    return f"{middle:.3f}" + ("" if low is None or high is None else f" ({low:.3f} to {high:.3f})")


def _table(heads: Sequence[str], rows: Iterator[list[str]]) -> Iterator[str]:
    if heads is _NUMBERS:
        yield ""
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    yield from (f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
