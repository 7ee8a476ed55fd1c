"""Bundles: saved, loaded, altered. Whatever a stranger does to one, the refusal says what."""

import hashlib
import io
import json
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from plainfilm.errors import BundleError, BundleTooNew, CorruptBundle
from plainfilm.reading.bundle import LIMITS, Bundle
from plainfilm.reading.container import write_zip
from plainfilm.reading.seal import seal
from refusals import refusal

EVALUATION = {"auroc": {"pneumonia": [0.9, 0.8, 0.95]}, "n": 3, "note": None}


@pytest.fixture(scope="module")
def whole(bundle: Bundle) -> Bundle:
    return bundle.with_evaluation(EVALUATION, "# card\n\nä\n")


def same(one: Bundle, other: Bundle) -> bool:
    return one.files == other.files and one.id == other.id and one.header == other.header


@pytest.mark.parametrize("name", ["x.bundle", "x.zip", "x"])
def test_a_saved_bundle_loads_as_it_was(whole: Bundle, tmp_path: Path, name: str) -> None:
    whole.save(tmp_path / name)

    loaded = Bundle.load(tmp_path / name)

    assert same(loaded, whole)
    assert loaded.evaluation == EVALUATION
    assert loaded.card == "# card\n\nä\n"
    assert (tmp_path / name).is_dir() == (name == "x")


def test_a_path_may_be_text(bundle_file: Path) -> None:
    assert Bundle.load(str(bundle_file)).header.name == "tiny"


def test_the_same_bundle_is_the_same_bytes(bundle: Bundle, tmp_path: Path) -> None:
    bundle.save(tmp_path / "a.bundle")
    Bundle.load(tmp_path / "a.bundle").save(tmp_path / "b.bundle")

    assert (tmp_path / "a.bundle").read_bytes() == (tmp_path / "b.bundle").read_bytes()


def test_evaluation_and_card_may_be_missing(bundle: Bundle) -> None:
    bare = Bundle(bundle.header, bundle.network, bundle.golden)

    assert list(bare.files) == ["bundle.json", "network.onnx", "golden.npz"]
    assert Bundle.from_files(bare.files).evaluation is None


def test_an_evaluation_changes_the_id_and_not_the_network(bundle: Bundle, whole: Bundle) -> None:
    assert bundle.evaluation is None
    assert whole.id.sha256 != bundle.id.sha256
    assert (whole.id.name, whole.id.version) == ("tiny", "1.0.0")
    assert whole.network_sha256 == bundle.network_sha256


def test_a_loaded_bundle_forgets_its_old_bytes_when_changed(bundle_file: Path) -> None:
    loaded = Bundle.load(bundle_file)

    assert loaded.with_evaluation(EVALUATION, "").files.keys() >= {"evaluation.json"}


def test_the_id_is_that_of_the_file_whoever_wrote_its_json(bundle: Bundle) -> None:
    files = dict(bundle.files)
    files["bundle.json"] = seal(json.dumps(json.loads(files["bundle.json"]), indent=None).encode())

    loaded = Bundle.from_files(files)

    assert loaded.files == files
    assert loaded.id != bundle.id


def test_a_bundle_is_not_overwritten_unasked(bundle: Bundle, bundle_file: Path) -> None:
    with pytest.raises(BundleError, match=r"tiny.bundle: exists already"):
        bundle.save(bundle_file)

    bundle.save(bundle_file, overwrite=True)


def test_a_bundle_that_would_not_load_is_not_saved(bundle: Bundle, tmp_path: Path) -> None:
    broken = Bundle(bundle.header, bundle.network[:-1], bundle.golden)

    with pytest.raises(CorruptBundle, match="cut short"):
        broken.save(tmp_path / "x.bundle")

    assert list(tmp_path.iterdir()) == []


def test_a_file_above_its_limit_is_not_saved(bundle: Bundle, tmp_path: Path) -> None:
    long = bundle.with_evaluation({}, "x" * (LIMITS["CARD.md"] + 1))

    with pytest.raises(CorruptBundle, match=r"CARD.md: 1048577 bytes; expected at most 1048576"):
        long.save(tmp_path / "x")


def test_a_missing_bundle_is_named_without_its_folder(tmp_path: Path) -> None:
    with pytest.raises(CorruptBundle, match=r"^no\.bundle: no such bundle"):
        Bundle.load(tmp_path / "no.bundle")


@pytest.mark.parametrize("name", list(LIMITS))
def test_each_altered_file_is_named(whole: Bundle, name: str) -> None:
    files = {**whole.files, name: whole.files[name] + b" "}

    expected = r"\.own_sha256: not the SHA" if name == "bundle.json" else ": its SHA-256 is not"
    with pytest.raises(CorruptBundle, match=rf"^{name}{expected}"):
        Bundle.from_files(files)


@pytest.mark.parametrize("name", ["x.bundle", "x"])
def test_a_refusal_names_the_bundle_and_the_file(bundle: Bundle, tmp_path: Path, name: str) -> None:
    files = {**bundle.files, "CARD.md": b"another"}
    if name == "x":
        bundle.save(tmp_path / "x")
        (tmp_path / "x" / "CARD.md").write_bytes(b"another")
    else:
        (tmp_path / name).write_bytes(write_zip(files))

    with pytest.raises(CorruptBundle, match=rf"^{name}: CARD.md: its SHA-256 is not the one in"):
        Bundle.load(tmp_path / name)


@pytest.mark.parametrize("stranger", ["evil.py", ".DS_Store", "sub"])
def test_a_folder_with_a_stranger_s_file_is_refused_as_a_zip_is(
    bundle: Bundle, tmp_path: Path, stranger: str
) -> None:
    bundle.save(tmp_path / "x")
    (tmp_path / "x" / stranger).mkdir()

    message = rf"^x: holds '{stranger}', no file of this format; .*Remove it from the folder"
    with pytest.raises(CorruptBundle, match=message):
        Bundle.load(tmp_path / "x")


def test_a_flipped_bit_in_a_threshold_is_refused(bundle: Bundle) -> None:
    content = bundle.files["bundle.json"]
    place = content.index(b"0.5", content.index(b'"thresholds"')) + 2
    flipped = bytearray(content)
    flipped[place] ^= 1  # 0.5 becomes 0.4

    with pytest.raises(CorruptBundle, match=r"^bundle.json.own_sha256: not the SHA-256 of this"):
        Bundle.from_files({**bundle.files, "bundle.json": bytes(flipped)})


@pytest.mark.parametrize("name", list(LIMITS))
def test_each_missing_file_is_named(whole: Bundle, name: str) -> None:
    files = {key: content for key, content in whole.files.items() if key != name}

    with pytest.raises(CorruptBundle, match=rf"^{name}: missing"):
        Bundle.from_files(files)


def test_a_file_that_is_not_listed_is_refused(bundle: Bundle) -> None:
    with pytest.raises(CorruptBundle, match=r"^evaluation.json: not listed"):
        Bundle.from_files({**bundle.files, "evaluation.json": b"{}"})


def relisted(files: dict[str, bytes], name: str, content: bytes) -> dict[str, bytes]:
    """The files with one replaced and its new hash in bundle.json: a careful forger."""
    fields = json.loads(files["bundle.json"])
    fields["files"][name] = hashlib.sha256(content).hexdigest()
    return {**files, "bundle.json": seal(json.dumps(fields).encode()), name: content}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("network.onnx", b"", "found 0 graphs"),
        ("golden.npz", b"", "neither a folder nor a plain zip"),
        ("evaluation.json", b"[]", "evaluation.json: found a list"),
        ("CARD.md", b"\xff", "CARD.md: not UTF-8"),
    ],
)
def test_a_broken_file_with_a_right_hash_is_refused(
    whole: Bundle, name: str, content: bytes, message: str
) -> None:
    files = relisted(dict(whole.files), name, content)

    with pytest.raises(CorruptBundle, match=message):
        Bundle.from_files(files)


def test_golden_outputs_of_another_bundle_are_refused(bundle: Bundle) -> None:
    fields = json.loads(bundle.files["bundle.json"])
    fields["map"]["height"] = 99
    files = {**bundle.files, "bundle.json": seal(json.dumps(fields).encode())}

    with pytest.raises(CorruptBundle, match=r"golden.npz: outputs of radiograph 0"):
        Bundle.from_files(files)


def test_a_newer_format_is_told_before_anything_else(bundle: Bundle, tmp_path: Path) -> None:
    content = bundle.files["bundle.json"].replace(b"bundle/1", b"bundle/3")
    files = {**bundle.files, "bundle.json": content, "golden.npz": b"other"}
    (tmp_path / "new.bundle").write_bytes(write_zip(files))

    with pytest.raises(BundleTooNew):
        Bundle.load(tmp_path / "new.bundle")


def test_a_zipped_folder_is_told_how_to_zip(bundle: Bundle, tmp_path: Path) -> None:
    path = tmp_path / "x.bundle"
    path.write_bytes(write_zip({f"x/{name}": content for name, content in bundle.files.items()}))

    with pytest.raises(CorruptBundle, match=r"^x\.bundle: holds 'x/.*zip the files themselves"):
        Bundle.load(path)


def test_a_bundle_zipped_by_hand_loads(bundle: Bundle, tmp_path: Path) -> None:
    bundle.save(tmp_path / "x")
    with zipfile.ZipFile(tmp_path / "y.bundle", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in (tmp_path / "x").iterdir():
            archive.write(path, path.name)

    assert Bundle.load(tmp_path / "y.bundle").id == bundle.id


def test_any_flipped_byte_is_refused_or_changes_nothing(bundle_file: Path) -> None:
    content = bundle_file.read_bytes()
    whole = Bundle.load(bundle_file)
    chance = random.Random(0)
    start = content.index(b"{")
    places = [chance.randrange(len(content)) for _ in range(150)]
    # half of them in bundle.json and in the zip's directory, where a flip is not a wrong hash
    places += [chance.randrange(start, start + 2500) for _ in range(100)]
    places += [len(content) - chance.randrange(1, 400) for _ in range(100)]
    loaded: list[Bundle] = []
    for place in places:
        flipped = bytearray(content)
        flipped[place] ^= 1 << chance.randrange(8)
        bundle_file.write_bytes(flipped)
        message = refusal(lambda: loaded.append(Bundle.load(bundle_file)))
        assert message is None or "\n" not in message
    # Those that load: a flip in a zip field nobody needs (a date).
    assert len(loaded) < len(places) / 3
    assert all(each.files == whole.files for each in loaded)


@pytest.mark.parametrize("keep", [0, 1, 100, 0.5, -1])
def test_a_truncated_file_is_refused(bundle_file: Path, keep: float) -> None:
    content = bundle_file.read_bytes()
    bundle_file.write_bytes(content[: int(keep * len(content)) if keep == 0.5 else int(keep)])

    with pytest.raises(CorruptBundle):
        Bundle.load(bundle_file)


def test_a_bomb_is_refused_before_it_is_unpacked(bundle: Bundle, tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("CARD.md", bytes(LIMITS["CARD.md"] + 1))
    (tmp_path / "bomb.bundle").write_bytes(stream.getvalue())

    with pytest.raises(CorruptBundle, match=r"^bomb.bundle: CARD.md: 1048577 bytes"):
        Bundle.load(tmp_path / "bomb.bundle")


def test_reading_a_film_imports_no_torch(bundle_file: Path) -> None:
    program = (
        "import sys, numpy as np\n"
        "from plainfilm.radiograph import Radiograph\n"
        "from plainfilm.reading import Reader\n"
        "film = Radiograph(np.random.default_rng(0).random((99, 99), np.float32), 'x')\n"
        f"Reader({str(bundle_file)!r}).read(film)\n"
        "assert not {'torch', 'onnx', 'pandas', 'matplotlib'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
