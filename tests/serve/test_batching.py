"""Calls that wait together are one run, and each gets its own."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from phantoms import phantom
from plainfilm.errors import CorruptBundle
from plainfilm.reading.engine import Array, Engine, GraphOutput
from plainfilm.serve.app import create_app
from plainfilm.serve.batching import Batching, BatchSettings
from plainfilm.serve.settings import ServeSettings
from served import film_part, png_film, serving
from tiny_bundle import tiny_bundle

FILMS = [phantom(size=(32, 32), seed=seed).astype(np.float32)[None, None] for seed in range(16)]


def together(engine: Batching, films: list[Array]) -> list[GraphOutput]:
    """Each film by a thread of its own, all at once."""
    start = threading.Barrier(len(films))

    def ask(film: Array) -> GraphOutput:
        start.wait(30)
        return engine.run(film)

    with ThreadPoolExecutor(len(films)) as threads:
        return list(threads.map(ask, films))


def test_s4_15_sixteen_requests_are_one_run_in_their_order(tiny_path: Path) -> None:
    """S4-15."""
    asked = [
        {"inputs": [{"name": "radiographs", "datatype": "FP32", "shape": [1, 1, 32, 32],
                     "data": film.ravel().tolist()}]}
        for film in FILMS
    ]  # fmt: skip
    path = "/v2/models/tiny/infer"
    with serving(create_app(ServeSettings(source=tiny_path, workers=1))) as client:
        expected = [client.post(path, json=each).json()["outputs"] for each in asked]
    batches = BatchSettings(16, 10.0)
    settings = ServeSettings(source=tiny_path, workers=16, batches=batches)
    with serving(create_app(settings)) as client:
        coming = [client.start("POST", path, json=each) for each in asked]
        found = [each.result(60).json()["outputs"] for each in coming]
        page = client.house.metrics_page().decode()
    assert "plainfilm_batch_films_count 1.0" in page
    assert "plainfilm_batch_films_sum 16.0" in page
    for ours, alone in zip(found, expected, strict=True):
        for mine, theirs in zip(ours, alone, strict=True):
            assert mine["name"] == theirs["name"]
            np.testing.assert_allclose(mine["data"], theirs["data"], atol=1e-5)
    assert len({str(each[0]["data"]) for each in found}) == 16  # so that order shows


def test_films_in_files_are_put_together_too(tiny_path: Path) -> None:
    settings = ServeSettings(source=tiny_path, workers=2, batches=BatchSettings(2, 0.1))
    with serving(create_app(settings)) as client:
        parts = [film_part(png_film(seed), f"{seed}.png") for seed in range(2)]
        found = client.post("/v1/read", files=parts).json()
        alone = [client.post("/v1/read", files=[part]).json() for part in parts]
        assert "plainfilm_batch_films_sum 4.0" in client.house.metrics_page().decode()
    assert [each["name"] for each in found] == ["0.png", "1.png"]
    for one, other in zip(found, alone, strict=True):
        np.testing.assert_allclose(
            [each["score"] for each in one["findings"]],
            [each["score"] for each in other["findings"]],
            atol=1e-5,
        )


def test_films_of_other_sizes_wait_for_a_run_of_their_own() -> None:
    sizes: list[int] = []
    engine = Batching(Engine(tiny_bundle(2), threads=1), BatchSettings(8, 0.2), sizes.append)
    wide = [phantom(size=(32, 40), seed=n).astype(np.float32)[None, None] for n in range(3)]
    found = together(engine, [FILMS[0], *wide, FILMS[1]])
    assert sum(sizes) == 5
    plain = Engine(tiny_bundle(2), threads=1)
    for film, each in zip([FILMS[0], *wide, FILMS[1]], found, strict=True):
        np.testing.assert_allclose(each.score, plain.run(film).score, atol=1e-5)
        assert each.probability.shape == (1, 2)


def test_what_waits_already_is_taken_without_waiting() -> None:
    sizes: list[int] = []
    engine = Batching(Engine(tiny_bundle(2), threads=1), BatchSettings(4), sizes.append)
    assert engine.run(FILMS[0]).score.shape == (1, 2)
    assert sizes == [1]
    together(engine, FILMS)
    assert sum(sizes) == 17
    assert max(sizes) <= 4


class Fragile:
    """An engine that has no answer to a dark film, and a bug with a bright one."""

    def __init__(self) -> None:
        self._engine = Engine(tiny_bundle(2), threads=1)
        self.bundle, self.name = self._engine.bundle, self._engine.name

    def run(self, radiographs: Array, facts: Array | None = None) -> GraphOutput:
        if (radiographs.max(axis=(1, 2, 3)) == 0).any():
            raise CorruptBundle("dark")
        if (radiographs.min(axis=(1, 2, 3)) == 1).any():
            raise ZeroDivisionError
        return self._engine.run(radiographs, facts)


def test_a_film_that_fails_costs_no_other_its_answer() -> None:
    engine = Batching(Fragile(), BatchSettings(4, 0.5), lambda _: None)
    films = [FILMS[0], np.zeros_like(FILMS[0]), FILMS[1], np.ones_like(FILMS[0])]

    def ask(film: Array) -> str:
        try:
            return str(engine.run(film).score.shape)
        except (CorruptBundle, ZeroDivisionError) as error:
            return type(error).__name__

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(ask, films))
    # Who leads the run in which the bug is meets it; whose film has it meets it in any case.
    assert found[1] in ("CorruptBundle", "ZeroDivisionError")
    assert found[3] == "ZeroDivisionError"
    assert all(each in ("(1, 2)", "ZeroDivisionError") for each in (found[0], found[2]))
    assert engine.run(FILMS[2]).score.shape == (1, 2)
    found = [ask(film) for film in films[:3]]
    assert found == ["(1, 2)", "CorruptBundle", "(1, 2)"]


@pytest.mark.parametrize("setting", [{"max_films": 0}, {"wait_s": -1}, {"wait_s": float("nan")}])
def test_a_setting_that_cannot_work_is_refused_by_name(setting: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(setting))):
        BatchSettings(**setting)  # type: ignore[arg-type]
