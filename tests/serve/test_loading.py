import asyncio
import errno
from collections.abc import Coroutine
from pathlib import Path

import pytest

from plainfilm.errors import BundleError
from plainfilm.reading import Reader
from plainfilm.reading.engine import EngineName
from plainfilm.serve.loading import Loader, ReaderMaker
from plainfilm.serve.policy import Policy, save_policy
from plainfilm.serve.repository import Repository
from plainfilm.serve.stage import Stage
from tiny_bundle import tiny_bundle


class Theatre:
    """A repository, and a loader that brings it to a stage."""

    def __init__(self, folder: Path) -> None:
        self.bundle = tiny_bundle()
        self.folder, self.stage = folder, Stage()
        self.left: list[str] = []
        self.loader = Loader(
            Repository(folder),
            self.stage,
            read_with=ReaderMaker(EngineName.ONNXRUNTIME, 1),
            keep_versions=3,
            on_leaving=lambda place: self.left.append(str(place)),
        )

    def publish(self, *versions: int) -> None:
        for version in versions:
            self.bundle.save(self.folder / "tiny" / str(version), overwrite=True)

    def spoil(self, version: int) -> None:
        path = self.folder / "tiny" / str(version)
        path.mkdir(parents=True, exist_ok=True)
        (path / "bundle.json").write_text("{}", encoding="utf-8")

    def label(self, policy: Policy) -> None:
        save_policy(self.folder / "tiny", policy)

    @property
    def loaded(self) -> list[int]:
        cast = self.stage.casts.get("tiny")
        return sorted(cast.versions) if cast else []

    @property
    def answers(self) -> int:
        return self.stage.version_of("tiny", None, 0.99).place.version


@pytest.fixture
def theatre(tmp_path: Path) -> Theatre:
    return Theatre(tmp_path)


def after(*works: Coroutine[None, None, None]) -> None:
    async def all_of_them() -> None:
        for work in works:
            await work

    asyncio.run(all_of_them())


def test_s4_13_a_new_version_is_picked_up(theatre: Theatre) -> None:
    theatre.publish(9)
    after(theatre.loader.look())
    assert theatre.answers == 9
    theatre.publish(10)
    after(theatre.loader.look())
    assert (theatre.loaded, theatre.answers) == ([9, 10], 10)


def test_a_version_that_is_there_is_not_loaded_again(theatre: Theatre) -> None:
    theatre.publish(1)
    after(theatre.loader.look(), theatre.loader.look())
    first = theatre.stage.casts["tiny"].versions[1]
    after(theatre.loader.look())
    assert theatre.stage.casts["tiny"].versions[1] is first
    theatre.bundle = tiny_bundle(seed=1)
    theatre.publish(1)
    after(theatre.loader.look())
    assert theatre.stage.casts["tiny"].versions[1].reader.bundle.id == theatre.bundle.id


def test_a_bad_version_displaces_no_good_one_and_is_told(theatre: Theatre) -> None:
    theatre.publish(1)
    theatre.spoil(2)
    after(theatre.loader.look(), theatre.loader.look())
    assert (theatre.loaded, theatre.answers) == ([1], 1)
    assert "bundle.json" in theatre.loader.failures["tiny/2"]
    assert theatre.loader.swaps == {"loaded": 1, "failed": 1}  # not tried again and again
    theatre.spoil(1)
    after(theatre.loader.look())
    assert (theatre.loaded, theatre.answers) == ([1], 1)
    theatre.publish(2)
    after(theatre.loader.look())
    assert theatre.answers == 2
    assert set(theatre.loader.failures) == {"tiny/1"}


def test_a_bad_version_that_is_taken_away_is_told_of_no_longer(theatre: Theatre) -> None:
    theatre.publish(1)
    theatre.spoil(2)
    theatre.spoil(3)
    after(theatre.loader.look())
    (theatre.folder / "tiny" / "2" / "bundle.json").unlink()
    after(theatre.loader.look())
    assert set(theatre.loader.failures) == {"tiny/3"}
    theatre.folder.joinpath("tiny").rename(theatre.folder / "Put Away")
    after(theatre.loader.look())
    assert theatre.loader.failures == {}


def test_a_label_that_points_to_a_bad_version_leaves_the_old_one_stable(theatre: Theatre) -> None:
    theatre.publish(1, 3)
    theatre.label(Policy(stable=1))
    after(theatre.loader.look())
    theatre.spoil(2)
    theatre.label(Policy(stable=2, history=(1,)))
    after(theatre.loader.look())
    assert theatre.answers == 1
    fresh = Theatre(theatre.folder)
    after(fresh.loader.look())
    assert fresh.answers == 1


def test_a_policy_that_cannot_be_read_changes_nothing(
    theatre: Theatre, caplog: pytest.LogCaptureFixture
) -> None:
    theatre.publish(1, 2)
    theatre.label(Policy(stable=1))
    after(theatre.loader.look())
    (theatre.folder / "tiny" / "policy.json").write_text("{", encoding="utf-8")
    for _ in range(2):
        after(theatre.loader.look())
    assert theatre.answers == 1
    assert "policy.json" in theatre.loader.failures["tiny"]
    assert [each.message for each in caplog.records] == ["not looked at"]  # once
    theatre.label(Policy(stable=2))
    after(theatre.loader.look())
    assert (theatre.answers, theatre.loader.failures) == (2, {})


def test_the_newest_and_those_with_a_label_are_loaded(theatre: Theatre) -> None:
    theatre.publish(*range(1, 12))
    theatre.label(Policy(stable=2))
    after(theatre.loader.look())
    assert theatre.loaded == [2, 9, 10, 11]
    after(theatre.loader.load("tiny", 4))
    assert theatre.loaded == [2, 4, 9, 10, 11]
    after(theatre.loader.unload("tiny", 11))
    assert theatre.loaded == [2, 4, 9, 10]
    after(theatre.loader.unload("tiny"))
    assert theatre.loaded == []
    after(theatre.loader.load("tiny"))
    assert theatre.loaded == [2, 9, 10, 11]


def test_what_cannot_be_loaded_is_told_to_who_asked(theatre: Theatre) -> None:
    theatre.publish(1)
    theatre.spoil(2)
    for version, words in ((2, "bundle.json"), (3, "tiny/3: no such version")):
        with pytest.raises(BundleError, match=words):
            after(theatre.loader.load("tiny", version))
    with pytest.raises(BundleError, match="other: not in this repository"):
        after(theatre.loader.load("other"))
    assert theatre.answers == 1


def test_a_bundle_that_is_gone_leaves(theatre: Theatre) -> None:
    theatre.publish(1)
    after(theatre.loader.look())
    (theatre.folder / "tiny" / "1").rename(theatre.folder / "tiny" / "old")
    after(theatre.loader.look())
    assert (theatre.loaded, theatre.left) == ([], ["tiny/1"])


def test_an_empty_repository_is_told_of_once(
    theatre: Theatre, caplog: pytest.LogCaptureFixture
) -> None:
    """And with what is expected; a bundle may be published later."""
    after(theatre.loader.look(), theatre.loader.look())
    (told,) = [each for each in caplog.records if each.getMessage() == "nothing to serve"]
    assert "expected NAME/VERSION/ in the repository" in told.fields["reason"]  # type: ignore[attr-defined]
    theatre.publish(1)
    after(theatre.loader.look())
    assert theatre.answers == 1


def test_a_repository_that_cannot_be_listed_changes_nothing(theatre: Theatre) -> None:
    theatre.publish(1)
    after(theatre.loader.look())
    theatre.folder.rename(theatre.folder.with_name("away"))
    after(theatre.loader.look())
    assert theatre.loaded == [1]
    assert theatre.loader.failures


def test_the_fast_engine_reads_where_its_golden_outputs_return(
    tiny_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("openvino")
    make = ReaderMaker(EngineName.OPENVINO, 2)
    assert make(tiny_path).engine.name is EngineName.OPENVINO
    # As OpenVINO did before films were fitted for it: a squeezed film came out otherwise.
    monkeypatch.setattr("plainfilm.reading.fast_engine.fit", lambda films, *_: films[:, :, ::2])
    assert make(tiny_path).engine.name is EngineName.ONNXRUNTIME
    assert "openvino not used" in caplog.messages


def test_a_version_that_no_handle_was_left_for_is_tried_again(theatre: Theatre) -> None:
    """F4: by the next look, though its files are the same; what failed by itself is not."""
    theatre.publish(1)
    read, n_tried = theatre.loader._read_with, []

    def short(path: Path) -> Reader:
        n_tried.append(path)
        if len(n_tried) == 1:
            raise OSError(errno.EMFILE, "Too many open files")
        return read(path)

    theatre.loader._read_with = short
    theatre.spoil(2)
    after(theatre.loader.look())
    assert theatre.loaded == []
    after(theatre.loader.look(), theatre.loader.look())
    assert theatre.loaded == [1]
    assert [path.name for path in n_tried] == ["1", "2", "1"]
    assert set(theatre.loader.failures) == {"tiny/2"}


def test_a_version_that_fails_in_a_way_of_its_own_keeps_no_other_away(theatre: Theatre) -> None:
    """S4-13: nor is what a library said of it told on."""
    theatre.publish(1, 2)
    read = theatre.loader._read_with

    def broken(path: Path) -> Reader:
        if path.name == "1":
            raise RuntimeError("a library's own words")
        return read(path)

    theatre.loader._read_with = broken
    after(theatre.loader.look())
    assert theatre.loaded == [2]
    assert theatre.loader.failures == {"tiny/1": "tiny/1: not loaded (RuntimeError)"}
