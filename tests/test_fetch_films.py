"""The fetching script against a server of our own, on this machine."""

import base64
import io
import runpy
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
SECRET = "s3cr3t-k3y"


def packed() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("chest_xray/train/NORMAL/IM-0001-0001.jpeg", b"film " * 5000)
        archive.writestr("../outside.txt", b"must stay inside")
    return stream.getvalue()


@dataclass
class Kaggle:
    """What the server keeps, does and heard."""

    content: bytes = field(default_factory=packed)
    cut_after: int | None = None
    status: int = 200
    heard: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    host: str = ""


@pytest.fixture
def kaggle() -> Iterator[Kaggle]:
    """A server that checks the key on its own host and sends on to a store on another."""
    state = Kaggle()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked, key = self.headers.get("Range"), self.headers.get("Authorization")
            state.heard.append((self.path, key, asked))
            if state.status != 200:
                self.send_error(state.status)
            elif not self.path.startswith("/store"):
                self.send_response(302)
                port = self.server.server_address[1]
                self.send_header("Location", f"http://localhost:{port}/store{self.path}")
                self.end_headers()
            else:
                first = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
                body = state.content[first:]
                self.send_response(206 if asked else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: state.cut_after])

        def log_message(self, *words: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    state.host = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("KAGGLE_USERNAME", "reader")
    monkeypatch.setenv("KAGGLE_KEY", SECRET)
    return runpy.run_path(str(REPOSITORY / "scripts" / "fetch_films.py"))["main"]


def test_s2_06_a_data_set_is_fetched_with_a_key_from_outside_the_code(
    main: Any, kaggle: Kaggle, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """S2-06: the key comes from the environment, goes to one host, and is shown nowhere."""
    assert main(["paul/chest", str(tmp_path / "films")], kaggle.host) == 0

    film = tmp_path / "films/chest_xray/train/NORMAL/IM-0001-0001.jpeg"
    assert film.read_bytes() == b"film " * 5000
    (_, key, _), (_, at_the_store, _) = kaggle.heard
    assert key == "Basic " + base64.b64encode(f"reader:{SECRET}".encode()).decode()
    assert at_the_store is None
    output = "".join(capfd.readouterr())
    assert sha256(kaggle.content).hexdigest() in output
    assert SECRET not in output
    assert SECRET not in "".join(str(path) for path in tmp_path.rglob("*"))


def test_s2_06_the_key_may_stand_in_the_user_s_file(
    main: Any, kaggle: Kaggle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S2-06: as Kaggle hands it out."""
    monkeypatch.delenv("KAGGLE_KEY")
    (tmp_path / "home" / ".kaggle").mkdir(parents=True)
    text = f'{{"username": "other", "key": "{SECRET}"}}'
    (tmp_path / "home" / ".kaggle" / "kaggle.json").write_text(text)

    assert main(["paul/chest", str(tmp_path / "films")], kaggle.host) == 0

    sent = str(kaggle.heard[0][1]).removeprefix("Basic ")
    assert base64.b64decode(sent).decode() == f"other:{SECRET}"


def test_a_fetch_that_was_cut_off_goes_on(main: Any, kaggle: Kaggle, tmp_path: Path) -> None:
    kaggle.cut_after = 300
    words = ["paul/chest", str(tmp_path / "films")]

    assert main(words, kaggle.host) == 1
    assert not (tmp_path / "films" / "chest.zip").exists()
    kaggle.cut_after = None
    assert main(words, kaggle.host) == 0

    assert kaggle.heard[-1][2] == "bytes=300-"
    assert (tmp_path / "films" / "chest.zip").read_bytes() == kaggle.content


def test_an_archive_that_is_there_is_not_fetched_again(
    main: Any, kaggle: Kaggle, tmp_path: Path
) -> None:
    (tmp_path / "chest.zip").write_bytes(kaggle.content)

    assert main(["paul/chest", str(tmp_path)], kaggle.host) == 0

    assert kaggle.heard == []
    assert (tmp_path / "outside.txt").is_file()  # unpacked inside, whatever the archive says


@pytest.mark.parametrize(
    ("status", "said"),
    [(401, "key is not accepted"), (403, "terms"), (404, "no such data set"), (416, "remove it")],
)
def test_a_refusal_is_one_line_without_the_key(
    main: Any,
    kaggle: Kaggle,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    status: int,
    said: str,
) -> None:
    kaggle.status = status

    assert main(["paul/chest", str(tmp_path)], kaggle.host) == 1

    complaint = capfd.readouterr().err
    assert said in complaint
    assert SECRET not in complaint
    assert complaint.count("\n") == 1


def test_an_archive_that_is_none_is_told(
    main: Any, kaggle: Kaggle, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    kaggle.content = b"<html>Sorry</html>"

    assert main(["paul/chest", str(tmp_path)], kaggle.host) == 1

    assert "chest.zip: File is not a zip file; remove it" in capfd.readouterr().err


@pytest.mark.parametrize("text", [None, f'{{"key": "{SECRET}"}}', f"key={SECRET}", f'["{SECRET}"]'])
def test_without_a_key_nothing_is_asked(
    main: Any,
    kaggle: Kaggle,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    text: str | None,
) -> None:
    monkeypatch.delenv("KAGGLE_USERNAME")
    if text is not None:
        (tmp_path / "home" / ".kaggle").mkdir(parents=True)
        (tmp_path / "home" / ".kaggle" / "kaggle.json").write_text(text)

    assert main(["paul/chest", str(tmp_path)], kaggle.host) == 1

    complaint = capfd.readouterr().err
    assert "no key: set KAGGLE_USERNAME" in complaint or "expected username and key" in complaint
    assert SECRET not in complaint
    assert kaggle.heard == []


@pytest.mark.parametrize("words", [[], ["chest", "films"], ["../../etc/x", "films"], ["a/b"]])
def test_wrong_usage_is_told(main: Any, words: list[str]) -> None:
    assert main(words) == 2
