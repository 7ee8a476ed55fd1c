import torch
from torch import Generator, Tensor

from plainfilm.training.overlays import (
    GLYPHS,
    cover_borders,
    lend_frames,
    paint_rectangles,
    stamp_markers,
)


def _films(n: int = 2, side: int = 40) -> Tensor:
    return torch.rand(n, 1, side, side, generator=Generator().manual_seed(1))


def test_a_lent_frame_is_the_lenders_and_the_rest_the_films_own() -> None:
    films = _films()

    lent = lend_frames(films, torch.tensor([1, 1]), torch.full((2, 4), 0.25))

    assert torch.equal(lent[0, 0, 10:30, 10:30], films[0, 0, 10:30, 10:30])
    assert torch.equal(lent[0, 0, :10], films[1, 0, :10])
    assert torch.equal(lent[0, 0, :, 30:], films[1, 0, :, 30:])
    assert torch.equal(lent[1], films[1])


def test_a_rectangle_fills_its_box_alone() -> None:
    films = _films()
    boxes = torch.tensor([[0.25, 0.5, 0.25, 0.25, 0.7], [0.0, 0.0, 0.0, 0.0, 0.7]])

    painted = paint_rectangles(films, boxes)

    assert (painted[0, 0, 10:20, 20:30] == 0.7).all()
    assert torch.equal(painted[0, 0, :10], films[0, 0, :10])
    assert torch.equal(painted[1], films[1])


def test_a_marker_shows_its_letter() -> None:
    boxes = torch.tensor([[0.5, 0.25, 7 / 40, 5 / 40, 1.0, 1.0]])
    letter = list(GLYPHS).index("L")

    stamped = stamp_markers(torch.zeros(1, 1, 40, 40), boxes, torch.tensor([letter]))

    rows = ["".join("1" if tone else "0" for tone in row) for row in stamped[0, 0, 20:27, 10:15]]
    assert " ".join(rows) == GLYPHS["L"]
    assert stamped.sum() == GLYPHS["L"].count("1")


def test_a_border_covers_its_widths_alone() -> None:
    films = _films()
    borders = torch.tensor([[0.1, 0.0, 0.0, 0.2, 0.3], [0.0, 0.0, 0.0, 0.0, 0.3]])

    covered = cover_borders(films, borders)

    assert (covered[0, 0, :4] == 0.3).all()
    assert (covered[0, 0, :, 32:] == 0.3).all()
    assert torch.equal(covered[0, 0, 4:, :32], films[0, 0, 4:, :32])
    assert torch.equal(covered[1], films[1])


def test_films_given_are_not_altered() -> None:
    films, boxes = _films(), torch.tensor([[0.1, 0.1, 0.4, 0.4, 0.5, 1.0]] * 2)

    stamp_markers(films, boxes, torch.tensor([0, 1]))
    paint_rectangles(films, boxes[:, :5])

    assert torch.equal(films, _films())
