"""Strangers' files are decoded as in this process, or refused, whatever they do to their child."""

import contextlib
import errno
import math
import os
import platform
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from bombs import FILM, bombs, disguises, saved, whole_films
from dicoms import dicom_file
from mutations import mutated
from plainfilm.errors import ImageError, NotARadiograph, ServerBusy, UnreadableImage
from plainfilm.images import read_radiograph_bytes
from plainfilm.radiograph import Radiograph
from plainfilm.serve.confinement import Limits
from plainfilm.serve.decoding import Decoders

PROC = Path("/proc")


@pytest.fixture(scope="module")
def decoders() -> Iterator[Decoders]:
    with Decoders(1) as pool:
        yield pool


@pytest.fixture
def child(decoders: Decoders) -> int:
    """The process number of the pool's only child."""
    decoders.read(saved(FILM, "PNG"), "film")
    return decoders.processes()[0]


def same(one: Radiograph, other: Radiograph) -> bool:
    np.testing.assert_array_equal(one.pixels, other.pixels)
    names = [field.name for field in fields(Radiograph) if field.name != "pixels"]
    return all(vars(one)[name] == vars(other)[name] for name in names)


def outcome(content: bytes, read: Callable[[bytes, str], Radiograph]) -> tuple[type, str]:
    with pytest.raises(ImageError) as caught:
        read(content, "film")
    return type(caught.value), str(caught.value)


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.005)


@pytest.mark.parametrize("kind", whole_films())
def test_a_film_is_what_it_is_in_this_process(decoders: Decoders, kind: str) -> None:
    content = whole_films()[kind]
    assert same(decoders.read(content, "film"), read_radiograph_bytes(content, "film"))


def test_a_film_is_the_same_where_no_memory_can_be_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    content = saved(np.arange(10**6).reshape(1000, 1000).astype(np.uint8), "PNG")
    with Decoders(1) as pool:
        assert same(pool.read(content, "film"), read_radiograph_bytes(content, "film"))


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="no memory to share here")
def test_a_child_cannot_cut_the_memory_off_and_it_is_given_back_at_the_end() -> None:
    content, before = saved(FILM, "PNG"), shared()
    with Decoders(1) as pool:
        pool.read(content, "film")
        for each in shared() - before:
            with pytest.raises(PermissionError):
                os.truncate(each, 0)
        assert same(pool.read(content, "film"), read_radiograph_bytes(content, "film"))
    assert shared() == before


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="no memory to share here")
def test_a_child_that_cannot_be_started_leaves_no_file_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """F4: each try would take one of the handles that are short."""

    def cannot(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    before = shared()
    with Decoders(1) as pool:
        monkeypatch.setattr(subprocess, "Popen", cannot)
        with pytest.raises(OSError, match="Too many open files"):
            pool.read(saved(FILM, "PNG"), "film")
        assert shared() == before
        monkeypatch.undo()
        assert pool.read(saved(FILM, "PNG"), "film").pixels.shape == FILM.shape


def shared() -> set[Path]:
    """Memory that this process may share with others."""
    return {each for each in (PROC / "self" / "fd").iterdir() if "memfd" in str(each.resolve())}


def test_all_that_a_header_tells_comes_through(decoders: Decoders) -> None:
    content = dicom_file(
        FILM, ViewPosition="PA", BodyPartExamined="CHEST", PixelSpacing=[0.2, 0.3],
        PatientAge="040Y", ImageLaterality="L", PatientOrientation=["R", "H"],
    )  # fmt: skip
    film = decoders.read(content, "film")
    assert film.cautions
    assert film.spacing_mm == (0.2, 0.3)
    assert same(film, read_radiograph_bytes(content, "film"))


def test_samples_are_what_they_are_in_this_process(decoders: Decoders, shared_data: Path) -> None:
    for path in sorted((shared_data / "dicom-samples").glob("*/*.dcm"))[::5]:
        content = path.read_bytes()
        try:
            here = read_radiograph_bytes(content, path.name)
        except ImageError as error:
            with pytest.raises(type(error)):
                decoders.read(content, path.name)
        else:
            assert same(decoders.read(content, path.name), here)


@pytest.mark.parametrize("kind", disguises())
def test_a_film_in_disguise_is_the_film_alone(decoders: Decoders, kind: str) -> None:
    np.testing.assert_array_equal(
        np.round(decoders.read(disguises()[kind], "film").pixels * 255), FILM
    )


@pytest.mark.slow
def test_bombs_are_refused_and_cost_little(decoders: Decoders, child: int) -> None:
    """Sixty and more named files: each refused within 2 s of work, the child under 1 GB."""
    corpus = bombs()
    assert len(corpus) >= 60
    for name, content in corpus.items():
        costs = [math.inf]
        while min(costs) >= 2 and len(costs) < 4:  # neighbours on a core make work cost more
            began = _seconds(child)
            kind, words = outcome(content, decoders.read)
            costs.append(_seconds(child) - began)
            assert kind in (UnreadableImage, NotARadiograph), name
            assert words.startswith("film: "), name
            assert decoders.processes() == [child], f"{name} ended the child"
        assert min(costs) < 2, name
    if PROC.is_dir():
        status = (PROC / str(child) / "status").read_text()
        peak_kb = int(status.split("VmHWM:")[1].split()[0])
        assert peak_kb < 1_000_000
    assert same(
        decoders.read(saved(FILM, "PNG"), "a"), read_radiograph_bytes(saved(FILM, "PNG"), "a")
    )


def _seconds(process: int) -> float:
    """Processor time of a process; 0 where the kernel does not say."""
    if not PROC.is_dir():
        return 0.0
    told = (PROC / str(process) / "stat").read_text().rsplit(")", 1)[1].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def test_a_film_that_takes_too_long_is_refused_and_the_next_is_read() -> None:
    with Decoders(1, limits=Limits(seconds=0.001)) as pool:
        content = saved(np.zeros((4000, 4000), np.uint8), "PNG")
        assert "takes too long" in outcome(content, pool.read)[1]
        assert pool.n_replaced == 1
        pool.limits = Limits()
        assert pool.read(saved(FILM, "PNG"), "film").pixels.shape == FILM.shape


@pytest.mark.slow
def test_a_film_that_takes_too_much_memory_is_refused(decoders: Decoders, child: int) -> None:
    content = saved(np.zeros((7000, 7000), np.uint16), "PNG", compress_level=1)
    assert "more memory than one film may" in outcome(content, decoders.read)[1]
    assert decoders.processes() == [child]


def test_a_killed_child_is_replaced(decoders: Decoders, child: int) -> None:
    os.kill(child, signal.SIGKILL)
    wait_until(lambda: not decoders.processes())
    assert decoders.read(saved(FILM, "PNG"), "film").pixels.shape == FILM.shape
    assert decoders.processes() != [child]


def test_a_child_that_dies_over_a_film_costs_that_film_alone(
    decoders: Decoders, child: int
) -> None:
    with ending(decoders, child, signal.SIGSEGV):
        assert "ends the decoder" in outcome(saved(FILM, "PNG"), decoders.read)[1]
    assert decoders.read(saved(FILM, "PNG"), "film").pixels.shape == FILM.shape


def test_a_film_whose_decoder_is_killed_from_outside_is_read_by_another(
    decoders: Decoders, child: int
) -> None:
    """F3 of the plan: it was refused as unreadable, which is not its fault."""
    before = decoders.n_replaced
    with ending(decoders, child, signal.SIGKILL):
        assert decoders.read(saved(FILM, "PNG"), "film").pixels.shape == FILM.shape
    assert decoders.n_replaced == before + 1


@contextmanager
def ending(decoders: Decoders, child: int, sign: signal.Signals) -> Iterator[None]:
    """A child that ends by a signal while it has a film."""

    def end() -> None:
        wait_until(lambda: not decoders.processes())  # it is taken, and a moment later has the film
        time.sleep(0.2)
        os.kill(child, sign)
        with contextlib.suppress(ProcessLookupError):  # gone already
            os.kill(child, signal.SIGCONT)

    os.kill(child, signal.SIGSTOP)
    killer = threading.Thread(target=end)
    killer.start()
    yield
    killer.join()


def test_who_waits_too_long_for_a_child_is_told_to_come_back() -> None:
    with Decoders(1, limits=Limits(seconds=2)) as pool:
        pool.read(saved(FILM, "PNG"), "film")
        process = pool.processes()[0]
        os.kill(process, signal.SIGSTOP)
        first = threading.Thread(target=pool.read, args=(saved(FILM, "PNG"), "film"))
        first.start()
        wait_until(lambda: not pool.processes())
        with pytest.raises(ServerBusy):
            pool.read(saved(FILM, "PNG"), "film", wait_s=0.05)
        os.kill(process, signal.SIGCONT)
        first.join()


def test_a_file_over_the_cap_reaches_no_child() -> None:
    with Decoders(1, max_bytes=1000) as pool:
        assert "expected at most 1,000" in outcome(bytes(1001), pool.read)[1]
        assert pool.processes() == []


def test_no_child_outlives_its_pool() -> None:
    with Decoders(2) as pool:
        while len(pool.processes()) < 2:  # where one is done before the other begins, there is one
            reading = [
                threading.Thread(target=pool.read, args=(saved(FILM, "PNG"), "film"))
                for _ in range(2)
            ]
            for each in reading:
                each.start()
            for each in reading:
                each.join()
        processes = pool.processes()
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="its way with memory")
def test_a_film_is_decoded_in_the_memory_of_the_last(decoders: Decoders, child: int) -> None:
    """L1 of the plan: 1,761 pages of a megapixel were given back and fetched again each time."""
    content = saved(np.zeros((1024, 1024), np.uint8), "PNG")
    counted = []
    for _ in range(4):
        decoders.read(content, "film")
        fields = (PROC / str(child) / "stat").read_text().rpartition(")")[2].split()
        counted.append(int(fields[7]))  # minor faults
    assert counted[3] - counted[2] < 200


@pytest.mark.slow
def test_damaged_files_are_read_or_refused_and_end_nothing() -> None:
    """2,000 of them; benchmarks/fuzz.py takes as many as wanted."""
    chance = np.random.default_rng(5)
    quick = [film for name, film in whole_films().items() if "lossless" not in name]
    n_read = 0
    with Decoders(1) as pool:
        for _ in range(2000):
            content = mutated(quick[chance.integers(len(quick))], quick, chance)
            with contextlib.suppress(ImageError):
                pool.read(content, "film")
                n_read += 1
    assert 0 < n_read < 2000
