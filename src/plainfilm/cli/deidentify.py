"""The verb `plainfilm deidentify`, as the others."""

import functools
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from plainfilm.cli.options import PATH, Verb, force_option, json_option, out_option
from plainfilm.cli.terminal import complain, note, show_progress

if TYPE_CHECKING:
    from plainfilm.deidentify import DeidentifyOptions
    from plainfilm.film_files import Asked

_KEEP = ("dates", "device", "institution", "patient", "uids")  # as `deidentify.Keep`


def _deidentify_options(verb: Verb) -> Verb:
    """Give a verb the options of a de-identification, as its argument `how`."""

    @click.option("--secret", type=PATH, metavar="FILE",
                  help="Bytes from which new ids are made: the same in each run.")  # fmt: skip
    @click.option("--map", "map_path", type=PATH, metavar="FILE",
                  help="Write which file became which (.csv, readable by you alone).")  # fmt: skip
    @click.option("--keep", multiple=True, type=click.Choice(_KEEP),
                  help="An option of the profile, of DICOM; may stand several times.")  # fmt: skip
    @force_option
    @functools.wraps(verb)
    def with_how(
        secret: Path | None, map_path: Path | None, keep: tuple[str, ...], force: bool,
        **others: object,
    ) -> None:  # fmt: skip
        """The verb, told by `DeidentifyOptions` how to write."""
        from plainfilm.deidentify import DeidentifyOptions, Keep, NewUids

        uids = NewUids() if secret is None else NewUids(secret.read_bytes())
        kept = frozenset(map(Keep, keep))
        verb(how=DeidentifyOptions(uids, map_path, overwrite=force, keep=kept), **others)

    return with_how


@click.command()
@click.argument("files", nargs=-1, required=True, type=PATH)
@click.option("--recursive", is_flag=True, help="Take the folders in a folder too.")
@out_option(required=True, help="Folder of the new films, empty or not there.")
@json_option
@_deidentify_options
def deidentify(
    files: tuple[Path, ...], recursive: bool, out: Path, as_json: bool, how: "DeidentifyOptions"
) -> None:
    """Write films without what identifies their patients: DICOM, PNG, JPEG or TIFF.

    DICOM by the Basic Profile of PS3.15; of pictures the pixels alone. Text that is burned into
    the pixels stays. A folder stands for the files in it. Films are numbered in the order given; no
    message names a file. One that cannot be read does not stop the others: the exit status is 1.
    """
    from plainfilm.deidentify import Written
    from plainfilm.deidentify import deidentify as deidentify_films
    from plainfilm.film_files import Asked

    paths, n_failed = _paths([Asked((path,), recursive) for path in files])
    cautions: Counter[str] = Counter()
    n_written = 0
    for n_done, film in enumerate(deidentify_films(paths, out, how), start=1):
        show_progress(n_done, len(paths))
        if isinstance(film, Written):
            n_written += 1
            cautions.update(film.cautions)
        else:
            n_failed += 1
            complain(str(film))
    for caution, n in cautions.items():
        note(f"{n} of {n_written} written: {caution}")
    counts = {"written": n_written, "failed": n_failed, "cautions": dict(cautions)}
    words = f"{n_written + n_failed} files: {n_written} written, {n_failed} not"
    click.echo(json.dumps(counts, indent=2) if as_json else words)
    if n_failed:
        click.get_current_context().exit(1)


def _paths(named: list["Asked"]) -> tuple[list[Path], int]:
    """The files that are meant, and how much of what was named could not be opened."""
    from plainfilm.film_files import FilmFile, film_files

    paths, n_failed = [], 0
    for place, asked in enumerate(named, start=1):
        for film in film_files(asked):
            if isinstance(film, FilmFile):
                paths.append(film.path)
                continue
            (path,) = asked.paths
            complain(f"argument {place}: {str(film).removeprefix(f'{path.name or path}: ')}")
            n_failed += 1
    return paths, n_failed
