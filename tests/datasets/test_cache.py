import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from plainfilm.datasets.cache import (
    Cache,
    CacheContent,
    check_replaceable,
    discard_cache,
    picture_digests,
    write_cache,
)
from plainfilm.datasets.fit import fit
from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import DatasetError
from plainfilm.images import read_radiograph

Make = Callable[..., Manifest]
N = 300

# Writes the cache of the folder argv[1]; with "kill at" dies by SIGKILL when it first opens or
# renames a file of that name; with "limit" no file may grow beyond so many bytes.
WRITE = """
import os, pathlib, signal, sys
from plainfilm.datasets.cache import CacheContent, write_cache
from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import DatasetError

def kill(event, arguments):
    if event in ("open", "os.rename") and any(str(a).endswith(sys.argv[4]) for a in arguments):
        os.kill(os.getpid(), signal.SIGKILL)

folder = pathlib.Path(sys.argv[1])
manifest = Manifest.load(folder)
content = CacheContent.of(manifest, int(sys.argv[2]), "squash")
if sys.argv[3] == "kill at":
    sys.addaudithook(kill)
else:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), int(sys.argv[4])))
try:
    write_cache(manifest, folder, content)
except DatasetError as error:
    sys.exit(str(error))
"""


def run_write(out: Path, size: int, *how: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", WRITE, str(out), str(size), *how]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "prepared"
    folder.mkdir()
    return folder


@pytest.fixture
def many(make_manifest: Make) -> Manifest:
    """More films than one block holds: eight pictures, over and over."""
    few = make_manifest(["train"] * 8)
    samples = tuple(replace(few.samples[row % 8], study=str(row)) for row in range(N))
    return replace(few, samples=samples)


def content_of(manifest: Manifest, size: int = 16) -> CacheContent:
    return CacheContent.of(manifest, size, "squash")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_cache_holds_each_film_fitted_in_the_manifest_s_order(
    make_manifest: Make, out: Path
) -> None:
    manifest = make_manifest(["train", "test", "val"])

    cache = write_cache(manifest, out, content_of(manifest))

    assert (cache.pixels.shape, cache.pixels.dtype) == ((3, 16, 16), np.uint8)
    assert (cache.size, cache.policy) == (16, "squash")
    assert isinstance(cache.pixels, np.memmap)
    for sample, square in zip(manifest.samples, cache.pixels, strict=True):
        film = read_radiograph(manifest.root / sample.image)
        np.testing.assert_array_equal(square, fit(film.pixels, 16))
    assert names(out) == {"cache.npy", "cache.json"}


def test_any_number_of_threads_writes_the_same_bytes(many: Manifest, tmp_path: Path) -> None:
    """S0-13: the number of workers is an option, and changes no result."""
    for threads in (1, 3):
        (tmp_path / str(threads)).mkdir()
        write_cache(many, tmp_path / str(threads), content_of(many), threads=threads)

    assert (tmp_path / "1/cache.npy").read_bytes() == (tmp_path / "3/cache.npy").read_bytes()


def test_a_whole_cache_is_not_written_again(make_manifest: Make, out: Path) -> None:
    manifest = make_manifest(["train"])
    write_cache(manifest, out, content_of(manifest))
    (manifest.root / manifest.samples[0].image).unlink()

    write_cache(manifest, out, content_of(manifest))


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
@pytest.mark.parametrize(
    ("row", "moment"), [(0, "stop.png"), (130, "stop.png"), (299, "stop.png"), (0, "/cache.json")]
)
def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(
    many: Manifest, out: Path, tmp_path: Path, row: int, moment: str
) -> None:
    shutil.copy(many.root / "films/0.png", many.root / "films/stop.png")
    samples = list(many.samples)
    samples[row] = replace(samples[row], image="films/stop.png")
    manifest = replace(many, samples=tuple(samples))
    manifest.save(out)
    (tmp_path / "whole").mkdir()
    write_cache(manifest, tmp_path / "whole", content_of(manifest))

    killed = run_write(out, 16, "kill at", moment)
    with pytest.raises(DatasetError, match="no finished cache"):
        Cache.open(out)
    write_cache(manifest, out, content_of(manifest))

    assert killed.returncode == -signal.SIGKILL
    for name in ("cache.npy", "cache.json"):
        assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert not (out / "cache.progress.json").exists()


def test_films_written_before_a_stop_are_not_decoded_again(many: Manifest, out: Path) -> None:
    last = many.root / "films" / "gone.png"
    stopped = replace(
        many, samples=(*many.samples, replace(many.samples[0], image="films/gone.png"))
    )
    with pytest.raises(DatasetError, match=r"gone\.png.*what is done is kept"):
        write_cache(stopped, out, content_of(stopped))
    first = np.frombuffer((out / "cache.npy").read_bytes()[:2000], np.uint8)
    Image.fromarray(np.full((9, 9), 77, np.uint8)).save(last)
    for row in range(8):  # what is done must not be read again, so it may be another film now
        Image.fromarray(np.zeros((9, 9), np.uint8)).save(many.root / f"films/{row}.png")

    cache = write_cache(stopped, out, content_of(stopped))

    assert (cache.pixels[-1] == 77).all()
    assert cache.pixels[:256].any(axis=(1, 2)).all()
    assert (
        np.frombuffer((out / "cache.npy").read_bytes()[:2000], np.uint8).tolist() == first.tolist()
    )


@pytest.mark.skipif(sys.platform == "win32", reason="no file size limit there")
def test_a_full_disk_gives_one_line_and_the_next_run_goes_on(many: Manifest, out: Path) -> None:
    many.save(out)
    limit = 200 * 64 * 64  # room for 200 of 300 films

    full = run_write(out, 64, "limit", str(limit))
    done = json.loads((out / "cache.progress.json").read_text())["n_written"]
    cache = write_cache(many, out, content_of(many, 64))

    assert full.returncode == 1
    assert full.stderr.splitlines() == [
        "prepared: the disk is full. Free some space and run the same command again; "
        "it goes on where it stopped."
    ]
    assert done == 128
    np.testing.assert_array_equal(cache.pixels[:8], cache.pixels[296 - 8 : 296])


def test_too_little_space_is_noticed_before_anything_is_written(
    make_manifest: Make, out: Path
) -> None:
    few = make_manifest(["train"])
    huge = replace(content_of(few, 4096), n=10**12)

    with pytest.raises(DatasetError, match=r"too full: .* MB are free, .* MB are needed"):
        write_cache(few, out, huge)

    assert names(out) == set()


@pytest.mark.parametrize(("size", "policy"), [(4, "squash"), (9999, "squash"), (64, "stretch")])
def test_an_impossible_fit_is_refused(make_manifest: Make, size: int, policy: str) -> None:
    with pytest.raises(
        DatasetError, match=r"policy: found .*squash, pad, crop|size: found \d+; .*8 to"
    ):
        CacheContent.of(make_manifest(["train"]), size, policy)  # type: ignore[arg-type]


def test_a_folder_without_a_cache_is_refused(out: Path) -> None:
    with pytest.raises(DatasetError, match="prepared: no finished cache"):
        Cache.open(out)
    with pytest.raises(DatasetError, match="nowhere: no such folder"):
        Cache.open(out / "nowhere")


def test_a_cache_that_was_cut_off_is_refused(make_manifest: Make, out: Path) -> None:
    manifest = make_manifest(["train", "test"])
    write_cache(manifest, out, content_of(manifest))
    with (out / "cache.npy").open("r+b") as stream:
        stream.truncate(500)

    with pytest.raises(DatasetError, match=r"cache\.npy: 500 bytes; expected 640"):
        Cache.open(out)


def test_a_cache_of_other_films_is_refused(make_manifest: Make, out: Path) -> None:
    manifest = make_manifest(["train", "test"])
    cache = write_cache(manifest, out, content_of(manifest))
    turned = manifest.keep(np.array([1, 0]))

    cache.check_fits(manifest)
    with pytest.raises(DatasetError, match="not these 2 in this order"):
        cache.check_fits(turned)
    turned.save(out)
    with pytest.raises(DatasetError, match=r"other films than manifest\.json lists"):
        Cache.open(out)


def test_a_record_with_an_unknown_policy_is_refused(make_manifest: Make, out: Path) -> None:
    manifest = make_manifest(["train"])
    write_cache(manifest, out, content_of(manifest))
    record = out / "cache.json"
    record.write_text(record.read_text().replace("squash", "stretch"))

    with pytest.raises(DatasetError, match=r"cache\.json: unknown policy 'stretch'"):
        Cache.open(out)


JSON = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)


@given(key=st.sampled_from(["format", "images_sha256", "n", "size", "policy"]), value=JSON)
def test_a_record_with_any_field_altered_is_refused_or_harmless(key: str, value: object) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        content = CacheContent("0" * 64, 2, 8, "squash")
        np.save(folder / "cache.npy", np.ones((2, 8, 8), np.uint8))
        record = {"format": "plainfilm.cache/1", **asdict(content), "n_written": 2, key: value}
        (folder / "cache.json").write_text(json.dumps(record))

        with suppress(DatasetError):
            opened = Cache.open(folder)
            assert (opened.pixels.shape, opened.content.n, opened.size) == ((2, 8, 8), 2, 8)


@pytest.mark.parametrize(("n", "size"), [(1, 8), (3, 9), (12, 100)])
def test_any_program_that_reads_numpy_s_format_reads_the_cache(
    make_manifest: Make, out: Path, n: int, size: int
) -> None:
    manifest = make_manifest(["train"] * n)
    write_cache(manifest, out, content_of(manifest, size))

    pixels = np.load(out / "cache.npy")

    assert (pixels.shape, pixels.dtype) == ((n, size, size), np.uint8)
    assert ((out / "cache.npy").stat().st_size - pixels.nbytes) % 64 == 0  # as numpy aligns it
    last = read_radiograph(manifest.root / manifest.samples[-1].image)
    np.testing.assert_array_equal(pixels[-1], fit(last.pixels, size))


def test_a_cache_of_something_else_is_not_replaced_unasked(make_manifest: Make, out: Path) -> None:
    manifest = make_manifest(["train"])
    write_cache(manifest, out, content_of(manifest))

    check_replaceable(out, content_of(manifest))
    with pytest.raises(DatasetError, match=r"1 films at 16 pixels.*--force"):
        check_replaceable(out, content_of(manifest, 32))
    discard_cache(out)
    check_replaceable(out, content_of(manifest, 32))
    assert names(out) == set()


def test_equal_pictures_have_equal_digests_and_blank_ones_none() -> None:
    pixels = np.zeros((4, 8, 8), np.uint8)
    pixels[0, 1] = pixels[2, 1] = 5
    pixels[3, 2] = 5

    first, blank, same, other = picture_digests(pixels)

    assert first == same != other
    assert blank is None


def test_no_progress_bar_is_drawn_where_nobody_watches(
    make_manifest: Make, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = make_manifest(["train"])

    write_cache(manifest, out, content_of(manifest))

    assert capsys.readouterr() == ("", "")
