"""The static site: the page and one bundle in a folder that any web server can hand out.

Films are read in the visitor's browser; the site has nothing to send them to.
"""

import hashlib
import json
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from plainfilm import __version__
from plainfilm.errors import PlainfilmError
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.verify import verify
from plainfilm.serve import w16
from plainfilm.serve.own_page import OwnPage

PAGE = Path(__file__).parent / "web"
MARK = "app.json"  # a folder that has it beside index.html is a site
TOLERANCE = 1e-3  # of the outputs, after the weights have travelled as float16

_NETWORK = "bundle/network.w16"
_WORKER = "sw.js"

Files = Mapping[str, bytes]


class SiteError(PlainfilmError):
    """The static site cannot be written."""


def write_site(
    bundle: Bundle,
    out: Path,
    *,
    page: Path = PAGE,
    own: OwnPage | None = None,
    overwrite: bool = False,
) -> int:
    """Write the site wholly or not at all; returns its bytes.

    Parameters
    ----------
    bundle
        What will read the films.
    out
        The folder; made anew.
    page
        The page as it was built.
    own
        What the house says on it; None = as it was built.
    overwrite
        Replace a site that is there. Any other folder is left alone.

    Raises
    ------
    SiteError
        This plainfilm was installed without the page; something is at `out`; the disk refuses.
    CorruptBundle
        The bundle's golden outputs do not come back, as it is or with its weights halved.
    """
    _check_place(out, overwrite=overwrite)
    files = site_files(bundle, page, own)
    try:
        _write(files, out)
    except OSError as error:
        raise SiteError(f"{out.name}: cannot be written ({error.strerror})") from error
    return sum(len(content) for content in files.values())


def page_files(page: Path = PAGE) -> dict[str, bytes]:
    """The page as it was built, by path in it.

    Raises
    ------
    SiteError
        This plainfilm was installed without the page.
    """
    if not (page / "index.html").is_file():
        raise SiteError(
            "this plainfilm was installed without the page. Install a released wheel, or build it "
            "with Node 20 or newer: cd web && npm ci --ignore-scripts && npm run build"
        )
    paths = sorted(path for path in page.rglob("*") if path.is_file())
    return {path.relative_to(page).as_posix(): path.read_bytes() for path in paths}


def site_files(bundle: Bundle, page: Path = PAGE, own: OwnPage | None = None) -> dict[str, bytes]:
    """Every file of the site, by path in it; raises as `write_site`."""
    built, parts = page_files(page), _bundle_files(bundle)
    if own is not None:
        built |= {**own.films, MARK: own.laid_over(built[MARK])}
    settings = json.loads(built[MARK])
    settings |= {"engine": "wasm", "version": __version__, "site": _described(parts)}
    files = {**built, **parts, MARK: json.dumps(settings, indent=1).encode()}
    return {**files, _WORKER: _listing(files) + built[_WORKER]}


def _bundle_files(bundle: Bundle) -> dict[str, bytes]:
    packed = w16.pack(bundle.network)
    verify(bundle)
    verify(replace(bundle, network=w16.expand(packed)), tolerance=TOLERANCE)
    others = {n: content for n, content in bundle.files.items() if n != "network.onnx"}
    return {_NETWORK: packed, **{f"bundle/{name}": content for name, content in others.items()}}


def _described(parts: Files) -> dict[str, object]:
    def entry(path: str) -> dict[str, object] | None:
        if path not in parts:
            return None
        digest = hashlib.sha256(parts[path]).hexdigest()
        return {"url": path, "bytes": len(parts[path]), "sha256": digest}

    network = {**(entry(_NETWORK) or {}), "encoding": "w16"}
    names = {name: f"bundle/{name}" for name in ("bundle.json", "golden.npz", "evaluation.json")}
    entries = {Path(name).stem: entry(path) for name, path in names.items()}
    return {**entries, "network": network}


def _listing(files: Files) -> bytes:
    """What the service worker keeps, and a name that changes with any byte of it."""
    kept = sorted(path for path in files if path not in (_WORKER, "bundle/CARD.md"))
    digest = hashlib.sha256()
    for path in kept:
        digest.update(path.encode() + hashlib.sha256(files[path]).digest())
    listed = {"build": digest.hexdigest()[:16], "files": [p for p in kept if p != "index.html"]}
    return f"const SITE = {json.dumps(listed)};\n".encode()


def _check_place(out: Path, *, overwrite: bool) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        raise SiteError(f"{out.name}: a file is there; expected the name of a folder")
    if not any(out.iterdir()):
        return
    if not ((out / MARK).is_file() and (out / "index.html").is_file()):
        raise SiteError(f"{out.name}: holds something that is no site; choose another folder")
    if not overwrite:
        raise SiteError(f"{out.name}: a site is there already; replace it (--force) or rename")


def _write(files: Files, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    aside = out.with_name(f".{out.name}.{secrets.token_hex(4)}")
    try:
        for name, content in files.items():
            path = aside / "new" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if out.exists():
            out.rename(aside / "old")
        (aside / "new").rename(out)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
