"""What is laid over films while training: frames of other films, rectangles, markers, borders.

Films are float32 (N, 1, S, S) in [0, 1]; positions and widths are shares of the side. Each function
returns new films.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

# 7 rows of 5 pixels each, as the side markers of films and the letters that stand beside them.
GLYPHS = {
    "L": "10000 10000 10000 10000 10000 10000 11111",
    "R": "11110 10001 10001 11110 10100 10010 10001",
    "P": "11110 10001 10001 11110 10000 10000 10000",
    "A": "01110 10001 10001 11111 10001 10001 10001",
    "1": "00100 01100 00100 00100 00100 00100 01110",
    "disc": "01110 11111 11111 11111 11111 11111 01110",
    "bar": "11111 11111 00000 00000 00000 11111 11111",
}


def lend_frames(films: Tensor, lender: Tensor, width: Tensor) -> Tensor:
    """Give each film the frame, of widths (N, 4), of another, whose position `lender` (N,) is."""
    return torch.where(_outside(width, films), films[lender.to(films.device)], films)


def paint_rectangles(films: Tensor, rectangle: Tensor) -> Tensor:
    """Fill the boxes of `rectangle` (N, 5), height 0 for none, with its tone."""
    top, left, height, width, tone = rectangle.unbind(1)
    frame = torch.stack([top, left, 1 - top - height, 1 - left - width], dim=1)
    inside = ~_outside(frame, films) & (height > 0).to(films.device).view(-1, 1, 1, 1)
    return torch.where(inside, tone.to(films).view(-1, 1, 1, 1), films)


def stamp_markers(films: Tensor, marker: Tensor, glyph: Tensor) -> Tensor:
    """Blend glyph number `glyph` (N,) into the boxes of `marker` (N, 6), height 0 for none."""
    stamped = films.clone()
    side, glyphs = films.shape[-1], list(GLYPHS.values())
    for index, (box, chosen) in enumerate(zip(marker, glyph.tolist(), strict=True)):
        top, left, height, width = (round(float(share) * side) for share in box[:4])
        if height < 1 or width < 1:
            continue
        rows = [[float(bit) for bit in row] for row in glyphs[chosen].split()]
        shape = torch.tensor(rows, device=films.device).view(1, 1, 7, 5)
        ink = box[5].item() * F.interpolate(shape, (height, width), mode="bilinear")[0, 0]
        patch = stamped[index, 0, top : top + height, left : left + width]
        ink = ink[: patch.shape[0], : patch.shape[1]]
        patch.copy_(patch + ink * (box[4].item() - patch))
    return stamped


def cover_borders(films: Tensor, border: Tensor) -> Tensor:
    """Fill the frame, of widths `border[:, :4]`, with the tone `border[:, 4]`."""
    tone = border[:, 4].to(films).view(-1, 1, 1, 1)
    return torch.where(_outside(border[:, :4], films), tone, films)


def _outside(width: Tensor, films: Tensor) -> Tensor:
    """Return True in the frame of the widths (N, 4), as bool (N, 1, S, S)."""
    height, breadth = films.shape[-2:]
    down = (torch.arange(height, device=films.device) + 0.5) / height
    across = (torch.arange(breadth, device=films.device) + 0.5) / breadth
    top, left, bottom, right = width.to(films).view(-1, 4, 1).unbind(1)
    rows = (down < top) | (down > 1 - bottom)
    columns = (across < left) | (across > 1 - right)
    return (rows.unsqueeze(2) | columns.unsqueeze(1)).unsqueeze(1)
