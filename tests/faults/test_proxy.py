"""F7 and B3 of the plan: two servers behind the proxy that deploy/ sets up, and slow clients."""

import select
from pathlib import Path

import httpx
import pytest

from drills import Asking, film_request
from proxied import free_port, has_nginx, proxy, slow_clients, start_server
from served import film_part, png_film

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not has_nginx(), reason="nginx is not installed"),
]


def test_a_replica_that_is_killed_costs_no_answer(tiny_path: Path, tmp_path: Path) -> None:
    """F7, twice; benchmarks/faults.py kills one every few seconds."""
    ports = [free_port(), free_port()]
    servers = [start_server(tiny_path, port) for port in ports]
    try:
        with proxy(tmp_path, ports) as url, Asking(url, film_request()) as asking:
            for which in (0, 1):
                asking.wait_for(20)
                servers[which].kill()
                servers[which].wait()
                asking.wait_for(20)
                servers[which] = start_server(tiny_path, ports[which])
            asking.wait_for(20)
    finally:
        for each in servers:
            each.kill()
            each.wait()
    assert not asking.wrong
    assert asking.n_right >= 100


def test_a_job_is_found_again_by_who_sent_it(tiny_path: Path, tmp_path: Path) -> None:
    """Two servers, each with its jobs in its own memory; the proxy knows senders by their keys."""
    ports = [free_port(), free_port()]
    servers = [start_server(tiny_path, port) for port in ports]
    found_at: set[int] = set()
    try:
        with proxy(tmp_path, ports) as url:
            for n in range(60):
                if len(found_at) == 2 and n >= 4:
                    break
                with httpx.Client(base_url=url, headers={"X-API-Key": f"ward {n}"}) as ward:
                    job = ward.post("/v1/jobs", files=[film_part(png_film())]).json()
                    path = f"/v1/jobs/{job['id']}"
                    assert [ward.get(path).status_code for _ in range(6)] == [200] * 6
                there = [httpx.get(f"http://127.0.0.1:{port}{path}").status_code for port in ports]
                assert sorted(there) == [200, 404]
                found_at.add(there.index(200))
    finally:
        for each in servers:
            each.kill()
            each.wait()
    assert found_at == {0, 1}  # none of them has all the work


def test_a_job_is_not_taken_where_nobody_looks_for_it(tiny_path: Path, tmp_path: Path) -> None:
    """Where its sender's server is full: 503, and not a job at the other one."""
    ports = [free_port(), free_port()]
    servers = [start_server(tiny_path, port, "--max-waiting", "1") for port in ports]
    film = [film_part(png_film())]
    try:
        with proxy(tmp_path, ports) as url, httpx.Client(timeout=30) as client:
            path = "/v1/jobs/" + client.post(f"{url}/v1/jobs", files=film).json()["id"]
            there = [f"http://127.0.0.1:{port}" for port in ports]
            (own,) = [each for each in there if client.get(each + path).status_code == 200]
            with slow_clients(own, 1):  # one of them takes the place
                while client.post(f"{own}/v1/jobs").status_code != 503:
                    pass
                refused = client.post(f"{url}/v1/jobs", files=film)
                assert (refused.status_code, refused.json()["type"][-10:]) == (503, "queue-full")
                assert client.get(url + path).status_code == 200
    finally:
        for each in servers:
            each.kill()
            each.wait()


def test_slow_clients_hold_up_nobody(tiny_path: Path) -> None:
    """B3, without the proxy: idle sockets, half heads and half bodies take no reader."""
    port = free_port()
    running = start_server(tiny_path, port)
    url = f"http://127.0.0.1:{port}"
    try:
        with slow_clients(url, 15) as streams, Asking(url, film_request(), n=2) as asking:
            asking.wait_for(50)
            waiting = select.select(streams, [], [], 0)[0]
    finally:
        running.kill()
        running.wait()
    assert not asking.wrong
    assert not waiting  # 15 of 64 places are taken by half bodies; nobody was refused
