"""X-rays as every other module sees them: `Radiograph`, and `Study`, several of one examination."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]


class View(StrEnum):
    """The direction of the beam, named as in DICOM View Position (0018,5101)."""

    PA = "PA"
    AP = "AP"
    LATERAL = "LATERAL"
    OBLIQUE = "OBLIQUE"


class Sex(StrEnum):
    """The patient's sex, as DICOM Patient's Sex (0010,0040) writes it; "O" counts as not known."""

    FEMALE = "F"
    MALE = "M"


class Laterality(StrEnum):
    """The side of a paired body part, as in DICOM Image Laterality (0020,0062)."""

    LEFT = "L"
    RIGHT = "R"
    BOTH = "B"


@dataclass(frozen=True, eq=False)
class Radiograph:
    """One film, as it would be displayed, with what its header tells about it.

    Parameters
    ----------
    pixels
        float32 (H, W), displayed luminance in [0, 1]: 0 black (air), 1 white (bone); upright.
    name
        What reports and logs call the film. Never identifies a patient.
    view
        Direction of the beam; None = not known.
    body_part
        Lower-case English ("chest", "knee"); None = not known.
    spacing_mm
        Millimetres from one pixel to the next, (down, across), in the plane the header names;
        None = not known.
    age_years
        The patient's age at the examination; None = not known.
    sex
        The patient's; None = not known.
    laterality
        Side of a paired body part; None = not known or not paired.
    cautions
        What the reader of the file wants every later reader to know, in plain sentences.

    Raises
    ------
    ValueError
        An invariant does not hold: a bug in the caller, not bad input.
    """

    pixels: Pixels
    name: str
    view: View | None = None
    body_part: str | None = None
    spacing_mm: tuple[float, float] | None = None
    age_years: float | None = None
    laterality: Laterality | None = None
    cautions: tuple[str, ...] = ()
    sex: Sex | None = None

    def __post_init__(self) -> None:
        if self.pixels.ndim != 2 or self.pixels.dtype != np.float32 or self.pixels.size == 0:
            found = f"{self.pixels.dtype} {self.pixels.shape}"
            raise ValueError(f"pixels must be float32 (H, W), not empty; found {found}")
        low, high = float(self.pixels.min()), float(self.pixels.max())
        if not (low >= 0.0 and high <= 1.0):  # written so that NaN fails
            raise ValueError(f"pixels must lie in [0, 1]; found {low:g} to {high:g}")
        if self.spacing_mm is not None and not all(0 < step < 1000 for step in self.spacing_mm):
            raise ValueError(f"spacing_mm must be positive; found {self.spacing_mm}")
        if self.age_years is not None and not 0 <= self.age_years <= 130:
            raise ValueError(f"age_years must lie in [0, 130]; found {self.age_years:g}")


@dataclass(frozen=True, eq=False)
class Study:
    """The films of one examination of one patient, at least one."""

    name: str
    radiographs: tuple[Radiograph, ...]

    def __post_init__(self) -> None:
        if not self.radiographs:
            raise ValueError(f"study {self.name!r} has no radiograph; expected at least one")
