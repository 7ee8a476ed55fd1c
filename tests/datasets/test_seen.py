from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bare_manifests import bare_manifest
from plainfilm.datasets import seen
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.seen import (
    ADAPTED_KEY,
    ADAPTED_LOOKS_KEY,
    KEY,
    LOOKS_KEY,
    adapted_digests,
    film_digests,
    find_leak,
    inherited_digests,
    joined_digests,
    listed,
    named,
    packed,
)
from plainfilm.errors import DatasetError


@pytest.fixture
def learned(tmp_path: Path) -> Manifest:
    """Eight films, two of each patient; train, train, val, test."""
    patients = [f"p{i // 2}" for i in range(8)]
    splits = ["train"] * 4 + ["val"] * 2 + ["test"] * 2
    manifest = replace(bare_manifest([[0.0]] * 8, patients, splits), root=tmp_path)
    for row, sample in enumerate(manifest.samples):
        (tmp_path / sample.image).write_bytes(bytes([row]) * 100)
    return manifest


def test_test_films_were_not_learned_from(learned: Manifest) -> None:
    leak = find_leak(film_digests(learned), learned.split("test"))
    assert leak is not None
    assert not leak


def test_a_planted_film_is_found_under_another_name_with_its_patient_s_others(
    learned: Manifest, tmp_path: Path
) -> None:
    other = replace(
        bare_manifest([[0.0]] * 3, ["a", "b", "b"], ["test"] * 3), root=tmp_path / "other"
    )
    other.root.mkdir()
    for row, content in enumerate([b"new", bytes([5]) * 100, b"newer"]):
        (other.root / other.samples[row].image).write_bytes(content)

    leak = find_leak(film_digests(learned), other)

    assert leak is not None
    assert (leak.films, leak.of_same_patients) == (("1.png",), ("2.png",))
    words = "1 films it learned from, and 1 other films of the same patients: 1.png"
    assert leak.words == words


def test_a_bundle_without_a_list_or_with_a_broken_one(learned: Manifest) -> None:
    assert find_leak({}, learned) is None
    with pytest.raises(DatasetError, match="no base64"):
        find_leak({KEY: "?"}, learned)


def test_the_list_holds_six_bytes_a_film_in_an_order_that_tells_nothing(
    learned: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    turned = learned.keep(np.arange(8)[::-1])
    assert film_digests(learned) == film_digests(turned)
    assert len(film_digests(learned)[KEY]) == 6 * 6 * 4 // 3
    monkeypatch.setattr(seen, "MOST", 5)
    assert film_digests(learned) == {}


def test_the_first_few_are_named_without_their_folders() -> None:
    assert named(["a/1.png", "b/2.png"]) == "1.png, 2.png"
    assert named([f"a/{i}.png" for i in range(1007)]).endswith("4.png and 1,002 more")


def test_films_that_a_bundle_was_adapted_on_are_added_to_those_of_before(
    learned: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = adapted_digests({}, learned.split("val"))
    both = adapted_digests(first, learned.split("test"))
    for split, known in (("train", False), ("val", True), ("test", True)):
        assert bool(find_leak(both, learned.split(split), ADAPTED_KEY)) is known
    assert find_leak(both, learned) is None
    monkeypatch.setattr(seen, "MOST", 3)
    with pytest.raises(DatasetError, match="4 films to learn from; a bundle can name 3 at most"):
        adapted_digests(first, learned.split("test"))


def test_what_is_joined_remembers_every_member_s_films(learned: Manifest) -> None:
    first, second = (film_digests(learned, [split]) for split in ("train", "val"))
    adapted = adapted_digests({}, learned.split("test"))

    joined = joined_digests([first, {**second, **adapted}])

    leak, again = (find_leak(joined, learned, key) for key in (KEY, ADAPTED_KEY))
    assert leak is not None
    assert again is not None
    assert leak.films == tuple(f"{row}.png" for row in range(6))
    assert again.films == ("6.png", "7.png")


def test_a_member_without_a_list_leaves_none_but_what_was_adapted_on(learned: Manifest) -> None:
    adapted = adapted_digests({}, learned.split("test"))
    assert joined_digests([film_digests(learned), adapted]) == adapted
    assert joined_digests([{}, {}]) == {}


def test_a_network_built_on_another_s_remembers_that_one_s_films_too(
    learned: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, first = (film_digests(learned, [split]) for split in ("val", "train"))
    adapted = adapted_digests({}, learned.split("test"))
    known = listed(film_digests(learned, ["train", "val", "test"]), KEY)
    assert listed(inherited_digests(own, first | adapted), KEY) == known
    assert inherited_digests(own, {}) == own
    assert inherited_digests({}, first) == {}, "a part is not the whole"
    assert LOOKS_KEY not in inherited_digests(own, {LOOKS_KEY: packed({b"1" * 32})})
    monkeypatch.setattr(seen, "MOST", 3)
    assert inherited_digests(own, first) == own


def test_more_films_than_a_bundle_names_are_not_joined(
    learned: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen, "MOST", 5)
    parts = [film_digests(learned, [split]) for split in ("train", "val")]
    with pytest.raises(DatasetError, match=r"6 films to learn from; .* Join fewer"):
        joined_digests(parts)


def test_looks_are_joined_where_every_member_has_them() -> None:
    """Of what members learned, all must tell; of what they were adapted on, those who were."""
    first = {KEY: packed({b"a" * 6}), LOOKS_KEY: packed({b"1" * 32})}
    second = {KEY: packed({b"b" * 6}), LOOKS_KEY: packed({b"2" * 32})}
    adapted = {ADAPTED_KEY: packed({b"c" * 6}), ADAPTED_LOOKS_KEY: packed({b"3" * 32})}

    joined = joined_digests([first, {**second, **adapted}])

    assert listed(joined, LOOKS_KEY) == {b"1" * 32, b"2" * 32}
    assert listed(joined, ADAPTED_LOOKS_KEY) == {b"3" * 32}
    assert LOOKS_KEY not in joined_digests([first, {KEY: second[KEY]}])
    with pytest.raises(DatasetError, match="33 bytes; expected 32 a film"):
        listed({LOOKS_KEY: packed({b"4" * 33})}, LOOKS_KEY)
