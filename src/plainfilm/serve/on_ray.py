"""The same app on Ray Serve, as many replicas as wanted: `serve run plainfilm.serve.on_ray:app`.

A replica takes films once a bundle is loaded and checked, and follows its repository by looking.
Jobs are left out: a job is in the memory of one replica, and any replica answers. A request whose
replica is killed gets 500 from Ray; reading changes nothing, so whatever stands in front may ask
again (docs/how-to/deploy.md).

References
----------
Ray documentation, "Set Up FastAPI and HTTP" and "Pass Arguments to Applications".
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, PositiveInt

from plainfilm.errors import KeysError, MissingExtra, ServeError
from plainfilm.reading.engine import EngineName
from plainfilm.serve.app import create_app
from plainfilm.serve.auth import AuthSettings, check_exposure
from plainfilm.serve.guards import Guards
from plainfilm.serve.house import House
from plainfilm.serve.logs import log_to
from plainfilm.serve.settings import ServeSettings
from plainfilm.serve.tokens import OidcSettings

if TYPE_CHECKING:
    from ray.serve import Application


class Arguments(BaseModel):
    """What is served and how, as in `plainfilm serve`; what lies in files lies so on every node.

    Parameters
    ----------
    source
        A bundle's path or name, or a repository's folder; None = the shipped bundles.
    workers
        Films that one replica reads at once; it takes as many of Ray's CPUs.
    max_waiting
        Requests that one replica takes in at once.
    poll_s
        Seconds between two looks at the repository.
    replicas
        How many there are.
    keys, oidc_issuer, oidc_audience, oidc_jwks
        Whom to let in.
    anyone
        Let in whoever comes: only where no other can reach Ray's port.
    """

    model_config = ConfigDict(extra="forbid")

    source: str | None = None
    bundle: str | None = None
    engine: EngineName = EngineName.ONNXRUNTIME
    workers: PositiveInt = 1
    max_waiting: PositiveInt = 16
    poll_s: float = 5.0
    replicas: PositiveInt = 2
    keys: Path | None = None
    oidc_issuer: str | None = None
    oidc_audience: str = "plainfilm"
    oidc_jwks: str | None = None
    anyone: bool = False

    @property
    def auth(self) -> AuthSettings:
        """Whom to let in."""
        if self.oidc_issuer is None or self.oidc_jwks is None:
            return AuthSettings(self.keys)
        oidc = OidcSettings(self.oidc_issuer, self.oidc_audience, self.oidc_jwks)
        return AuthSettings(self.keys, oidc)

    def settings(self) -> ServeSettings:
        """The settings of each replica.

        Raises
        ------
        KeysError
            Nobody has to say who they are, and `anyone` does not say that this is meant.
        """
        if self.anyone and self.auth.is_on:
            raise KeysError("anyone: set beside keys or tokens; leave one of them out")
        check_exposure("127.0.0.1" if self.anyone else "Ray's port", self.auth)
        return ServeSettings(
            source=self.source,
            default_bundle=self.bundle,
            engine=self.engine,
            workers=self.workers,
            max_waiting=self.max_waiting,
            poll_s=self.poll_s,
            max_jobs=0,
            guards=Guards(self.auth),
        )


def app(arguments: Arguments) -> "Application":
    """The application that Ray Serve deploys; each replica makes the app of `create_app` anew.

    Raises
    ------
    KeysError
        As `Arguments.settings`.
    MissingExtra
        Ray is not installed.
    """
    try:
        from ray import serve
    except ModuleNotFoundError as error:
        raise MissingExtra("ray", "cluster") from error
    settings = arguments.settings()

    def build() -> FastAPI:
        """The app, in a replica."""
        log_to(sys.stderr)
        return create_app(settings)

    deployed = serve.deployment(
        name="plainfilm",
        num_replicas=arguments.replicas,
        max_ongoing_requests=arguments.max_waiting,
        max_queued_requests=arguments.max_waiting,
        ray_actor_options={"num_cpus": arguments.workers},
        logging_config={"enable_access_log": False},  # the app's own names no path
    )
    return deployed(serve.ingress(build)(Replica)).bind()


class Replica:
    """What Ray is told of a replica, beside the app; Ray makes it of this class and the app."""

    app: FastAPI

    async def check_health(self) -> None:
        """Raise ServeError where the replica cannot read films; Ray then starts another."""
        house: House = self.app.state.house
        if not house.loader.is_first_look_done:
            await house.loader.look()
        if house.unready is not None:
            raise ServeError(house.unready)
