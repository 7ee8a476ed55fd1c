import pytest
import torch

from plainfilm.errors import RunError
from plainfilm.imports.forms import FORMS
from plainfilm.imports.outputs import outputs_of


def test_without_published_points_every_output_is_kept_and_nobody_chose() -> None:
    outputs = outputs_of(FORMS["torchvision"], ("Mass", "Hernia"), {})

    assert outputs.kept == (0, 1)
    assert outputs.dropped == ()
    assert outputs.thresholds == {"mass": 0.5, "hernia": 0.5}
    assert "nobody has chosen" in outputs.threshold_rule


def test_a_file_s_own_operating_points_count_more_than_the_published() -> None:
    own = torch.full((18,), float("nan"))
    own[8] = 0.25

    outputs = outputs_of(FORMS["xrv-all"], (), {"op_threshs": own})

    assert outputs.thresholds == {"pneumonia": 0.25}
    assert len(outputs.dropped) == 17
    assert "published" in outputs.threshold_rule


def test_operating_points_of_another_number_are_refused() -> None:
    with pytest.raises(RunError, match=r"op_threshs: found \(3,\); expected \(18,\)"):
        outputs_of(FORMS["xrv-all"], (), {"op_threshs": torch.zeros(3)})
