"""A file without what identifies a patient, as the writers of each format hand it over."""

from dataclasses import dataclass

LOOK = "look at each before it is given away"


@dataclass(frozen=True)
class Cleaned:
    """The bytes of the new file, the ending of its name, and what could not be judged.

    `cautions` hold nothing of the film: equal ones of many films can be counted.
    """

    content: bytes
    ending: str
    cautions: tuple[str, ...]
