"""The paths a user names in, readings out: folders opened, names told apart, failures kept.

What `plainfilm read FILES...` does, for programs.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from plainfilm.errors import ImageError, PlainfilmError, UnreadableImage
from plainfilm.findings import Prediction
from plainfilm.images import film_bytes, read_radiograph_bytes
from plainfilm.radiograph import Radiograph, Sex, View
from plainfilm.reading import Reader
from plainfilm.reading.prevalence import check_prevalences, for_site


@dataclass(frozen=True)
class Asked:
    """What the user named: files and folders; `recursive` = with the folders in those folders."""

    paths: tuple[Path, ...]
    recursive: bool = False

    @property
    def is_one_file(self) -> bool:
        """Whether one film alone can be the answer, whatever comes of it."""
        return len(self.paths) == 1 and not self.paths[0].is_dir()


@dataclass(frozen=True)
class FilmFile:
    """A file to be read as a film, and the name that reports give it."""

    path: Path
    name: str


@dataclass(frozen=True)
class ReadOptions:
    """What the user says of the films; None = nothing, the film's header counts.

    `override_population` reads films that the bundle is not for, with a loud caution. `prevalences`
    holds findings and their shares among the site's films; probabilities are moved to them.
    """

    age_years: float | None = None
    view: View | None = None
    body_part: str | None = None
    override_population: bool = False
    prevalences: tuple[tuple[str, float], ...] = ()
    sex: Sex | None = None

    def read(self, reader: Reader, radiograph: Radiograph) -> Prediction:
        """What the reader says of a film under these options, which it `check`s first."""
        self.check(reader)
        found = reader.read(
            radiograph,
            age_years=self.age_years,
            view=self.view,
            body_part=self.body_part,
            sex=self.sex,
            override_population=self.override_population,
        )
        return for_site(found, dict(self.prevalences))

    def check(self, reader: Reader) -> None:
        """Raise BundleError, before any film is read, where the reader cannot do as it is told."""
        check_prevalences(reader.bundle.header, dict(self.prevalences))


@dataclass(frozen=True, eq=False)
class Reading:
    """What was read, from which film, and the film's file as it was then."""

    prediction: Prediction
    radiograph: Radiograph
    content: bytes


def readings(
    films: Sequence[FilmFile | ImageError], reader: Reader, options: ReadOptions
) -> Iterator[Reading | PlainfilmError]:
    """For each film in turn what was read and from what, or why it could not be read."""
    for film in films:
        if isinstance(film, ImageError):
            yield film
            continue
        try:
            content = film_bytes(film.path, film.name)
            radiograph = read_radiograph_bytes(content, film.name)
            yield Reading(options.read(reader, radiograph), radiograph, content)
        except PlainfilmError as error:
            yield error


def film_files(asked: Asked) -> list[FilmFile | ImageError]:
    """Every film that was asked for, and an error for each folder that cannot be opened whole.

    A folder stands for the files in it whose names do not start with a dot, in alphabetical order.
    Where `asked` is recursive, the folders inside follow in the same way; else, and where they are
    links (which may lead anywhere, or back), that is an error too, so that nothing is left out in
    silence. A film is called as its file (the folder's name could tell who the patient is); where
    several share a name, the later ones get a number: "1.png", "1.png #2".
    """
    films: list[FilmFile | ImageError] = []
    times: Counter[str] = Counter()
    for path in asked.paths:
        for entry in _in_folder(path, recursive=asked.recursive) if path.is_dir() else [path]:
            films.append(entry if isinstance(entry, ImageError) else _named(entry, times))
    return films


def _in_folder(top: Path, *, recursive: bool) -> list[Path | ImageError]:
    name = top.name or str(top)
    try:
        files, waiting = _listed(top)
    except OSError as error:
        return [UnreadableImage(f"{name}: cannot list this folder ({error.strerror})")]
    closed: Counter[tuple[str, str]] = Counter()  # kind of folder, why it was not opened
    while waiting:
        folder = waiting.pop()
        if not recursive:
            closed["folder", "not opened; add --recursive to read what is inside"] += 1
        elif folder.is_symlink():
            closed["linked folder", "not opened; name where the link leads as well"] += 1
        else:
            try:
                inner_files, inner_folders = _listed(folder)
            except OSError as error:
                closed["folder", f"not opened ({error.strerror})"] += 1
                continue
            files += inner_files
            waiting += inner_folders
    errors = [
        UnreadableImage(f"{name}: {n} {kind}{'s' if n > 1 else ''} in it {why}")
        for (kind, why), n in closed.items()
    ]
    empty = UnreadableImage(f"{name}: an empty folder; expected films in it")
    return [*files, *errors] or [empty]


def _listed(folder: Path) -> tuple[list[Path], list[Path]]:
    """The files of a folder from a to z, and the folders in it from z to a."""
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    is_folder = [entry.is_dir() for entry in entries]
    files = [entry for entry, inner in zip(entries, is_folder, strict=True) if not inner]
    folders = [entry for entry, inner in zip(entries, is_folder, strict=True) if inner]
    return files, folders[::-1]


def _named(path: Path, times: Counter[str]) -> FilmFile:
    name = path.name.encode("utf-8", errors="replace").decode()  # a name may hold any bytes
    times[name] += 1
    return FilmFile(path, name if times[name] == 1 else f"{name} #{times[name]}")
