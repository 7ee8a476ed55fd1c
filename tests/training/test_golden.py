import numpy as np

from plainfilm.reading.golden import golden_from_bytes, golden_to_bytes
from plainfilm.training.golden import draw_chest, draw_radiographs, make_golden
from plainfilm.training.graph import OUTPUTS
from plainfilm.training.onnx_file import run_onnx
from tiny_graph import SIZE, tiny_network


def test_the_drawings_are_the_same_each_time() -> None:
    for first, second in zip(draw_radiographs(32), draw_radiographs(32), strict=True):
        assert np.array_equal(first, second)


def test_one_drawing_needs_no_resize_and_others_shrink_grow_and_are_not_square() -> None:
    shapes = [film.shape for film in draw_radiographs(160)]
    assert shapes == [(160, 160), (300, 250), (97, 141), (160, 160)]


def test_drawings_are_films_between_black_and_white() -> None:
    for film in draw_radiographs(64):
        assert film.dtype == np.float32
        assert film.min() >= 0
        assert film.max() <= 1
        assert film.std() > 0.05


def test_seeds_draw_different_films() -> None:
    assert not np.array_equal(draw_chest((50, 40), seed=0), draw_chest((50, 40), seed=1))


def test_golden_outputs_survive_their_file() -> None:
    golden = make_golden(SIZE, lambda film: run_onnx(tiny_network(), [film])[0])
    again = golden_from_bytes(golden_to_bytes(golden))
    for left, right in zip(golden.outputs, again.outputs, strict=True):
        assert all(np.array_equal(left[name], right[name]) for name in OUTPUTS)
