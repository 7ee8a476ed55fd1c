"""Policy: which version of a bundle answers, as a small JSON file beside its versions says."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

from plainfilm.errors import CorruptBundle
from plainfilm.reading.strict_json import decode, encode, parse
from plainfilm.whole_files import write_whole

FILE = "policy.json"
MAX_BYTES = 2**16
MAX_HISTORY = 100


@dataclass(frozen=True)
class Policy:
    """Which version of a bundle answers; None = no version has the label.

    Parameters
    ----------
    stable
        Answers what no other does; without it, the version with the highest number, or nothing.
    canary, percent
        Answers `percent` (0 to 100) of the requests that name no version.
    shadow
        Is asked after the answer was given; only the difference is told, in log and metrics.
    history
        What was stable before, oldest first: the way back.
    promoted_only
        Whether nothing without a label answers who names no version, as in a repository that was
        published to; in one whose folders were put there by hand, the highest number does.
    """

    stable: int | None = None
    canary: int | None = None
    percent: float = 0.0
    shadow: int | None = None
    history: tuple[int, ...] = ()
    promoted_only: bool = False

    def __post_init__(self) -> None:
        for version in (*self.labelled, *self.history):
            if version < 1:
                raise ValueError(f"found version {version}; expected 1 or more")
        labels = [v for v in (self.stable, self.canary, self.shadow) if v is not None]
        if len(set(labels)) < len(labels):
            raise ValueError(f"found versions {labels}; expected one label for each at most")
        if not 0 <= self.percent <= 100:  # written so that NaN fails
            raise ValueError(f"percent: found {self.percent}; expected 0 to 100")
        if self.canary is None and self.percent:
            raise ValueError("percent: found one without a canary; expected 0")

    @property
    def labelled(self) -> frozenset[int]:
        """The versions that have a label."""
        return frozenset(v for v in (self.stable, self.canary, self.shadow) if v is not None)

    @property
    def on_trial(self) -> frozenset[int]:
        """The versions that answer only in part, or never."""
        return self.labelled - {self.stable}

    def label_of(self, version: int) -> str | None:
        """The version's label in words, as in "canary 10 %"; None = it has none."""
        labels = {self.stable: "stable", self.canary: f"canary {self.percent:g} %",
                  self.shadow: "shadow"}  # fmt: skip
        return labels.get(version)

    def promoted(self, version: int) -> "Policy":
        """The version is stable, and nothing else; what was stable goes into the history."""
        history, freed = self.history, self._without(version)
        if self.stable is not None and self.stable != version:
            history = (*history, self.stable)[-MAX_HISTORY:]
        return replace(freed, stable=version, history=history)

    def with_canary(self, version: int, percent: float) -> "Policy":
        """The version answers so many percent of the requests."""
        return replace(self._without(version), canary=version, percent=percent)

    def with_shadow(self, version: int) -> "Policy":
        """The version is asked too and never heard."""
        return replace(self._without(version), shadow=version)

    def rolled_back(self) -> "Policy":
        """Nothing is on trial; and if nothing was, what was stable before is so again.

        Raises
        ------
        ValueError
            There is nothing to go back from.
        """
        if self.on_trial:
            return replace(self, canary=None, percent=0.0, shadow=None)
        if not self.history:
            raise ValueError("nothing is on trial, and no other version was stable before")
        return replace(self, stable=self.history[-1], history=self.history[:-1])

    def _without(self, version: int) -> "Policy":
        freed = replace(self, stable=None) if self.stable == version else self
        freed = replace(freed, shadow=None) if freed.shadow == version else freed
        return replace(freed, canary=None, percent=0.0) if freed.canary == version else freed


def load_policy(folder: Path) -> Policy:
    """The policy of the bundle whose versions are in `folder`; an empty one where there is no file.

    Raises
    ------
    CorruptBundle
        The file is not such a policy; the message says where.
    """
    place = f"{folder.name}/{FILE}"
    try:
        with (folder / FILE).open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return Policy()
    except OSError as error:
        raise CorruptBundle(f"{place}: cannot be read ({error.strerror})") from error
    if len(content) > MAX_BYTES:
        raise CorruptBundle(f"{place}: more than {MAX_BYTES} bytes; expected a policy")
    found = parse(content, place)
    if isinstance(found, dict):  # files from before the field was there
        found = {"promoted_only": False, **found}
    return decode(Policy, found, place)


def save_policy(folder: Path, policy: Policy) -> None:
    """Write the policy, whole or not at all; OSError where the disk refuses."""
    write_whole(folder / FILE, encode(asdict(policy)))
