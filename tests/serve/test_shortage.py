import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from plainfilm.errors import CorruptBundle, ServerBusy
from plainfilm.images import read_radiograph_bytes
from plainfilm.radiograph import Radiograph
from plainfilm.reading import Bundle
from plainfilm.serve.app import create_app
from plainfilm.serve.settings import ServeSettings
from plainfilm.serve.shortage import has_handle, is_shortage, told_as_busy
from served import film_part, png_film, serving


@contextmanager
def no_handles() -> Iterator[None]:
    """This process may open no file more."""
    was = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.dup(2)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, was[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, was)


def test_a_bundle_that_no_handle_is_left_for_is_not_called_bad(tiny_path: Path) -> None:
    with no_handles():
        assert not has_handle()
        with pytest.raises(CorruptBundle) as refused:
            Bundle.load(tiny_path)
    assert is_shortage(refused.value)
    assert has_handle()
    assert not is_shortage(CorruptBundle("tiny: a hash is wrong"))
    assert not is_shortage(FileNotFoundError(errno.ENOENT, "gone"))


def test_only_a_shortage_is_told_as_busy() -> None:
    def decode(_: bytes, name: str) -> Radiograph:
        raise OSError(int(name), "words")

    with pytest.raises(ServerBusy):
        told_as_busy(decode)(b"", str(errno.EMFILE))
    with pytest.raises(FileNotFoundError):
        told_as_busy(decode)(b"", str(errno.ENOENT))


def test_a_server_without_handles_is_not_ready_and_then_is(tiny_path: Path) -> None:
    """F4: and a job's film gets its line, so that the job is done and leaves its place."""
    short = [True]

    def decode(content: bytes, name: str) -> Radiograph:
        if short[0]:
            raise OSError(errno.EMFILE, "Too many open files", name)
        return read_radiograph_bytes(content, name)

    with serving(create_app(ServeSettings(source=tiny_path, workers=1, max_jobs=1))) as client:
        client.house.decode = decode  # as where neither a child nor a pipe to it can be had
        film = [film_part(png_film())]
        refused = client.post("/v1/read", files=film)
        assert (refused.status_code, refused.json()["type"][-9:]) == (503, ":shortage")
        assert refused.headers["retry-after"]
        job = client.post("/v1/jobs", files=film).json()
        while client.get(f"/v1/jobs/{job['id']}").json()["state"] != "done":
            pass
        assert '"status": 503' in client.get(job["results"]).text
        short[0] = False
        assert client.post("/v1/read", files=film).status_code == 200
        assert client.post("/v1/jobs", files=film).status_code == 202
