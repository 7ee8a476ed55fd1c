"""S2-03, S2-40: no bundle is promoted unmeasured, or with explanations that nobody looked at."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from plainfilm.errors import BundleError, CorruptBundle
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.promotion import (
    KEY,
    named_faults,
    read_reports,
    signed_off,
    what_is_missing,
)
from tiny_bundle import tiny_bundle

DAY = date(2025, 1, 31)
SEEN = [("panel.png", b"a picture"), ("panel.png", b"another of that name")]


def measured(seed: int = 0, **more: object) -> Bundle:
    bundle = tiny_bundle(seed=seed)
    numbers = {"bundle": {"network_sha256": bundle.network_sha256}, "explanations": {"n_films": 3}}
    return bundle.with_evaluation({**numbers, **more}, bundle.card)


def reloaded(bundle: Bundle) -> Bundle:
    return Bundle.from_files(bundle.files)


def changed(bundle: Bundle, **changes: object) -> Bundle:
    return replace(bundle, evaluation={**(bundle.evaluation or {}), **changes})


def test_s2_03_a_signed_off_bundle_lacks_nothing_and_its_network_stays() -> None:
    before = measured()
    after = reloaded(signed_off(before, "A.  Reader ", DAY, SEEN))
    assert what_is_missing(after) == []
    assert after.network_sha256 == before.network_sha256
    record: Any = (after.evaluation or {})[KEY]
    assert (record["by"], record["date"]) == ("A. Reader", "2025-01-31")
    assert len({report["sha256"] for report in record["reports"]}) == 2


def test_s2_40_each_thing_that_is_missing_is_named() -> None:
    words = what_is_missing(replace(tiny_bundle(), evaluation=None))
    expected = ("an evaluation (run", "an explanation report signed off")
    assert [w.startswith(e) for w, e in zip(words, expected, strict=True)] == [True] * 2
    assert what_is_missing(measured()) == [words[1]]
    without = {name: content for name, content in measured().files.items() if name != "golden.npz"}
    with pytest.raises(CorruptBundle, match=r"^golden.npz: missing"):
        Bundle.from_files(without)


def test_a_changed_network_voids_the_sign_off_and_the_evaluation() -> None:
    signed = signed_off(measured(), "A", DAY, SEEN)
    other = replace(tiny_bundle(seed=1), evaluation=signed.evaluation)
    words = what_is_missing(other)
    assert words[0].startswith("an evaluation of its own network")
    assert words[1].startswith("a sign-off of this network")


def test_explanations_measured_anew_void_the_sign_off() -> None:
    signed = signed_off(measured(), "A", DAY, SEEN)
    again = changed(signed, explanations={"n_films": 4})
    assert what_is_missing(again)[0].startswith("a sign-off of these explanations")
    assert what_is_missing(changed(signed, n_films=9)) == []


def test_a_fault_that_an_evaluation_names_must_be_known_to_who_signs() -> None:
    """A shortcut holds a release up until a named person has signed knowing of it."""
    faults = ["SHORTCUT, Pneumonia: a letter.", "COLLAPSED, Pneumonia: alike."]
    signed = signed_off(measured(), "A", DAY, SEEN)
    found = changed(signed, cautions=["Usual.", *faults])
    (words,) = what_is_missing(found)
    expected = "a sign-off that knows what its evaluation names: SHORTCUT, Pneumonia: a letter;"
    assert words.startswith(expected)
    assert named_faults(found) == faults
    again = reloaded(signed_off(found, "A", DAY, SEEN))
    assert what_is_missing(again) == []
    assert what_is_missing(changed(again, cautions=faults[:1])) == []


@pytest.mark.parametrize(
    "change",
    [
        {"by": " "},
        {"date": "yesterday"},
        {"reports": []},
        {"reports": [{"sha256": "0" * 63}]},
        {"reports": ["panel.png"]},
        {"reports": None},
    ],
)
def test_a_record_that_is_not_whole_signs_nothing(change: Mapping[str, object]) -> None:
    signed = signed_off(measured(), "A", DAY, SEEN)
    record: Any = (signed.evaluation or {})[KEY]
    (words,) = what_is_missing(changed(signed, **{KEY: {**record, **change}}))
    assert words.startswith("an explanation report signed off by a named person")


@pytest.mark.parametrize("name", ["", "  ", "a" * 101, "a\x07b"])
def test_no_name_no_sign_off(name: str) -> None:
    with pytest.raises(BundleError, match=r"^tiny: not signed off; expected a person's name"):
        signed_off(measured(), name, DAY, SEEN)


def test_nothing_measured_or_nothing_looked_at_is_not_signed_off() -> None:
    with pytest.raises(BundleError, match="holds no evaluation of its network"):
        signed_off(replace(tiny_bundle(), evaluation=None), "A", DAY, SEEN)
    with pytest.raises(BundleError, match="expected an explanation report"):
        signed_off(measured(), "A", DAY, [])


def test_a_report_that_is_not_there_is_named_without_its_folder(tmp_path: Path) -> None:
    (tmp_path / "seen.png").write_bytes(b"a picture")
    assert read_reports([tmp_path / "seen.png"]) == [("seen.png", b"a picture")]
    with pytest.raises(BundleError, match=r"^gone.png: no report that can be read"):
        read_reports([tmp_path / "seen.png", tmp_path / "gone.png"])


@pytest.mark.parametrize(("content", "told"), [(b"", "an empty file"), (bytes(128) + b"DICM", "a")])
def test_what_holds_no_report_is_not_signed(content: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / "seen.png").write_bytes(content)
    with pytest.raises(BundleError, match=rf"^seen.png: {told}.*; expected a report or picture"):
        read_reports([tmp_path / "seen.png"])
