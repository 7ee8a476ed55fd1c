"""The verbs of `plainfilm bundles`, as the others."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from plainfilm.cli.bundle_options import out_bundle_option
from plainfilm.cli.options import (
    PATH,
    force_option,
    json_option,
    out_option,
)
from plainfilm.cli.terminal import note

_repository_option = click.option(
    "--repository", type=PATH, required=True, help="Folder of versioned bundles."
)
_NUMBER = click.IntRange(1, 10**9 - 1)


@click.group()
def bundles() -> None:
    """List, show, verify, import, cut and join bundles; publish them for a server."""


@bundles.command("list")
@click.option("--repository", type=PATH, help="Those of a repository instead.")
@click.option("--remote", metavar="SHELF", help="Those in a folder elsewhere, by its index.json.")
@json_option
def list_bundles(repository: Path | None, remote: str | None, as_json: bool) -> None:
    """List the bundles shipped with plainfilm, a repository's, or those of a folder elsewhere."""
    if remote is not None:
        click.echo(remote_text(remote, as_json=as_json))
        return
    from plainfilm.reading.shelf import bundled, open_bundle
    from plainfilm.reports.of_bundle import bundle_json, bundle_line

    if repository is not None:
        _list_repository(repository, as_json=as_json)
        return
    found = [open_bundle(path) for path in bundled()]
    lines = "\n".join(bundle_line(bundle) for bundle in found)
    click.echo(json.dumps([bundle_json(b) for b in found], indent=2) if as_json else lines)


def remote_text(shelf: str, *, as_json: bool) -> str:
    """What the index of a shelf elsewhere lists; no bundle is fetched."""
    from plainfilm.exchange import list_remote

    found = list_remote(shelf)
    if as_json:
        return json.dumps([asdict(bundle) for bundle in found], indent=2)
    return "\n".join(f"{b.file}  {b.n_bytes:,} bytes  {b.sha256}" for b in found)


@bundles.command()
@click.argument("bundle")
@click.option("--card", "part", flag_value="card", help="Its card, whole (Markdown).")
@click.option("--recipe", "part", flag_value="recipe", help="The recipe it was trained by (TOML).")
@json_option
def show(bundle: str, part: str | None, as_json: bool) -> None:
    """Show what a bundle says of itself."""
    from plainfilm.reading.shelf import open_bundle
    from plainfilm.reports.of_bundle import bundle_json, bundle_text

    found = open_bundle(bundle)
    if part is not None:
        text = found.card if part == "card" else found.header.provenance.recipe_toml
        safe = "".join(c if c.isprintable() or c in "\n\t" else "?" for c in text)
        click.echo(safe if sys.stdout.isatty() else text, nl=False)
        return
    click.echo(json.dumps(bundle_json(found), indent=2) if as_json else bundle_text(found))


@bundles.command("import")
@click.argument("weights", type=PATH)
@click.option("--form", required=True, help="How its source wrote it; see the how-to page.")
@click.option("--network", default="", help="One of the form's networks, if not its usual one.")
@click.option("--findings", default="", help="What the outputs mean, in order, with commas.")
@click.option("--name", default="", help="The bundle's name; the form's, if left out.")
@click.option("--licence", default="", help="Of the weights, as their source says.")
@out_bundle_option(required=True)
@force_option
def import_bundle(weights: Path, out: Path, force: bool, findings: str, **said: str) -> None:
    """Make a bundle of published weights; nothing in the file is run."""
    from plainfilm.imports import ImportOptions, import_weights
    from plainfilm.reports.of_bundle import bundle_line

    names = tuple(name.strip() for name in findings.split(",") if name.strip())
    told = {key: value for key, value in said.items() if value}
    made = import_weights(weights, out, ImportOptions(findings=names, **told), overwrite=force)
    click.echo(bundle_line(made))


@bundles.command("encoder")
@click.argument("bundle")
@out_option(required=True, help="The encoder: a name in .onnx.")
@force_option
def cut_encoder_off(bundle: str, out: Path, force: bool) -> None:
    """Cut the head off a bundle's network: an encoder for other findings.

    Prints what a recipe begins with that trains a new head on it.
    """
    from plainfilm.reading.shelf import open_bundle
    from plainfilm.training.cut_encoder import cut_encoder, save_encoder

    cut = cut_encoder(open_bundle(bundle), str(out))
    save_encoder(cut, out, overwrite=force)
    click.echo(cut.recipe, nl=False)
    note(f"Wrote {out.name}")


@bundles.command()
@click.argument("members", nargs=-1, required=True, metavar="BUNDLES...")
@out_bundle_option(required=True)
@click.option("--name", required=True, help="Of the new bundle, as in knee-pair.")
@click.option("--as-version", "version", default="1.0.0", show_default=True, help="Likewise.")
@force_option
def join(members: tuple[str, ...], out: Path, name: str, version: str, force: bool) -> None:
    """Make one bundle of several: the mean of their probabilities and maps answers.

    They have to agree in findings, input, population, data set and split. Nothing is fitted anew
    and nothing measured: run `plainfilm evaluate` afterwards.
    """
    from plainfilm.reading.shelf import open_bundle
    from plainfilm.training.join import join as join_bundles

    joined = join_bundles([open_bundle(member) for member in members], name, version=version)
    joined.save(out, overwrite=force)
    note(f"Wrote {out.name}")


@bundles.command()
@click.argument("bundle")
@json_option
def verify(bundle: str, as_json: bool) -> None:
    """Check every hash of a bundle, and that its golden outputs come back."""
    from plainfilm.reading.shelf import open_bundle
    from plainfilm.reading.verify import verify as verify_bundle

    found = open_bundle(bundle)
    verify_bundle(found)
    words = f"{found.id.name} {found.id.version}: holds"
    click.echo(json.dumps({**asdict(found.id), "holds": True}, indent=2) if as_json else words)


@bundles.command()
@click.argument("bundle")
@_repository_option
@click.option("--version", type=_NUMBER, help="Default: one more than the highest.")
@json_option
def publish(bundle: str, repository: Path, version: int | None, as_json: bool) -> None:
    """Put a bundle into a repository, as its next version.

    Verified first; there whole or not at all. It waits for `promote`, the first version too.
    """
    from plainfilm.reading.shelf import open_bundle
    from plainfilm.serve.repository import Repository

    found = open_bundle(bundle)
    number = Repository(repository, make=True).publish(found, version)
    told = {"name": found.header.name, "version": number, "sha256": found.id.sha256}
    note(
        f"Waits for: plainfilm bundles promote {found.header.name} {number} "
        f"--repository {repository}"
    )
    click.echo(json.dumps(told, indent=2) if as_json else f"{found.header.name} {number}")


@bundles.command()
@click.argument("name")
@click.argument("version", type=_NUMBER)
@_repository_option
@click.option("--to", "label", type=click.Choice(["stable", "canary", "shadow"]), default="stable",
              show_default=True, help="canary answers in part, shadow is never heard.")  # fmt: skip
@click.option("--percent", type=click.FloatRange(0, 100), default=10.0, show_default=True,
              help="Of the requests, for the canary.")  # fmt: skip
@json_option
def promote(
    name: str, version: int, repository: Path, label: str, percent: float, as_json: bool
) -> None:
    """Let a version answer: give it a label.

    Refused where it has no evaluation, nobody has signed its explanations off (sign-off), or its
    golden outputs do not come back; the refusal says what is missing.
    """
    from plainfilm.serve.repository import Change, Repository

    policy = Repository(repository).promote(name, version, Change(label, percent))
    words = f"{name} {version} is {policy.label_of(version)}"
    click.echo(json.dumps(asdict(policy), indent=2) if as_json else words)


@bundles.command()
@click.argument("name")
@_repository_option
@json_option
def rollback(name: str, repository: Path, as_json: bool) -> None:
    """Take back the canary and the shadow, or else the last promotion to stable."""
    from plainfilm.serve.repository import Repository

    before = Repository(repository).shelved(name).policy
    policy = Repository(repository).roll_back(name)
    words = f"{name}: no version is stable"
    if policy.stable is not None:
        words = f"{name} {policy.stable} is stable"
    if ended := sorted(before.on_trial - policy.on_trial):
        words += f"; no longer on trial: {', '.join(map(str, ended))}"
    click.echo(json.dumps(asdict(policy), indent=2) if as_json else words)


def _list_repository(folder: Path, *, as_json: bool) -> None:
    from plainfilm.serve.repository import Repository

    repository = Repository(folder)
    found = [repository.shelved(name) for name in repository.names()]
    rows = [
        {"name": each.name, "version": version, "label": each.policy.label_of(version)}
        for each in found
        for version in each.versions
    ]
    lines = [f"{row['name']} {row['version']}  {row['label'] or ''}".rstrip() for row in rows]
    if not rows:
        note("No bundle in it; expected NAME/VERSION/, which plainfilm bundles publish makes")
    click.echo(json.dumps(rows, indent=2) if as_json else "\n".join(lines))


@bundles.command()
@click.argument("bundle")
@out_option(required=True, help="Folder of a Triton repository.")
def triton(bundle: str, out: Path) -> None:
    """Write a bundle's graph as a model of a Triton repository; the gate stays behind."""
    from plainfilm.reading.shelf import open_bundle
    from plainfilm.serve.triton import write_triton_model

    note(f"Wrote {write_triton_model(open_bundle(bundle), out).name}/ in {out.name}")


@bundles.command("sign-off")
@click.argument("bundle")
@click.option("--by", required=True, metavar="NAME", help="The person who looked at them.")
@click.option("--report", "reports", multiple=True, required=True, metavar="FILE",
              type=PATH, help="An explanation report that was looked at; repeatable.")  # fmt: skip
@out_bundle_option(help="Write a signed copy here instead.")
@force_option
def sign_off(
    bundle: str, by: str, reports: tuple[Path, ...], out: Path | None, force: bool
) -> None:
    """Record in a bundle that a person has looked at its explanations.

    A changed network, explanations measured anew, or a shortcut or collapse that an evaluation
    names later, void it. No bundle is promoted without.
    """
    from datetime import UTC, datetime

    from plainfilm.reading.promotion import named_faults, read_reports, signed_off
    from plainfilm.reading.shelf import open_bundle, writable_bundle

    path, found = writable_bundle(bundle) if out is None else (out, open_bundle(bundle))
    signed = signed_off(found, by, datetime.now(UTC).date(), read_reports(reports))
    signed.save(path, overwrite=force or out is None)
    for fault in named_faults(found):
        note(f"Signed off with it: {fault}")
    note(f"Wrote {path.name}: signed off by {by}")
