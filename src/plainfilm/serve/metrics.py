"""What is counted and timed, for Prometheus; no label holds anything of a film or a patient."""

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_FAST_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_TENTHS = tuple(n / 10 for n in range(1, 11))
_FILMS = (1, 2, 4, 8, 16, 32, 64)
_GAPS = (1e-5, 1e-3, 0.01, 0.05, 0.1, 0.2, 0.5, 1)
_VERSION = ("model", "version")


class Metrics:
    """The counters of one server, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = own = CollectorRegistry()
        count = partial(Counter, namespace="plainfilm", registry=own)
        gauge = partial(Gauge, namespace="plainfilm", registry=own)
        spread = partial(Histogram, namespace="plainfilm", registry=own)
        seconds = partial(spread, buckets=_FAST_S)
        words = "From a request's head to its answer."
        by_route = ("route", "method", "status")
        self.request_seconds = seconds("http_request_duration_seconds", words, by_route)
        self.queue_seconds = seconds("inference_queue_seconds", "Waiting to be decoded.")
        self.decode_seconds = seconds("preprocess_seconds", "Decoding a film.")
        words = "The graph, and the gate before it."
        self.compute_seconds = seconds("inference_compute_seconds", words, _VERSION)
        words = "Films that one run of a graph has, where calls are put together."
        self.batch_films = spread("batch_films", words, buckets=_FILMS)
        words = "Films or tensors asked of a version, by outcome."
        self.inferences = count("inference_requests", words, (*_VERSION, "outcome"))
        self.rejected = count("rejected", "Requests turned away, by status.", ("reason",))
        words = "Films that could not be read, by the problem's kind."
        self.films_rejected = count("input_rejected", words, ("reason",))
        self.queue_depth = gauge("queue_depth", "Requests inside, those being read among them.")
        words = "1 for each version that answers."
        self.loaded = gauge("model_loaded", words, (*_VERSION, "sha256"))
        self.swaps = gauge("model_swap_total", "Versions loaded, and refused.", ("outcome",))
        self.ready = gauge("ready", "1 = ready, 0 = not.")
        words = "Probabilities given, by finding: whether they drift."
        self.scores = spread("score", words, ("model", "finding"), buckets=_TENTHS)
        words = "Largest difference of a probability to the shadow's."
        self.shadow_difference = spread("shadow_difference", words, ("model",), buckets=_GAPS)

    def forget(self, model: str, version: int) -> None:
        """Drop what was counted of one version: each would stay for as long as the server runs."""
        for metric in (self.compute_seconds, self.inferences):
            metric.remove_by_labels({"model": model, "version": str(version)})

    def page(self) -> bytes:
        """What Prometheus scrapes, as text."""
        return generate_latest(self.registry)
