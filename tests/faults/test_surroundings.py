"""F4 of the plan: under a running server, disks that are full or read-only, clocks that jump."""

import json
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from drills import Asking, film_request
from plainfilm.serve.audit_log import verify
from served import film_part, png_film, server

# A small disk of its own for the log, and all others read-only: seen by the server alone.
MOUNTS = 'mount -t tmpfs -o size=64k none "$0" && mount -o remount,bind,ro / && exec "$@"'
OWN_DISKS = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", MOUNTS)
FAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
DAYS = 400


def _can_mount(folder: Path) -> bool:
    words = [*OWN_DISKS, str(folder), "true"]
    found = shutil.which("unshare") is not None
    return found and subprocess.run(words, capture_output=True, check=False).returncode == 0


@pytest.mark.slow
def test_a_server_on_read_only_disks_reads_and_a_full_one_stops_it_only_while_it_is_full(
    tiny_path: Path, tmp_path: Path
) -> None:
    """F4: all disks read-only but the log's, which fills up: 503, not ready, then as before."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if not _can_mount(disk):
        pytest.skip("no mounts of one's own on this machine")
    log = disk / "audit.jsonl"
    with (
        server(tiny_path, "--audit-log", log, inside=(*OWN_DISKS, str(disk))) as (process, told, _),
        httpx.Client(base_url=told["url"], timeout=30) as client,
    ):

        def read() -> httpx.Response:
            return client.post("/v1/read", files=[film_part(png_film())])

        its_disk = Path(f"/proc/{process.pid}/root{disk}")
        with pytest.raises(OSError, match="Read-only"):
            (its_disk.parent / "elsewhere").touch()
        before = read()
        assert before.status_code == 200
        with pytest.raises(OSError, match="No space"):
            (its_disk / "fill").write_bytes(bytes(2**17))
        for _ in range(64):  # what was left of the log's last page
            if (refused := read()).status_code != 200:
                break
        ready = client.get("/v2/health/ready")
        (its_disk / "fill").unlink()
        assert (refused.status_code, refused.json()["type"][-5:]) == (503, "audit")
        assert (ready.status_code, "audit log" in ready.json()["reason"]) == (503, True)
        assert client.get("/v2/health/ready").status_code == 200
        assert read().content == before.content
        kept = tmp_path / "kept.jsonl"
        kept.write_bytes((its_disk / log.name).read_bytes())
    assert verify(kept).broken_at is None
    assert {json.loads(line)["event"] for line in kept.read_text().splitlines()} == {
        "film",
        "resumed",
    }


@pytest.mark.slow
@pytest.mark.skipif(not FAKETIME, reason="libfaketime is not installed")
def test_a_clock_that_jumps_costs_no_answer(tiny_path: Path, tmp_path: Path) -> None:
    """F4: a year on and two years back, under load; deadlines and jobs go by another clock."""
    clock, log = tmp_path / "clock", tmp_path / "audit.jsonl"
    clock.write_text("+0")
    inside = ("env", f"LD_PRELOAD={FAKETIME[0]}", f"FAKETIME_TIMESTAMP_FILE={clock}",
              "FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1")  # fmt: skip
    with (
        server(tiny_path, "--workers", "2", "--audit-log", log, inside=inside) as (_, told, _),
        httpx.Client(base_url=told["url"], timeout=30) as client,
        Asking(told["url"], film_request()) as asking,
    ):
        asking.wait_for(5)
        films = [film_part(png_film(seed), name=f"{seed}.png") for seed in range(8)]
        ward = {"Idempotency-Key": "ward"}
        jobs = [client.post("/v1/jobs", files=films, headers=ward).json()["id"]]
        while (found := client.get(f"/v1/jobs/{jobs[0]}").json())["state"] != "done":
            asking.wait_for(1)
        for jump in (f"+{DAYS}d", f"-{DAYS}d"):
            (tmp_path / "aside").write_text(jump)
            (tmp_path / "aside").replace(clock)
            asking.wait_for(10)
            jobs.append(client.post("/v1/jobs", files=films, headers=ward).json()["id"])
        assert client.get("/v2/health/ready").status_code == 200
    assert not asking.wrong
    assert found["done"] == len(films)
    assert len(set(jobs)) == 1  # it ended before, and is not forgotten
    assert verify(log).broken_at is None
    lines = map(json.loads, log.read_text().splitlines())
    days = [datetime.fromisoformat(line["time"]) for line in lines]
    assert (max(days) - min(days)).days >= 2 * DAYS - 1
