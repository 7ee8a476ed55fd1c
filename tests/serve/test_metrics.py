import re

from plainfilm.serve.metrics import Metrics
from served import Client, film_part, png_film


def test_every_name_begins_with_ours() -> None:
    names = re.findall(r"^# TYPE (\S+)", Metrics().page().decode(), re.M)
    assert len(names) > 10
    assert all(name.startswith("plainfilm_") for name in names)


def test_films_are_counted_by_outcome(client: Client) -> None:
    metrics = client.house.metrics

    def count(name: str, **labels: str) -> float:
        return metrics.registry.get_sample_value(f"plainfilm_{name}", labels) or 0.0

    read = {"model": "tiny", "version": "1", "outcome": "read"}
    before = count("inference_requests_total", **read)
    bad = count("input_rejected_total", reason="unreadable-film")
    client.post("/v1/read", files=[film_part(png_film()), film_part(b"no film")])
    assert count("inference_requests_total", **read) == before + 1
    assert count("input_rejected_total", reason="unreadable-film") == bad + 1


def test_a_version_that_left_is_counted_no_longer() -> None:
    metrics = Metrics()
    for version in range(1, 5):
        metrics.compute_seconds.labels("tiny", version).observe(1)
        metrics.inferences.labels("tiny", version, "read").inc()
    for version in range(1, 4):
        metrics.forget("tiny", version)

    page = metrics.page().decode()
    assert set(re.findall(r'model="tiny".*version="(\d+)"', page)) == {"4"}
    metrics.forget("tiny", 9)
    assert metrics.page().decode() == page
