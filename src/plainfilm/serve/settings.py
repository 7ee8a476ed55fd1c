"""What can be set about a server: `ServeSettings`."""

from dataclasses import dataclass, field
from pathlib import Path

from plainfilm.reading.engine import EngineName
from plainfilm.serve.batching import BatchSettings
from plainfilm.serve.guards import Guards
from plainfilm.serve.workers import n_cores

DEFAULT_BUNDLE = "pneumonia-paediatric"


@dataclass(frozen=True)
class ServeSettings:
    """What can be set about a server.

    Parameters
    ----------
    source
        A bundle's path or name, or the folder of a repository; None = the shipped bundles.
    default_bundle
        Which bundle reads where a request names none; None = the only one, else
        `DEFAULT_BUNDLE` if it is there, else the first by name.
    workers
        Films read at once; None = one for each core.
    threads
        Of each of them, by onnxruntime; more where fewer films are read at once.
    max_waiting
        Requests taken in at once, those being read among them; more get 503.
    max_body_bytes
        Of one request.
    max_films
        Of one request; of a job ten times as many.
    timeout_s
        Seconds after which a film that still waits is given up (504); a request may ask for less.
    engine
        What runs the graphs.
    batches
        Whether calls of the graph that wait are run together; by default not.
    poll_s
        Seconds between two looks at the repository; None = it is looked at only when told to.
    keep_versions
        How many of a bundle's newest versions are loaded, beside those with a label.
    max_jobs, job_ttl_s
        Batch jobs that run at once (0 = there are none), and the seconds for which a finished one
        is kept.
    page
        A folder whose page.toml and example films go into the page; None = the page as built.
    guards
        What stands between strangers and the server.
    """

    source: Path | str | None = None
    default_bundle: str | None = None
    workers: int | None = None
    threads: int = 1
    max_waiting: int = 64
    max_body_bytes: int = 256 * 2**20
    max_films: int = 64
    timeout_s: float = 60.0
    engine: EngineName = EngineName.ONNXRUNTIME
    batches: BatchSettings = field(default_factory=BatchSettings)
    poll_s: float | None = None
    keep_versions: int = 3
    max_jobs: int = 4
    job_ttl_s: float = 3600.0
    page: Path | None = None
    guards: Guards = field(default_factory=Guards)

    def __post_init__(self) -> None:
        positive = {
            "workers": self.n_workers,
            "threads": self.threads,
            "max_waiting": self.max_waiting,
            "max_body_bytes": self.max_body_bytes,
            "max_films": self.max_films,
            "timeout_s": self.timeout_s,
            "keep_versions": self.keep_versions,
            "job_ttl_s": self.job_ttl_s,
        }
        for name, value in positive.items():
            if not value > 0:  # written so that NaN fails
                raise ValueError(f"{name}: found {value}; expected more than 0")
        if self.max_jobs < 0:
            raise ValueError(f"max_jobs: found {self.max_jobs}; expected 0 or more")
        if self.poll_s is not None and not self.poll_s >= 0.05:
            raise ValueError(f"poll_s: found {self.poll_s}; expected at least 0.05")

    @property
    def n_workers(self) -> int:
        """Films read at once."""
        return n_cores() if self.workers is None else self.workers
