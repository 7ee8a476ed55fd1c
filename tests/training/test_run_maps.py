from pathlib import Path

import numpy as np
import pytest
import torch

from phantoms import phantom
from plainfilm.datasets.fit import fit
from plainfilm.errors import RunError
from plainfilm.reading.header_parts import FitPolicy
from plainfilm.training.checkpoint import load_classifier
from plainfilm.training.gradcam import gradcam
from plainfilm.training.run_maps import run_map
from tiny_training import SIZE

FILM = phantom(size=(60, 48))


def test_a_run_s_map_is_that_of_its_network_on_the_fitted_film(finished: Path) -> None:
    """S0-69."""
    found = run_map(finished, FILM, "stripe", "gradcam")
    square = torch.from_numpy(fit(FILM, SIZE)).float()[None, None] / 255
    expected = gradcam(load_classifier(finished), square)[0, 1].numpy()
    np.testing.assert_allclose(found.values, expected, rtol=1e-4, atol=1e-7)
    assert found.policy == FitPolicy.SQUASH


def test_guided_grad_cam_has_a_value_for_each_pixel(finished: Path) -> None:
    """S0-71."""
    assert run_map(finished, FILM, "square", "guided").values.shape == (SIZE, SIZE)


def test_a_stage_can_be_chosen(finished: Path) -> None:
    first = run_map(finished, FILM, "square", "gradcam", 0).values.shape
    assert first[0] > run_map(finished, FILM, "square", "gradcam").values.shape[0]


def test_another_finding_is_refused(finished: Path) -> None:
    with pytest.raises(RunError, match=r"'hernia' is none of its findings, square, stripe"):
        run_map(finished, FILM, "hernia", "gradcam")
