from dataclasses import replace
from pathlib import Path

import pytest

from plainfilm.errors import BundleError, CorruptBundle
from plainfilm.reading.bundle import Bundle, Golden
from plainfilm.reading.promotion import what_is_missing
from plainfilm.serve.policy import Policy
from plainfilm.serve.repository import Change, Repository, stamp
from tiny_bundle import promotable, tiny_bundle


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


@pytest.fixture(scope="module")
def measured() -> Bundle:
    return promotable(tiny_bundle())


def test_s4_12_versions_are_numbers_not_words(repository: Repository, measured: Bundle) -> None:
    """S4-12: 10 is newer than 9."""
    for version in (9, 10, 1):
        repository.publish(measured, version)
    assert list(repository.shelved("tiny").versions) == [1, 9, 10]
    assert repository.publish(measured) == 11
    assert repository.names() == ("tiny",)


def test_a_zip_is_a_version_too(repository: Repository, measured: Bundle) -> None:
    measured.save(repository.folder / "tiny" / "1.bundle")
    measured.save(repository.folder / "tiny" / "2")
    versions = repository.shelved("tiny").versions
    assert [path.name for path in versions.values()] == ["1.bundle", "2"]
    assert all(Bundle.load(path).id == measured.id for path in versions.values())


def test_s4_13_what_is_not_whole_is_not_there(repository: Repository, measured: Bundle) -> None:
    """S4-13: neither a folder without its bundle.json, nor what else lies around."""
    repository.publish(measured)
    folder = repository.folder / "tiny"
    (folder / "2").mkdir()
    (folder / "2" / "network.onnx").write_bytes(b"half")
    for name in (".3.tmp", "03", "4x", "0", "-5", "1e3"):
        (folder / name).mkdir()
        (folder / name / "bundle.json").write_text("{}", encoding="utf-8")
    (folder / "6").symlink_to(folder / "1")
    (repository.folder / "Not A Name").mkdir()
    (repository.folder / "empty").mkdir()
    assert list(repository.shelved("tiny").versions) == [1]
    assert repository.names() == ("tiny",)


def test_what_is_wrong_with_a_version_names_the_bundle_too(
    repository: Repository, measured: Bundle
) -> None:
    """A version's folder is a number, which alone says nothing."""
    repository.publish(measured)
    graph = repository.folder / "tiny" / "1" / "network.onnx"
    graph.write_bytes(graph.read_bytes()[:-1])
    (repository.folder / "tiny" / "2").write_bytes(b"in the way")

    with pytest.raises(CorruptBundle, match=r"^tiny/1: network\.onnx: "):
        repository.promote("tiny", 1, Change())
    with pytest.raises(BundleError, match=r"^tiny/2: exists already"):
        repository.publish(measured)


def test_a_version_is_never_published_twice(repository: Repository, measured: Bundle) -> None:
    repository.publish(measured, 3)
    with pytest.raises(BundleError, match="tiny/3: cannot be published"):
        repository.publish(measured, 3)
    with pytest.raises(BundleError, match="expected a new number"):
        repository.publish(measured, 0)


def test_a_bundle_whose_golden_outputs_do_not_come_back_is_not_published(
    repository: Repository, measured: Bundle
) -> None:
    outputs = tuple({k: v + 1 for k, v in each.items()} for each in measured.golden.outputs)
    wrong = replace(measured, golden=Golden(measured.golden.radiographs, outputs))
    with pytest.raises(CorruptBundle, match="came back"):
        repository.publish(wrong)
    assert repository.names() == ()


def test_s2_03_what_is_published_answers_nobody_before_it_is_promoted(
    repository: Repository, measured: Bundle
) -> None:
    """S2-03: the first version of a name too; and what was put there by hand goes on answering."""
    repository.publish(measured)
    assert repository.shelved("tiny").policy == Policy(promoted_only=True)
    other = Repository(repository.folder / "by-hand", make=True)
    for version in (1, 2):
        measured.save(other.folder / "tiny" / str(version))
    other.publish(measured)
    assert other.shelved("tiny").policy == Policy(stable=2, promoted_only=True)


def test_a_promotion_needs_what_is_missing(repository: Repository, measured: Bundle) -> None:
    repository.publish(tiny_bundle())
    repository.publish(measured)
    assert what_is_missing(measured) == []
    with pytest.raises(BundleError, match="tiny/1: not promoted; it lacks an evaluation"):
        repository.promote("tiny", 1, Change())
    assert repository.shelved("tiny").policy == Policy(promoted_only=True)
    assert repository.promote("tiny", 2, Change()) == Policy(stable=2, promoted_only=True)
    assert repository.shelved("tiny").policy == Policy(stable=2, promoted_only=True)


def test_s2_03_explanations_that_nobody_signed_off_are_not_promoted(
    repository: Repository, measured: Bundle
) -> None:
    numbers = {k: v for k, v in (measured.evaluation or {}).items() if k != "sign_off"}
    repository.publish(measured.with_evaluation(numbers, measured.card))
    with pytest.raises(BundleError, match="it lacks an explanation report signed off by a named"):
        repository.promote("tiny", 1, Change("shadow"))
    assert repository.shelved("tiny").policy == Policy(promoted_only=True)


def test_labels_come_and_go(repository: Repository, measured: Bundle) -> None:
    for _ in range(3):
        repository.publish(measured)
    repository.promote("tiny", 1, Change())
    repository.promote("tiny", 2, Change("canary", 25))
    policy = repository.promote("tiny", 3, Change("shadow"))
    assert policy == Policy(stable=1, canary=2, percent=25, shadow=3, promoted_only=True)
    assert repository.roll_back("tiny") == Policy(stable=1, promoted_only=True)
    repository.promote("tiny", 3, Change())
    assert repository.roll_back("tiny") == Policy(stable=1, promoted_only=True)
    with pytest.raises(BundleError, match="tiny: not rolled back"):
        repository.roll_back("tiny")
    with pytest.raises(BundleError, match="is stable"):
        repository.promote("tiny", 1, Change("canary"))


def test_the_way_back_must_still_be_there(repository: Repository, measured: Bundle) -> None:
    for version in (1, 2):
        repository.publish(measured, version)
        repository.promote("tiny", version, Change())
    (repository.folder / "tiny" / "1").rename(repository.folder / "gone")
    with pytest.raises(BundleError, match="version 1, which was stable before, is no longer there"):
        repository.roll_back("tiny")
    assert repository.shelved("tiny").policy.stable == 2


@pytest.mark.parametrize("name", ["../tiny", "", "/etc", "tiny/..", "a\0b", "Tiny", "%2e%2e"])
def test_a_name_is_no_path(repository: Repository, name: str) -> None:
    for act in (repository.shelved, repository.roll_back):
        with pytest.raises(BundleError):
            act(name)


def test_what_is_not_there_is_told(
    repository: Repository, measured: Bundle, tmp_path: Path
) -> None:
    repository.publish(measured)
    with pytest.raises(BundleError, match="other: not in this repository; there are: tiny"):
        repository.shelved("other")
    with pytest.raises(BundleError, match="tiny/2: no such version; there are 1"):
        repository.promote("tiny", 2, Change())
    with pytest.raises(BundleError, match="no such folder"):
        Repository(tmp_path / "nowhere")


def test_a_folder_of_something_else_is_no_repository(
    repository: Repository, measured: Bundle
) -> None:
    """One that will be published to is: empty, on a disk of its own, or with half a version."""
    repository.check()
    (repository.folder / "lost+found").mkdir()
    (repository.folder / ".snapshot").touch()
    (repository.folder / "half" / "1").mkdir(parents=True)
    (repository.folder / "empty").mkdir()
    (repository.folder / "emptied").mkdir()
    (repository.folder / "emptied" / "policy.json").touch()
    repository.check()
    for other in ("films", "chest.dcm", "tiny.bundle"):
        (repository.folder / other).mkdir()
        (repository.folder / other / "a.dcm").touch()
    with pytest.raises(BundleError, match=r"found chest\.dcm and 2 more, expected NAME/VERSION/"):
        repository.check()
    repository.publish(measured)
    repository.check()


def test_replaced_files_have_another_stamp(tmp_path: Path, measured: Bundle) -> None:
    for path in (tmp_path / "1", tmp_path / "1.bundle"):
        measured.save(path)
        before = stamp(path)
        assert stamp(path) == before
        measured.save(path, overwrite=True)
        assert stamp(path) != before


def test_a_full_disk_leaves_the_policy_as_it_was(
    repository: Repository, measured: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.publish(measured)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("plainfilm.serve.policy.write_whole", full)
    with pytest.raises(BundleError, match="policy not written"):
        repository.promote("tiny", 1, Change())
    assert repository.shelved("tiny").policy == Policy(promoted_only=True)
