"""What stands between strangers and an app: `Guards`, and `add_guards`, which puts it there."""

from dataclasses import dataclass, field
from pathlib import Path

from fastapi import FastAPI

from plainfilm.serve.auth import Auth, AuthSettings, caller_of
from plainfilm.serve.confinement import Limits
from plainfilm.serve.limits import BodyLimit, Deadline, HeadAsGet, JsonDepth, RateLimit
from plainfilm.serve.origins import OwnOrigin


@dataclass(frozen=True)
class Guards:
    """What stands between strangers and an app.

    Parameters
    ----------
    auth
        Whose keys and tokens let in; by default nobody has to say who they are.
    audit_log
        Where every film that is read is written down before it is answered; None = nowhere.
    audit_strict
        Whether a line must be safely on the disk first.
    decoding
        What one film may take in the process that decodes it.
    max_json_depth
        Of JSON in a body.
    max_bytes_inside
        Of all bodies that are being taken in or answered at once; one of the largest always may.
    request_s
        From a request's first byte to its answer's last.
    rate_per_s, burst
        Requests a second for each caller in the long run, and at once; `rate_per_s` None = any.
    """

    auth: AuthSettings = field(default_factory=AuthSettings)
    audit_log: Path | None = None
    audit_strict: bool = True
    decoding: Limits = field(default_factory=Limits)
    max_json_depth: int = 32
    max_bytes_inside: int = 512 * 2**20
    request_s: float = 120.0
    rate_per_s: float | None = None
    burst: int = 20

    def __post_init__(self) -> None:
        positive = {
            "max_json_depth": self.max_json_depth,
            "max_bytes_inside": self.max_bytes_inside,
            "request_s": self.request_s,
            "rate_per_s": 1 if self.rate_per_s is None else self.rate_per_s,
            "burst": self.burst,
        }
        for name, value in positive.items():
            if not value > 0:  # written so that NaN fails
                raise ValueError(f"{name}: found {value}; expected more than 0")


def add_guards(app: FastAPI, guards: Guards, *, max_body_bytes: int) -> None:
    """Put the guards around an app's routes; what is added later stands outside of them.

    A request meets, in this order: time, keys, rate, size, depth, origin.
    """
    app.add_middleware(HeadAsGet)
    app.add_middleware(OwnOrigin)
    app.add_middleware(JsonDepth, max_depth=guards.max_json_depth)
    app.add_middleware(BodyLimit, max_bytes=max_body_bytes, max_inside=guards.max_bytes_inside)
    if guards.rate_per_s is not None:
        app.add_middleware(RateLimit, per_s=guards.rate_per_s, burst=guards.burst, who=caller_of)
    if guards.auth.is_on:
        app.add_middleware(Auth, settings=guards.auth)
    app.add_middleware(Deadline, seconds=guards.request_s)
