"""The verb `plainfilm serve`, as the others."""

import functools
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from plainfilm.cli.options import PATH, Verb, between
from plainfilm.cli.terminal import wrong_usage_of
from plainfilm.serve.memory import uncollected

if TYPE_CHECKING:
    from plainfilm.serve.guards import Guards
    from plainfilm.serve.process import Doors
    from plainfilm.serve.settings import ServeSettings
    from plainfilm.serve.tuning import Setting

_PORT = click.IntRange(0, 65535)


def _door_options(verb: Verb) -> Verb:
    """Give a verb the addresses to listen on, as its argument `doors`."""

    @click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
    @click.option("--port", type=_PORT, default=8000, show_default=True, envvar="PORT",
                  show_envvar=True, help="0: any that is free.")  # fmt: skip
    @click.option("--admin-host", default="127.0.0.1", show_default=True, help="Of --admin-port.")
    @click.option("--admin-port", type=_PORT, default=8001, show_default=True,
                  help="For metrics, loading and unloading.")  # fmt: skip
    @functools.wraps(verb)
    def with_doors(
        host: str, port: int, admin_host: str, admin_port: int, **others: object
    ) -> None:
        """The verb, told by `Doors` where to listen."""
        from plainfilm.serve.process import Doors

        verb(doors=Doors(host, port, admin_host, admin_port), **others)

    return with_doors


def _guard_options(verb: Verb) -> Verb:
    """Give a verb what stands between strangers and the server, as its argument `guards`."""

    @click.option("--keys", type=PATH, help="Let in whose key is in this file (plainfilm keys).")
    @click.option("--oidc-issuer", metavar="URL", help="Let in holders of this issuer's tokens.")
    @click.option("--oidc-audience", metavar="NAME", default="plainfilm", show_default=True,
                  help="What such a token must be for.")  # fmt: skip
    @click.option("--oidc-jwks", metavar="FILE|URL", help="The issuer's public keys.")
    @click.option("--audit-log", type=PATH, help="Write down who asked what (plainfilm audit-log).")
    @click.option("--rate", metavar="N", callback=between(0, 10_000, "requests a second"),
                  help="Requests a second for each caller; default: any.")  # fmt: skip
    @functools.wraps(verb)
    def with_guards(
        keys: Path | None, oidc_issuer: str | None, oidc_audience: str, oidc_jwks: str | None,
        audit_log: Path | None, rate: float | None, **others: object,
    ) -> None:  # fmt: skip
        """The verb, told by `Guards` whom to let in."""
        from plainfilm.serve.auth import AuthSettings
        from plainfilm.serve.guards import Guards
        from plainfilm.serve.tokens import OidcSettings

        if (oidc_issuer is None) != (oidc_jwks is None):
            raise click.UsageError("--oidc-issuer and --oidc-jwks go together.")
        given = oidc_issuer is not None and oidc_jwks is not None
        oidc = OidcSettings(str(oidc_issuer), oidc_audience, str(oidc_jwks)) if given else None
        auth = AuthSettings(keys, oidc)
        verb(guards=Guards(auth, audit_log, rate_per_s=rate or None), **others)

    return with_guards


def _tuned(context: click.Context, _: click.Parameter, path: Path | None) -> None:
    """Let a file of `plainfilm tune serve` give the defaults of other options."""
    if path is None:
        return
    from plainfilm.serve.tuning import load_tuned

    context.default_map = {**(context.default_map or {}), **_words_of(load_tuned(path))}


def _words_of(setting: "Setting") -> dict[str, str]:
    return {name: str(value) for name, value in asdict(setting).items()}


def _batch_options(verb: Verb) -> Verb:
    """Give a verb whether calls are run together, as its argument `batches`."""

    @click.option("--max-batch", type=click.IntRange(1, 256), default=1, show_default=True,
                  help="Run so many waiting films at once: for graphics processors.")  # fmt: skip
    @click.option("--batch-wait", metavar="MS", callback=between(0, 1000, "milliseconds"),
                  help="How long the first waits for others; default: not at all.")  # fmt: skip
    @functools.wraps(verb)
    def with_batches(max_batch: int, batch_wait: float | None, **others: object) -> None:
        """The verb, told by `BatchSettings` what to run together."""
        from plainfilm.serve.batching import BatchSettings

        verb(batches=BatchSettings(max_batch, (batch_wait or 0) / 1000), **others)

    return with_batches


def _settings_options(verb: Verb) -> Verb:
    """Give a verb what is served and how, as its argument `settings`."""

    @click.argument("source", required=False, metavar="[BUNDLE | REPOSITORY]")
    @click.option("--tuned", type=PATH, is_eager=True, expose_value=False, callback=_tuned,
                  help="What plainfilm tune serve wrote; other options count more.")  # fmt: skip
    @click.option("--bundle", "default_bundle", metavar="NAME",
                  help="Which one reads where none is named.")  # fmt: skip
    @click.option("--engine", type=click.Choice(["onnxruntime", "openvino"]),
                  default="onnxruntime", show_default=True,
                  help="openvino needs the extra [fast].")  # fmt: skip
    @click.option("--workers", type=click.IntRange(1), metavar="N",
                  help="Films read at once; default: one per processor.")  # fmt: skip
    @click.option("--threads", type=click.IntRange(1), default=1, show_default=True,
                  help="Of each, by onnxruntime.")  # fmt: skip
    @click.option("--max-waiting", type=click.IntRange(1), default=64, show_default=True,
                  help="Requests inside at once; more are turned away (503).")  # fmt: skip
    @click.option("--poll", "poll_s", metavar="SECONDS", callback=between(1, 86400, "seconds"),
                  help="Look at the repository so often; default: when told to.")  # fmt: skip
    @click.option("--page", type=PATH, metavar="FOLDER",
                  help="Its page.toml and example films go into the page.")  # fmt: skip
    @_batch_options
    @functools.wraps(verb)
    def with_settings(engine: str, **words: Any) -> None:
        """The verb, told by `ServeSettings` what to serve."""
        from plainfilm.reading.engine import EngineName
        from plainfilm.serve.settings import ServeSettings

        known = {field.name for field in fields(ServeSettings)} & words.keys()
        told = {name: words.pop(name) for name in known}
        verb(settings=ServeSettings(engine=EngineName(engine), **told), **words)

    return with_settings


def _at_once(verb: Verb) -> Verb:
    """Let a verb start without looking for garbage among what it imports, and end when told to."""

    @functools.wraps(verb)
    def started(**arguments: object) -> None:
        """The verb."""
        with uncollected(), _ended_by_sigterm():
            verb(**arguments)

    return started


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Exit status 0 at SIGTERM, until the server listens and knows an end of its own.

    Without this the first process of a container does not hear it, and starts to serve.
    """

    def leave(*_: object) -> NoReturn:
        """End the process."""
        raise SystemExit(0)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@click.command()
@_at_once
@_settings_options
@_guard_options
@_door_options
def serve(settings: "ServeSettings", guards: "Guards", doors: "Doors") -> None:
    """Read films over HTTP: POST /v1/read, and the Open Inference Protocol under /v2.

    Serves a bundle, a repository of versioned bundles, or the shipped bundles. Logs to stderr, one
    line of JSON each. SIGTERM ends it once all it has taken in is answered.
    """
    from plainfilm.serve.process import run
    from plainfilm.serve.sources import open_source

    with wrong_usage_of("BUNDLE | REPOSITORY"):
        open_source(settings.source)
    run(replace(settings, guards=guards), doors)
