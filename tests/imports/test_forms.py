import math

import pytest
import torch

from plainfilm.imports.forms import FORMS, XRV_OUTPUTS, XRV_POINTS, finding_of, trained
from plainfilm.networks import NETWORKS


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_a_form_names_networks_that_there_are(form: object) -> None:
    assert set(vars(form)["networks"]) <= set(NETWORKS)
    assert vars(form)["source"]


@pytest.mark.parametrize(("name", "n"), [("all", 18), ("nih", 14), ("rsna", 2), ("chex", 11)])
def test_outputs_without_an_operating_point_were_never_trained(name: str, n: int) -> None:
    points = XRV_POINTS[name]
    kept = trained(points)

    assert len(points) == len(XRV_OUTPUTS)
    assert len(kept) == n
    assert all(0 < points[place] < 1 for place in kept)


def test_the_pneumonia_challenge_trained_pneumonia_and_opacity_only() -> None:
    kept = [XRV_OUTPUTS[place] for place in trained(XRV_POINTS["rsna"])]
    assert kept == ["Pneumonia", "Lung Opacity"]


def test_trained_leaves_out_what_is_no_number() -> None:
    assert trained((0.1, math.nan, 0.2)) == [0, 2]


def test_a_known_name_is_the_known_finding_in_any_spelling() -> None:
    assert finding_of("Pleural_Thickening").name == "pleural_thickening"
    assert finding_of("Oedema").code is not None
    own = finding_of("Enlarged Cardiomediastinum")
    assert (own.name, own.display) == ("enlarged_cardiomediastinum", "Enlarged Cardiomediastinum")


def test_chexnet_s_keys_lose_their_wrapping() -> None:
    state = {"module.densenet121.classifier.0.weight": torch.zeros(1), "features.x": torch.zeros(1)}
    assert set(FORMS["chexnet"].rename(state)) == {"classifier.weight", "features.x"}


def test_fast_ai_s_resnet_keys_get_their_names() -> None:
    state = {
        "0.0.weight": 1,
        "0.4.0.conv1.weight": 2,
        "1.2.weight": 3,
        "1.4.weight": torch.ones(5, 2),
    }
    found = FORMS["fastai"].rename(state)  # type: ignore[arg-type]

    assert set(found) == {
        "conv1.weight", "layer1.0.conv1.weight", "fc.0.weight", "fc.2.weight", "fc.2.bias",
    }  # fmt: skip
    assert torch.equal(found["fc.2.bias"], torch.zeros(5))
