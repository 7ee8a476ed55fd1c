"""F7 and B3 of the plan: two servers behind the proxy that deploy/ sets up, and slow clients."""

import select
from pathlib import Path

import pytest

from drills import Asking, film_request
from proxied import free_port, has_nginx, proxy, slow_clients, start_server

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
