"""What is counted and timed, for Prometheus; no label holds anything of a film or a patient."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_FAST_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_VERSION = ("model", "version")


class Metrics:
    """The counters of one server, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = own = CollectorRegistry()
        self.request_seconds = Histogram(
            "plainfilm_http_request_duration_seconds", "From a request's head to its answer.",
            ("route", "method", "status"), buckets=_FAST_S, registry=own,
        )  # fmt: skip
        self.inferences = Counter(
            "plainfilm_inference_requests", "Films or tensors asked of a version, by outcome.",
            (*_VERSION, "outcome"), registry=own,
        )  # fmt: skip
        self.queue_seconds = Histogram(
            "plainfilm_inference_queue_seconds", "Waiting for a reading thread.",
            buckets=_FAST_S, registry=own,
        )  # fmt: skip
        self.decode_seconds = Histogram(
            "plainfilm_preprocess_seconds", "Decoding a film.", buckets=_FAST_S, registry=own
        )
        self.compute_seconds = Histogram(
            "plainfilm_inference_compute_seconds", "The graph, and the gate before it.",
            _VERSION, buckets=_FAST_S, registry=own,
        )  # fmt: skip
        self.queue_depth = Gauge(
            "plainfilm_queue_depth", "Requests inside, those being read among them.", registry=own
        )
        self.rejected = Counter(
            "plainfilm_rejected", "Requests turned away, by the problem's kind.", ("reason",),
            registry=own,
        )  # fmt: skip
        self.films_rejected = Counter(
            "plainfilm_input_rejected", "Films that could not be read, by the problem's kind.",
            ("reason",), registry=own,
        )  # fmt: skip
        self.loaded = Gauge(
            "plainfilm_model_loaded", "1 for each version that answers.", (*_VERSION, "sha256"),
            registry=own,
        )  # fmt: skip
        self.swaps = Gauge(
            "plainfilm_model_swap_total", "Versions loaded, and versions refused.", ("outcome",),
            registry=own,
        )  # fmt: skip
        self.ready = Gauge("plainfilm_ready", "1 = ready, 0 = not.", registry=own)
        self.scores = Histogram(
            "plainfilm_score", "Probabilities given, by finding: whether they drift.",
            ("model", "finding"), buckets=[n / 10 for n in range(1, 11)], registry=own,
        )  # fmt: skip
        self.shadow_difference = Histogram(
            "plainfilm_shadow_difference", "Largest difference of a probability to the shadow's.",
            ("model",), buckets=(1e-5, 1e-3, 0.01, 0.05, 0.1, 0.2, 0.5, 1), registry=own,
        )  # fmt: skip

    def page(self) -> bytes:
        """What Prometheus scrapes, as text."""
        return generate_latest(self.registry)
