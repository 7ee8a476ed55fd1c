"""Bundle: everything that reads a film, in one file. Loaded, checked, saved.

The format is specified in docs/reference/bundle.md.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from plainfilm.errors import BundleError, CorruptBundle
from plainfilm.findings import BundleId
from plainfilm.reading.container import (
    ZIP_ENDINGS,
    read_folder,
    read_zip_file,
    save_file,
    save_folder,
    write_zip,
)
from plainfilm.reading.golden import MAX_BYTES as MAX_GOLDEN_BYTES
from plainfilm.reading.golden import Golden, golden_from_bytes, golden_to_bytes
from plainfilm.reading.graph_file import check_graph_file
from plainfilm.reading.header import FORMAT, BundleHeader, header_from_json, header_to_json
from plainfilm.reading.header_parts import (
    Calibration,
    FamiliarityCut,
    FitPolicy,
    InputFit,
    Licences,
    MapScale,
    Population,
    Provenance,
)
from plainfilm.reading.strict_json import encode, parse

__all__ = [
    "FORMAT",
    "LIMITS",
    "MAX_TOTAL",
    "Bundle",
    "BundleHeader",
    "Calibration",
    "FamiliarityCut",
    "FitPolicy",
    "Golden",
    "InputFit",
    "Licences",
    "MapScale",
    "Population",
    "Provenance",
]

LIMITS = {  # most bytes of each file; there are no other files
    "bundle.json": 8 * 2**20,
    "network.onnx": 640 * 2**20,
    "golden.npz": MAX_GOLDEN_BYTES,
    "evaluation.json": 8 * 2**20,
    "CARD.md": 2**20,
}
MAX_TOTAL = 704 * 2**20
REQUIRED = ("bundle.json", "network.onnx", "golden.npz")


@dataclass(frozen=True, eq=False)
class Bundle:
    """A network with all that a reader must know of it.

    Parameters
    ----------
    header
        What bundle.json says.
    network
        The graph: an ONNX file's bytes.
    golden
        Synthetic radiographs and the graph's outputs for them.
    evaluation
        What was measured on the bundle (evaluation.json); None = nothing yet.
    card
        The card, in Markdown; empty = none yet.

    Raises
    ------
    ValueError
        The golden outputs are not those that the header promises.
    """

    header: BundleHeader
    network: bytes
    golden: Golden
    evaluation: Mapping[str, object] | None = None
    card: str = ""

    def __post_init__(self) -> None:
        self.golden.check_against(self.header)

    @classmethod
    def load(cls, path: Path | str) -> "Bundle":
        """The bundle in a folder or a zip of it.

        Hashes, sizes and every field are checked, and that the graph is self-contained; the
        graph is not run (`Engine` and `verify` do that).

        Raises
        ------
        CorruptBundle
            Anything does not hold; the message names the bundle and the file.
        BundleTooNew
            The format is newer than `header.FORMAT_OF_FACTS`.
        """
        path = Path(path)
        if not path.exists():
            raise CorruptBundle(f"{path.name}: no such bundle; check the path")
        try:
            if path.is_dir():
                return cls.from_files(read_folder(path, LIMITS))
            return cls.from_files(read_zip_file(path, LIMITS, MAX_TOTAL))
        except BundleError as error:
            if str(error).startswith(path.name):
                raise
            raise type(error)(f"{path.name}: {error}") from error

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> "Bundle":
        """The bundle whose files hold these bytes; `load` without a disk."""
        for name in REQUIRED:
            if name not in files:
                raise CorruptBundle(f"{name}: missing; expected {', '.join(REQUIRED)}")
        header, hashes = header_from_json(files["bundle.json"])
        _check_hashes(files, hashes)
        check_graph_file(files["network.onnx"])
        golden = golden_from_bytes(files["golden.npz"])
        evaluation = files.get("evaluation.json")
        measured = None if evaluation is None else parse(evaluation, "evaluation.json")
        try:
            bundle = cls(header, files["network.onnx"], golden, measured, _card(files))
        except ValueError as error:
            raise CorruptBundle(f"golden.npz: {error}") from error
        # As they came, so that the id is that of the file at hand, whoever wrote its JSON how.
        vars(bundle)["files"] = {name: files[name] for name in LIMITS if name in files}
        return bundle

    @cached_property
    def files(self) -> Mapping[str, bytes]:
        """Name and bytes of each file of the bundle, bundle.json first."""
        others = {"network.onnx": self.network, "golden.npz": golden_to_bytes(self.golden)}
        if self.evaluation is not None:
            others["evaluation.json"] = encode(self.evaluation)
        if self.card:
            others["CARD.md"] = self.card.encode()
        hashes = {name: _sha256(content) for name, content in others.items()}
        return {"bundle.json": header_to_json(self.header, hashes), **others}

    @cached_property
    def id(self) -> BundleId:
        """Name, version, and the SHA-256 of bundle.json, which hashes all the rest."""
        digest = _sha256(self.files["bundle.json"])
        return BundleId(self.header.name, self.header.version, digest)

    @cached_property
    def network_sha256(self) -> str:
        """The SHA-256 of the graph: stays when an evaluation or a card is added."""
        return _sha256(self.network)

    def save(self, path: Path | str, *, overwrite: bool = False) -> None:
        """Write the bundle: as a zip where the name ends in .bundle or .zip, else as a folder.

        The same bundle gives the same bytes. What was there before stays until the new one is
        whole.

        Raises
        ------
        BundleError
            Something is there and `overwrite` is False, or the disk refuses (full, read-only).
        CorruptBundle
            The bundle would not load again: too large, not self-contained, golden outputs of
            the wrong shape.
        """
        path = Path(path)
        Bundle.from_files(self.files)
        for name, content in self.files.items():
            if len(content) > LIMITS[name]:
                raise CorruptBundle(
                    f"{name}: {len(content)} bytes; expected at most {LIMITS[name]}"
                )
        if path.suffix in ZIP_ENDINGS:
            save_file(path, write_zip(self.files), overwrite=overwrite)
        else:
            save_folder(path, self.files, known=LIMITS, overwrite=overwrite)

    def with_evaluation(self, evaluation: Mapping[str, object], card: str) -> "Bundle":
        """The same bundle with what was measured on it; its id is another, its network the same."""
        return replace(self, evaluation=dict(evaluation), card=card)


def _check_hashes(files: Mapping[str, bytes], hashes: Mapping[str, str]) -> None:
    for name in sorted(set(files) | set(hashes)):
        if name == "bundle.json" and name not in hashes:
            continue
        if name not in files:
            raise CorruptBundle(f"{name[:40]}: missing, though bundle.json lists it")
        if name not in hashes:
            raise CorruptBundle(f"{name}: not listed in bundle.json; a stranger's file?")
        if _sha256(files[name]) != hashes[name]:
            raise CorruptBundle(f"{name}: its SHA-256 is not the one in bundle.json; damaged")


def _card(files: Mapping[str, bytes]) -> str:
    try:
        return files.get("CARD.md", b"").decode("utf-8")
    except UnicodeDecodeError as error:
        raise CorruptBundle("CARD.md: not UTF-8; expected Markdown in UTF-8") from error


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
