"""Write tests/golden/page.json: what Python says, for the page's twin of the gate to say as well.

Usage: python scripts/write_page_vectors.py. The page's tests (web/tests/reading) and
tests/web/test_page_vectors.py compare with it.
"""

import itertools
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "tests"))

from plainfilm.findings import Finding, FindingResult, Prediction  # noqa: E402
from plainfilm.radiograph import Radiograph, View  # noqa: E402
from plainfilm.reading import Reader, gate, heatmap, polarity  # noqa: E402
from plainfilm.reading.fast_engine import fit  # noqa: E402
from plainfilm.reading.header_parts import FamiliarityCut, FitPolicy, Population  # noqa: E402
from plainfilm.reports import wording  # noqa: E402
from plainfilm.reports.as_json import prediction_json  # noqa: E402
from tiny_bundle import tiny_bundle  # noqa: E402

FILE = REPOSITORY / "tests" / "golden" / "page.json"
Pixels = NDArray[np.float32]

# Each formula stands in web/tests/reading/pictures.ts as well.
SIZES = [(40, 90), (64, 64), (70, 600), (100, 430), (200, 180), (520, 611)]
FORMULAS = ("slope", "flat", "noise", "levels", "faint", "chest", "negative")


def picture(formula: str, height: int, width: int) -> Pixels:
    """A drawn film that any language can compute."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    u, v = x / width - 0.5, y / height
    chest = np.clip(np.exp(-((u / 0.16) ** 2)) * 0.6 + 0.5 * v**2 - 0.25 * np.abs(u), 0, 1)
    hashed = (np.uint64(73) * x.astype(np.uint64) ** 2 + np.uint64(151) * y.astype(np.uint64)
              * (x.astype(np.uint64) + np.uint64(7))) % np.uint64(251)  # fmt: skip
    found = {
        "slope": (x + y) / (width + height - 2),
        "flat": np.full((height, width), 0.5),
        "noise": hashed / 250,
        "levels": np.floor(8 * x / width) / 8,
        "faint": 0.5 + 0.05 * x / width + 0.04 * y / height,
        "chest": chest,
        "negative": 1 - chest,
    }
    return found[formula].astype(np.float32)


def vectors() -> dict[str, object]:
    """Every case, as plain types."""
    return {
        "made_by": "python scripts/write_page_vectors.py",
        "pictures": list(_pictures()),
        "populations": list(_populations()),
        "familiarity": list(_familiarity()),
        "fits": list(_fits()),
        "words": list(_words()),
        "summaries": list(_summaries()),
        "measured": list(_measured()),
        "heatmaps": list(_heatmaps()),
        "ramp": heatmap.ramp().flatten().tolist(),
        "reader": _reader(),
    }


def _fits():
    for height, width, size in ((40, 90, 12), (64, 31, 16), (16, 16, 16), (7, 9, 11)):
        film = picture("noise", height, width)
        for policy in FitPolicy:
            fitted = fit(film[None, None], size, policy)[0, 0].ravel()
            yield {"height": height, "width": width, "size": size, "policy": policy.value,
                   "fitted": [round(float(value), 7) for value in fitted]}  # fmt: skip


def _check(check: gate.Check) -> dict[str, object]:
    return {"cautions": list(check.cautions), "refusal": check.refusal}


def _pictures():
    for (height, width), formula in itertools.product(SIZES, FORMULAS):
        pixels = picture(formula, height, width)
        for part in (None, "Chest", "hip"):
            film = Radiograph(pixels, "drawn")
            found = gate.check_image(film, 96, body_part=part)
            upright = polarity.uprightness(pixels)
            yield {"formula": formula, "height": height, "width": width, "body_part": part,
                   "uprightness": upright, **_check(found)}  # fmt: skip


POPULATIONS = [
    Population(("chest", "thorax"), ("PA", "AP"), (1.0, 5.0), "children"),
    Population(("knee",), ("AP",), None, "knees"),
    Population(("chest",), ("PA",), (0.5, 110.0), "people"),
    None,
]


def _populations():
    ages = (None, 0.0, 0.96, 1.0, 2.99, 4.2, 5.99, 6.0, 40.3)
    views, parts = (None, "PA", "LATERAL"), (None, "chest", " Knee ")
    some = list(itertools.product(ages, views, parts))
    for at, (one, two) in enumerate(itertools.product(some[::4], some[::5])):
        population = POPULATIONS[at % 4]
        header, said = (_circumstances(*facts) for facts in (one, two))
        film = Radiograph(
            np.zeros((8, 8), np.float32), "drawn",
            view=header.view, body_part=header.body_part, age_years=header.age_years,
        )  # fmt: skip
        told = gate.gather(film, said)
        found = gate.check_population(population, told)
        yield {
            "population": None if population is None else asdict(population),
            "header": _plain(header), "said": _plain(said),
            "known": _plain(told.known), "contradictions": list(told.contradictions),
            **_check(found), "overridden": list(gate.overridden(found).cautions),
        }  # fmt: skip


def _circumstances(age: float | None, view: str | None, part: str | None) -> gate.Circumstances:
    return gate.Circumstances(age, None if view is None else View(view), part)


def _plain(found: gate.Circumstances) -> dict[str, object]:
    view = None if found.view is None else str(found.view)
    return {"ageYears": found.age_years, "view": view, "bodyPart": found.body_part}


def _familiarity():
    cut = FamiliarityCut(0.01, 0.00096, "")
    near = (0.0099, 0.00996, 0.009999999, 0.01)
    for value in (0.0, 1e-7, 0.00055, 0.00096, 0.0049999, *near, 0.5, 1.0):
        yield {
            "familiarity": value,
            "cut": asdict(cut),
            **_check(gate.check_familiarity(value, cut)),
        }


def _words():
    probabilities = (0.0, 0.004, 0.01, 0.05, 0.125, 0.25, 0.335, 0.625, 0.75, 0.9, 0.985, 0.99, 1.0)
    for value, share, calibrated in itertools.product(
        probabilities, (None, 0.0, 0.03, 0.25, 0.6), (True, False)
    ):
        result = FindingResult(Finding("mass", "Mass"), value, 0.5, 0.335, prevalence=share)
        yield {
            "probability": value, "prevalence": share, "calibrated": calibrated,
            "present": result.present, "number": wording.number(value, calibrated),
            "kind": wording.kind_of_number(calibrated),
            "reading": wording.reading(result, calibrated),
        }  # fmt: skip


def _summaries():
    bundle = tiny_bundle().id
    mass, nodule = Finding("mass", "Mass"), Finding("nodule", "Nodule")
    for values, refused, known in (
        ((0.2,), None, (None, None, None)),
        ((0.2, 0.1), None, (0.9, "PA", "chest")),
        ((0.9, 0.7), None, (44.9, "AP", None)),
        ((), "too small.", (3, None, "knee")),
    ):
        results = tuple(
            FindingResult(finding, value, 0.0, 0.5)
            for finding, value in zip((mass, nodule), values, strict=False)
        )
        share = None if refused else 0.004 if len(values) == 1 else 0.625
        prediction = Prediction("a.png", bundle, not refused, results, share, (), refused, *known)
        yield {
            "prediction": prediction_json(prediction), "summary": wording.summary(prediction),
            "familiar": wording.familiarity(prediction), "read_as": wording.read_as(prediction),
        }  # fmt: skip


def _measured():
    for auroc, few in (
        ([0.9751, 0.9584, 0.98849], False), ([0.6, 0.45, 0.7], False),
        ([0.6, 0.55, 0.7], True), (None, False),
    ):  # fmt: skip
        found = {"auroc": auroc, "n_films": 312, "too_few": few}
        evaluation = {"data_set": "drawn", "split": "test", "n_films": 9, "n_patients": 8,
                      "findings": {"mass": found}}  # fmt: skip
        yield {"evaluation": evaluation, "measured": wording.measured(evaluation, "mass"),
               "on": wording.measured_on(evaluation)}  # fmt: skip


def _heatmaps():
    values = np.array([[-1.0, 0.5, 2.0], [0.25, 1.0, 0.0]], np.float32)
    for policy, shape in itertools.product(FitPolicy, ((5, 9), (8, 4))):
        heat = heatmap.heatmap(values, shape, policy)
        yield {"values": values.flatten().tolist(), "policy": str(policy), "height": shape[0],
               "width": shape[1], "heat": heat.flatten().tolist()}  # fmt: skip


def _reader() -> dict[str, object]:
    bundle = tiny_bundle()
    bundle = replace(bundle, header=replace(bundle.header, population=POPULATIONS[0]))
    reader, cases = Reader(bundle, threads=1), []
    for formula, age, view, override in (
        ("chest", 4.0, None, False), ("chest", 30.0, "PA", False), ("chest", 30.0, "PA", True),
        ("faint", None, None, False), ("faint", None, None, True), ("flat", 3.0, "AP", False),
        ("slope", None, "LATERAL", True), ("negative", 2.0, "AP", False),
    ):  # fmt: skip
        film = Radiograph(picture(formula, 120, 100), f"{formula}.png", view=View("PA"),
                          body_part="chest", cautions=("drawn",))  # fmt: skip
        found = reader.read(
            film, age_years=age, view=None if view is None else View(view),
            override_population=override,
        )  # fmt: skip
        outputs = reader.engine.run(film.pixels[None, None])
        cases.append({
            "formula": formula, "age": age, "view": view, "override": override,
            "outputs": {
                "probability": outputs.probability[0].tolist(),
                "score": outputs.score[0].tolist(),
                "familiarity": outputs.familiarity.tolist(),
            },
            "prediction": prediction_json(found),
        })  # fmt: skip
    header = json.loads(bundle.files["bundle.json"])
    return {"header": header, "sha256": bundle.id.sha256, "cases": cases}


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), indent=None, separators=(",", ":")) + "\n", "utf-8")
    print(f"Wrote {FILE.relative_to(REPOSITORY)}")
