import numpy as np
import pytest

from phantoms import phantom
from plainfilm.reading.engine import Engine
from plainfilm.reading.header_parts import FitPolicy
from plainfilm.reading.occlusion import CELLS, _span, occlusion_map
from planted import planted_bundle

PLACE = (8, 24, 11, 27)  # of 32


def test_what_is_covered_lowers_the_score_where_the_bundle_looks() -> None:
    film = phantom(size=(96, 96)) * np.float32(0.5)
    film[24:33, 72:81] = 1
    values = occlusion_map(Engine(planted_bundle(PLACE, 5.0, 0.0), threads=1), film, 0)
    assert values.shape == (CELLS, CELLS)
    row, column = np.unravel_index(values.argmax(), values.shape)
    assert (row, column) in {(2, 8), (2, 9), (3, 8), (3, 9), (4, 9)}
    assert values.max() > 1
    far = values.copy()
    far[1:6, 7:12] = 0
    np.testing.assert_allclose(far, 0, atol=1e-4)


def test_a_bundle_that_looks_at_nothing_has_a_flat_map() -> None:
    film = phantom(size=(64, 48))
    values = occlusion_map(Engine(planted_bundle(PLACE, 0.0, 1.5), threads=1), film, 0)
    np.testing.assert_array_equal(values, 0)


@pytest.mark.parametrize("policy", list(FitPolicy))
def test_every_pixel_that_the_network_sees_is_covered(policy: FitPolicy) -> None:
    height, width = 50, 81
    side = {FitPolicy.PAD: 81, FitPolicy.CROP: 50}.get(policy)
    covered = np.zeros((height, width), bool)
    for row in range(CELLS):
        for column in range(CELLS):
            spans = (_span(row, height, side or height), _span(column, width, side or width))
            covered[spans] = True
    expected = np.ones_like(covered)
    if policy == FitPolicy.CROP:  # patches reach half a cell beyond the square
        assert covered[:, 16:65].all()
        assert not covered[:, :12].any()
    else:
        np.testing.assert_array_equal(covered, expected)
