"""Weights by their address on the Hugging Face hub; asked for by name only, never by itself."""

from pathlib import Path

from plainfilm.errors import MissingExtra, RunError

PREFIX = "hub:"
FORM = "hub:OWNER/NAME/FILE, or hub:OWNER/NAME/FILE@REVISION"


def fetch(address: str) -> Path:
    """The file at an address of the form `FORM`, downloaded or from the hub's own cache.

    Raises
    ------
    RunError
        The address is of another form, or the file cannot be had.
    MissingExtra
        huggingface_hub is not installed.
    """
    repository, file, revision = parse(address)
    try:
        from huggingface_hub import hf_hub_download
    except ImportError as missing:
        raise MissingExtra("huggingface_hub", "hub") from missing
    try:
        return Path(hf_hub_download(repository, file, revision=revision))
    except (OSError, ValueError) as error:
        reason = str(error).strip().split("\n", 1)[0][:200]
        raise RunError(f"network.init: {address} cannot be had ({reason}).") from error


def parse(address: str) -> tuple[str, str, str | None]:
    """Repository, file and revision (None = the newest) of an address; RunError if it is none."""
    path, _, revision = address.removeprefix(PREFIX).partition("@")
    parts = path.split("/", 2)
    if not address.startswith(PREFIX) or len(parts) != 3 or not all(parts):
        raise RunError(f"network.init: found {address!r}; expected {FORM}.")
    return "/".join(parts[:2]), parts[2], revision or None
