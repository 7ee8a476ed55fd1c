"""A bundle that no longer says what it said when it was made is found out."""

from dataclasses import replace

import numpy as np
import pytest

from plainfilm.errors import CorruptBundle
from plainfilm.reading import Reader
from plainfilm.reading.bundle import Bundle, Golden
from plainfilm.reading.verify import verify
from tiny_bundle import tiny_bundle


def off_by(bundle: Bundle, name: str, difference: float) -> Bundle:
    """The bundle with one of its golden values changed."""
    changed = {key: values.copy() for key, values in bundle.golden.outputs[1].items()}
    changed[name][(0,) * changed[name].ndim] += difference
    golden = Golden(bundle.golden.radiographs, (bundle.golden.outputs[0], changed))
    return replace(bundle, golden=golden)


@pytest.mark.parametrize("parts", [(True, True), (False, False)])
def test_a_sound_bundle_passes(parts: tuple[bool, bool]) -> None:
    verify(tiny_bundle(maps=parts[0], familiarity=parts[1]))


@pytest.mark.parametrize("name", ["probability", "score", "map", "familiarity"])
def test_each_output_that_does_not_return_is_named(bundle: Bundle, name: str) -> None:
    with pytest.raises(CorruptBundle, match=rf"golden.npz: {name}_1 came back 0\.\d+ away"):
        verify(off_by(bundle, name, 0.02))


def test_a_difference_within_the_tolerance_passes(bundle: Bundle) -> None:
    verify(off_by(bundle, "score", 0.5e-4))
    verify(off_by(bundle, "score", 0.5e-3), tolerance=1e-3)
    verify(off_by(bundle, "familiarity", 0.005))


def test_the_tolerance_is_relative_to_large_values(bundle: Bundle) -> None:
    largest = float(np.abs(bundle.golden.outputs[1]["score"]).max())

    assert largest > 1.6
    verify(off_by(bundle, "score", 1.5e-4))


def test_another_network_under_the_same_header_is_found_out(bundle: Bundle) -> None:
    with pytest.raises(CorruptBundle, match="came back"):
        verify(replace(bundle, network=tiny_bundle(seed=1).network))


def test_a_reader_does_not_read_with_a_bundle_that_fails(bundle: Bundle) -> None:
    with pytest.raises(CorruptBundle, match="came back"):
        Reader(off_by(bundle, "score", 1.0))
