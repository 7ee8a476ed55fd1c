"""The gate: each caution and refusal, where it begins, and what real films pass."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from phantoms import phantom
from plainfilm.images import read_radiograph
from plainfilm.radiograph import Radiograph, View
from plainfilm.reading.bundle import FamiliarityCut, Population
from plainfilm.reading.gate import (
    Check,
    Circumstances,
    Told,
    check_familiarity,
    check_image,
    check_population,
    gather,
    overridden,
    shouts_first,
)

CHILDREN = Population(("chest",), ("PA", "AP"), (1.0, 5.0), "children of one to five years")
ALL_AGES = Population(("chest", "thorax"), ("PA",), None, "chests")
KNOWN = Circumstances(3.0, View.PA, "chest")


def film(pixels: np.ndarray) -> Radiograph:
    return Radiograph(np.clip(pixels, 0, 1).astype(np.float32), "x")


def words(check: Check) -> str:
    return f"{check.refusal} {' '.join(check.cautions)}"


def test_a_film_passes_without_a_word() -> None:
    assert check_image(film(phantom()), 224) == Check((), None)


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (np.full((200, 200), 0.5), "nothing on it"),
        (np.zeros((200, 200)), "nothing on it"),
        (0.5 + 0.015 * phantom(), "nothing on it"),
        (phantom(size=(63, 200)), "too small: 200 x 63 pixels"),
        (phantom(size=(200, 63)), "too small: 63 x 200 pixels"),
        (phantom(size=(100, 801)), "too long for a film: 801 x 100"),
        (np.random.default_rng(0).random((200, 200)), "noise"),
        (np.indices((200, 200)).sum(axis=0) % 2, "noise"),
        (np.tile([0, 0, 0, 1], (200, 50)), "noise"),
    ],
)
def test_a_picture_that_cannot_be_a_film_is_refused(pixels: np.ndarray, reason: str) -> None:
    refusal = check_image(film(pixels)).refusal

    assert refusal is not None
    assert reason in refusal


@pytest.mark.parametrize(
    ("pixels", "caution"),
    [
        (0.5 + 0.08 * phantom(), "the film is faint: most of it lies within"),
        (1 - phantom(), "the film looks inverted"),
        (phantom(size=(100, 401)), "unusually long (401 x 100)"),
        (np.round(phantom() * 9) / 9, "only 10 grey levels"),
        (phantom(size=(100, 120)), "the film is small (120 x 100; the network looks at 224 x 224)"),
    ],
)
def test_an_odd_picture_is_read_with_a_caution(pixels: np.ndarray, caution: str) -> None:
    check = check_image(film(pixels), 224)

    assert check.refusal is None
    assert caution in words(check)


def test_only_a_chest_or_a_knee_is_called_inverted() -> None:
    negative = film(1 - phantom())
    plain = "the film looks inverted (bone dark, air white); if it is, invert it first"

    assert check_image(negative, body_part=" Knee ").cautions == (plain,)
    assert check_image(negative, body_part="chest").cautions == (plain,)
    assert check_image(negative, body_part="hip") == Check()
    assert "if it is a chest or a knee" in words(check_image(negative))


@pytest.mark.parametrize("name", ["RG2_UNC", "RG3_UNC"])
def test_a_hip_and_a_shin_with_white_collimation_are_not_called_inverted(
    shared_data: Path, name: str
) -> None:
    real = read_radiograph(shared_data / "dicom-samples" / "nema-wg04" / f"{name}.dcm")
    known = gather(real, Circumstances()).known

    assert "inverted" in words(check_image(real))
    assert check_image(real, body_part=known.body_part) == Check()


def test_a_limit_itself_is_still_allowed() -> None:
    assert check_image(film(phantom(size=(64, 64))), 64) == Check()
    assert check_image(film(phantom(size=(100, 400)))) == Check()


def test_without_an_input_size_no_film_above_the_least_is_small() -> None:
    assert "small" not in words(check_image(film(phantom(size=(64, 64)))))


def test_a_large_film_is_judged_like_a_small_one() -> None:
    large = np.kron(phantom(), np.ones((5, 5)))

    assert check_image(film(large)) == Check()
    assert "inverted" in words(check_image(film(1 - large)))


@pytest.mark.parametrize(
    ("known", "outside"),
    [
        (replace(KNOWN, age_years=40.0), "age 40, expected 1 to 5 years"),
        (replace(KNOWN, age_years=0.9), "age 0.9"),
        (replace(KNOWN, age_years=6.0), "age 6"),
        (replace(KNOWN, view=View.LATERAL), "view LATERAL, expected PA or AP"),
        (replace(KNOWN, body_part="knee"), "body part knee, expected chest"),
    ],
)
def test_a_film_known_to_be_outside_is_refused(known: Circumstances, outside: str) -> None:
    refusal = check_population(CHILDREN, Told(known)).refusal

    assert refusal is not None
    assert refusal.startswith(outside)
    assert refusal.endswith("The bundle is only for children of one to five years")


@pytest.mark.parametrize(
    ("header", "outside"),
    [
        (Circumstances(age_years=54.0), "by the film's header age 54, expected 1 to 5 years"),
        (Circumstances(view=View.LATERAL), "by the film's header view LATERAL"),
        (Circumstances(body_part="hip"), "by the film's header body part hip"),
    ],
)
def test_a_film_outside_by_its_header_is_refused_whatever_the_caller_says(
    header: Circumstances, outside: str
) -> None:
    refusal = check_population(CHILDREN, Told(KNOWN, header)).refusal

    assert refusal is not None
    assert refusal.startswith(outside)


def test_what_both_say_is_told_once() -> None:
    old = replace(KNOWN, age_years=40.0)
    refusal = check_population(CHILDREN, Told(old, old)).refusal

    assert refusal is not None
    assert refusal.count("age 40") == 1
    assert "header" not in refusal


def test_a_header_s_birthday_a_little_later_does_not_matter() -> None:
    told = Told(replace(KNOWN, age_years=5.5), replace(KNOWN, age_years=6.0))
    assert check_population(CHILDREN, told) == Check()


@pytest.mark.parametrize(
    ("age", "words"), [(64.4764, "age 64,"), (0.99, "age 0.9,"), (6.999, "age 6,")]
)
def test_an_age_is_told_as_a_person_would(age: float, words: str) -> None:
    refusal = check_population(CHILDREN, Told(replace(KNOWN, age_years=age))).refusal
    assert refusal is not None
    assert words in refusal


@pytest.mark.parametrize("age", [1.0, 5.0, 5.99])
def test_the_oldest_age_lasts_to_the_next_birthday(age: float) -> None:
    assert check_population(CHILDREN, Told(replace(KNOWN, age_years=age))) == Check()


def test_all_that_is_outside_is_named_at_once() -> None:
    refusal = check_population(CHILDREN, Told(Circumstances(40.0, View.LATERAL, "knee"))).refusal

    assert refusal is not None
    assert all(each in refusal for each in ("age 40", "view LATERAL", "body part knee"))


@pytest.mark.parametrize(
    ("known", "caution"),
    [
        (Circumstances(), "age, view and body part are not known; make sure"),
        (replace(KNOWN, age_years=None, view=None), "age and view are not known"),
        (replace(KNOWN, view=None), "view is not known"),
    ],
)
def test_what_is_not_known_is_one_caution(known: Circumstances, caution: str) -> None:
    check = check_population(CHILDREN, Told(known))

    assert check.refusal is None
    assert len(check.cautions) == 1
    assert check.cautions[0].startswith(caution)


def test_age_does_not_matter_where_the_bundle_names_none() -> None:
    assert check_population(ALL_AGES, Told(Circumstances(None, View.PA, "thorax"))) == Check()
    assert check_population(ALL_AGES, Told(Circumstances(99.0, View.PA, "chest"))) == Check()


def test_what_is_said_counts_and_a_contradiction_is_told() -> None:
    header = Radiograph(phantom(), "x", view=View.AP, body_part="chest", age_years=40.0)

    told = gather(header, Circumstances(3.0, View.PA, " Knee "))

    assert told.known == Circumstances(3.0, View.PA, "knee")
    assert [caution.split(",")[0] for caution in told.contradictions] == [
        "the film's header says age 40",
        "the film's header says view AP",
        "the film's header says body part chest",
    ]


def test_the_header_counts_where_nothing_is_said() -> None:
    header = Radiograph(phantom(), "x", view=View.AP, body_part="CHEST", age_years=4.0)

    told = gather(header, Circumstances())
    assert told.known == told.header == Circumstances(4.0, View.AP, "chest")
    assert told.contradictions == ()


def test_ages_that_round_alike_do_not_contradict() -> None:
    header = Radiograph(phantom(), "x", age_years=3.8)

    assert gather(header, Circumstances(age_years=3.0)).contradictions == ()


def test_an_empty_body_part_is_not_known() -> None:
    told = gather(film(phantom()), Circumstances(body_part="  "))

    assert told.known.body_part is None
    assert told.contradictions == ()


@pytest.mark.parametrize(
    ("familiarity", "refused", "n_cautions"),
    [(0.0, True, 0), (0.009, True, 0), (0.01, False, 1), (0.049, False, 1), (0.05, False, 0)],
)
def test_unfamiliar_films_are_cautioned_then_refused(
    familiarity: float, refused: bool, n_cautions: int
) -> None:
    check = check_familiarity(familiarity, FamiliarityCut(0.05, 0.01, ""))

    assert (check.refusal is not None) == refused
    assert len(check.cautions) == n_cautions


def test_a_small_familiarity_reads_as_less_than_its_cut() -> None:
    cut = FamiliarityCut(0.01, 0.000959693, "")

    assert "(familiarity 0.0007; at least 0.00096)" in words(check_familiarity(0.0007025, cut))
    assert "(familiarity 0.0072; usual 0.01)" in words(check_familiarity(0.0072, cut))
    assert "(familiarity 0; at least 0.00096)" in words(check_familiarity(0.0, cut))


def test_a_shout_comes_before_the_other_cautions() -> None:
    found = shouts_first(("little like", "OUTSIDE POPULATION: age 54", "small", "faint"))
    assert found == ("OUTSIDE POPULATION: age 54", "little like", "small", "faint")


def test_an_override_turns_the_refusal_into_a_shout() -> None:
    check = overridden(Check(("quiet",), "age 40"))

    assert check == Check(("OUTSIDE POPULATION: age 40", "quiet"), None)
    assert overridden(Check(("quiet",))) == Check(("quiet",))


@pytest.mark.parametrize(
    "pattern",
    [
        "kermany-chest-xray/originals/**/*.jp*g",
        "nih-chestxray14-sample/originals/*.png",
        "hannover-covid-chest/originals/*.png",
        "knee-oa-kl/originals/*.png",
    ],
)
@pytest.mark.slow
def test_real_films_pass_without_a_word(shared_data: Path, pattern: str) -> None:
    paths = sorted(shared_data.glob(pattern))

    odd = {}
    for path in paths:
        grey = np.asarray(Image.open(path).convert("L"), np.float32) / 255
        check = check_image(Radiograph(grey, path.name))
        if check != Check():
            odd[path.name] = check

    assert len(paths) >= 6
    assert odd == {}


def test_a_bundle_of_no_stated_population_refuses_nobody_and_says_so() -> None:
    told = Told(Circumstances(age_years=70, view=View.LATERAL, body_part="knee"))

    check = check_population(None, told)

    assert check.refusal is None
    assert check.cautions == (
        "the bundle does not say whose films it is for; nobody has measured that here",
    )


@pytest.mark.parametrize("familiarity", [0.0099, 0.00996, 0.0099996, 0.00999999999])
def test_a_familiarity_below_its_cut_reads_as_less_than_the_cut(familiarity: float) -> None:
    (caution,) = check_familiarity(familiarity, FamiliarityCut(0.01, 0.001, "")).cautions
    said, cut = (float(word.strip(";)")) for word in caution.split() if "0.0" in word)
    assert said < cut == 0.01
