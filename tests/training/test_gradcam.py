import pytest
import torch

from plainfilm.networks import Classifier, build
from plainfilm.training.gradcam import gradcam


@pytest.fixture(params=["film-net", "densenet121"])
def classifier(request: pytest.FixtureRequest) -> Classifier:
    torch.manual_seed(1)
    return build(request.param, 3).eval()


def films() -> torch.Tensor:
    return torch.rand(2, 1, 64, 64, generator=torch.Generator().manual_seed(2))


def test_maps_equal_the_heads_algebra(classifier: Classifier) -> None:
    last_map, _ = classifier.embed(films())
    algebra = torch.einsum("kc,nchw->nkhw", classifier.head_weight, last_map)

    expected = algebra.detach() / last_map[0, 0].numel()

    torch.testing.assert_close(gradcam(classifier, films()), expected, atol=1e-6, rtol=1e-5)


def test_a_map_adds_up_to_its_logit_less_the_bias(classifier: Classifier) -> None:
    logits = classifier(films()).detach()

    total = gradcam(classifier, films()).sum(dim=(2, 3))

    torch.testing.assert_close(total, logits - classifier.head_bias.detach(), atol=1e-5, rtol=1e-4)


def test_no_gradient_is_left_behind(classifier: Classifier) -> None:
    with torch.no_grad():
        maps = gradcam(classifier, films())

    assert not maps.requires_grad
    assert all(weight.grad is None for weight in classifier.parameters())


def test_a_network_without_a_map_is_refused() -> None:
    with pytest.raises(ValueError, match="no feature map"):
        gradcam(build("dense-net", 2, size=32).eval(), films())


def test_a_network_in_training_is_refused(classifier: Classifier) -> None:
    with pytest.raises(ValueError, match=r"classifier\.eval"):
        gradcam(classifier.train(), films())
