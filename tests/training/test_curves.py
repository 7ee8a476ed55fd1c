import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

from plainfilm.training.curves import NAME, draw_curves, write_curves
from plainfilm.training.record import EpochRow

ROWS = tuple(
    EpochRow(1 + i, loss, val_loss, auroc, lr, 2.0, 10.0)
    for i, (loss, val_loss, auroc, lr) in enumerate(
        [(0.9, 0.8, 0.5, 1e-3), (0.5, 0.7, 0.75, 1e-3), (0.1, 0.6, 0.7, 1e-4)]
    )
)


def heights(text: str) -> list[list[float]]:
    """Of each line, how far below its panel's upper edge each of its dots is."""
    groups = re.findall(r"<g fill=[^>]*>(.*?)</g>", text)
    return [[float(y) for y in re.findall(r'cy="([^"]+)"', dots)] for dots in groups]


def test_s4_11_losses_auroc_and_rate_are_drawn_by_epoch() -> None:
    """S4-11: each panel from its least to its greatest value, both losses on one scale."""
    text = draw_curves(ROWS)

    ET.fromstring(text)
    loss, val_loss, auroc, rate = heights(text)
    assert loss == [0, 65, 130]
    assert val_loss == [16.2, 32.5, 48.8]
    assert auroc == [130, 0, 26]
    assert rate == [0, 0, 130]
    assert re.findall(r'cx="([^"]+)"', text)[:3] == ["0.0", "210.0", "420.0"]
    assert "loss: training —, validation - -" in text
    assert draw_curves(ROWS) == text


def test_what_is_not_known_leaves_a_gap_or_no_panel() -> None:
    gap = (ROWS[0], replace(ROWS[1], val_loss=None), ROWS[2])
    bare = tuple(replace(row, val_loss=None, val_auroc=None) for row in ROWS)

    assert [len(dots) for dots in heights(draw_curves(gap))] == [3, 2, 3, 3]
    assert "M0.0 16.2M420.0 48.8" in draw_curves(gap)
    text = draw_curves(bare)
    assert "AUROC:" not in text.replace("AUROC and", "")
    assert "mean AUROC" not in text
    assert "validation" not in text


def test_one_epoch_is_a_dot_in_the_middle(tmp_path: Path) -> None:
    write_curves(tmp_path, ())
    assert not list(tmp_path.iterdir())

    write_curves(tmp_path, ROWS[:1])

    assert heights((tmp_path / NAME).read_text()) == [[0], [130], [65], [65]]
