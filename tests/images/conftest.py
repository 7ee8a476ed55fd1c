"""What several tests of images in need: small films, and the refusal of a file."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from phantoms import phantom
from plainfilm.errors import ImageError
from plainfilm.images import read_radiograph_bytes


@pytest.fixture(scope="session")
def film12() -> NDArray[np.uint16]:
    """A drawn chest, 48 x 40, in 12 bits."""
    return np.round(phantom(size=(48, 40)) * 4095).astype(np.uint16)


@pytest.fixture(scope="session")
def film8() -> NDArray[np.uint8]:
    """A drawn chest, 48 x 40, in 8 bits."""
    return np.round(phantom(size=(48, 40)) * 255).astype(np.uint8)


@pytest.fixture(scope="session")
def refusal() -> Callable[[bytes], ImageError]:
    """The error with which a file is refused; fails where it is read."""

    def error_of(content: bytes) -> ImageError:
        with pytest.raises(ImageError) as caught:
            read_radiograph_bytes(content, "film")
        assert str(caught.value).startswith("film: ")
        assert "\n" not in str(caught.value)
        return caught.value

    return error_of
