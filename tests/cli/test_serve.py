import subprocess
import sys
from pathlib import Path

import pytest

from plainfilm.cli import main
from plainfilm.cli.serve import serve
from plainfilm.serve import process
from plainfilm.serve.process import Doors
from plainfilm.serve.settings import ServeSettings
from plainfilm.serve.tokens import OidcSettings

Asked = list[tuple[ServeSettings, Doors]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What a server was asked to do, instead of doing it for ever."""
    found: Asked = []
    monkeypatch.setattr(process, "run", lambda *settings: found.append(settings))
    return found


def test_options_become_settings(asked: Asked, tmp_path: Path) -> None:
    source = str(tmp_path)  # empty, and yet a repository
    assert main(["serve", source, "--bundle", "tiny", "--workers", "3", "--poll", "5"]) == 0
    settings, doors = asked[0]
    assert settings == ServeSettings(source, default_bundle="tiny", workers=3, poll_s=5)
    assert doors == Doors()


# Tells itself to stop when the server's own end is first imported, long before it listens.
TOLD_EARLY = """
import os, signal, sys
from plainfilm.cli import main

def tell(event, arguments):
    if event == "import" and arguments[0] == "plainfilm.serve.ending":
        os.kill(os.getpid(), signal.SIGTERM)

sys.addaudithook(tell)
sys.exit(main(["serve", "--port", "0", "--admin-port", "0"]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGTERM there")
def test_a_server_that_is_told_to_stop_while_it_starts_does() -> None:
    """F6: as the first process of a container it heard nothing, and began to serve."""
    done = subprocess.run([sys.executable, "-c", TOLD_EARLY], capture_output=True, timeout=60)

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_s0_83_the_port_may_come_from_the_environment(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "8090")
    assert main(["serve"]) == 0
    assert main(["serve", "--port", "8091"]) == 0
    assert [doors.port for _, doors in asked] == [8090, 8091]


@pytest.mark.parametrize(
    "wrong", [["--port", "65536"], ["--workers", "0"], ["--poll", "0"], ["--engine", "tensorrt"]]
)
def test_what_cannot_be_is_wrong_usage(
    wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", *wrong]) == 2
    assert wrong[0] in capsys.readouterr().err


def test_nothing_to_serve_is_wrong_usage(
    asked: Asked, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", str(tmp_path / "nothing")]) == 2
    assert "nothing: no such bundle" in capsys.readouterr().err
    (tmp_path / "chest.dcm").touch()
    assert main(["serve", str(tmp_path)]) == 2
    assert "no repository of bundles; found chest.dcm" in capsys.readouterr().err
    assert not asked
    assert serve.help


def test_who_is_let_in_becomes_guards(asked: Asked, tmp_path: Path) -> None:
    oidc = ["--oidc-issuer", "https://a", "--oidc-jwks", "jwks.json"]
    assert main(["serve", "--keys", str(tmp_path / "k.json"), "--rate", "5", *oidc]) == 0
    guards = asked[0][0].guards
    assert guards.auth.keys == tmp_path / "k.json"
    assert guards.auth.oidc == OidcSettings("https://a", "plainfilm", "jwks.json")
    assert guards.rate_per_s == 5
    assert main(["serve", "--oidc-issuer", "https://a"]) == 2
