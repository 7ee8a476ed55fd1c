import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from plainfilm.errors import RunError
from plainfilm.networks import Classifier, build
from plainfilm.training.gradcam import gradcam
from plainfilm.training.guided import activation_map, gradcam_at, guided_backprop, guided_gradcam


@pytest.fixture(params=["film-net", "densenet121"])
def classifier(request: pytest.FixtureRequest) -> Classifier:
    torch.manual_seed(1)
    return build(request.param, 3).eval()


def film() -> Tensor:
    return torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(2))


def test_the_last_stage_s_map_is_grad_cam(classifier: Classifier) -> None:
    """S0-69, S3-29: the reference of the graph's algebra, for any class."""
    for column in range(3):
        expected = gradcam(classifier, film())[0, column]
        torch.testing.assert_close(gradcam_at(classifier, film(), column), expected)


def test_grad_cam_of_an_average_and_a_linear_layer_is_cam(classifier: Classifier) -> None:
    """S0-69: equal up to a positive factor, and 7 x 7 for DenseNet-121 at 224 pixels."""
    last_map, _ = classifier.embed(film())
    cam = torch.einsum("c,chw->hw", classifier.head_weight[1], last_map[0]).detach()
    both = torch.stack([cam.flatten(), gradcam_at(classifier, film(), 1).flatten()])
    assert torch.corrcoef(both)[0, 1] > 1 - 1e-6


def test_any_stage_has_a_map_of_its_size(classifier: Classifier) -> None:
    stages = classifier.features.stages(classifier.normalise(film()))
    for place, stage in enumerate(stages):
        assert gradcam_at(classifier, film(), 0, place).shape == stage.shape[2:]
        expected = stage.mean(dim=1)[0].detach()
        torch.testing.assert_close(activation_map(classifier, film(), place), expected)
    with pytest.raises(RunError, match=f"stage {len(stages)}: the network has {len(stages)}"):
        gradcam_at(classifier, film(), 0, len(stages))


def test_densenet_s_map_at_224_is_7_by_7() -> None:
    """S0-69."""
    network = build("densenet121", 2).eval()
    assert gradcam_at(network, torch.rand(1, 1, 224, 224), 0).shape == (7, 7)


def test_the_activation_map_is_the_channel_mean(classifier: Classifier) -> None:
    """S0-72."""
    last_map, _ = classifier.embed(film())
    torch.testing.assert_close(activation_map(classifier, film()), last_map[0].mean(0).detach())


def test_guided_grad_cam_is_zero_where_grad_cam_is(classifier: Classifier) -> None:
    """S0-71: and differs from plain Grad-CAM."""
    coarse = gradcam_at(classifier, film(), 0).clamp(min=0)
    heat = F.interpolate(coarse[None, None], (64, 64), mode="bilinear")[0, 0]
    guided = guided_gradcam(classifier, film(), 0)
    assert guided.shape == (64, 64)
    assert (guided[heat == 0] == 0).all()
    assert (guided != 0).any()
    assert torch.corrcoef(torch.stack([guided.flatten(), heat.flatten()]))[0, 1].abs() < 0.9


class Two(nn.Module):
    """Two layers with a ReLU after each, called in two ways; gradients are easy to follow."""

    out_channels = 2

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(1, 2, 1, bias=False), nn.ReLU(inplace=True)
        self.second = nn.Conv2d(2, 2, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.stages(x)[-1]

    def stages(self, x: Tensor) -> list[Tensor]:
        first = torch.relu(self.first(x))
        return [first, self.last(self.second(first))]


def test_only_positive_gradients_pass_a_relu() -> None:
    network = Classifier(Two(), 1, normalise="unit").eval()
    with torch.no_grad():
        network.features.first.weight.copy_(torch.tensor([1.0, 1.0]).view(2, 1, 1, 1))
        network.features.second.weight.copy_(
            torch.tensor([[3.0, -1.0], [1.0, 2.0]]).view(2, 2, 1, 1)
        )
        network.classifier.weight.copy_(torch.tensor([[1.0, -1.0]]))
    found = guided_backprop(network, torch.full((1, 1, 4, 4), 0.5), 0)
    # The logit is mean(c1) - mean(c2): c2's gradient is stopped; through c1 only the weight 3 is.
    torch.testing.assert_close(found, torch.full((4, 4), 3.0 / 16))


def test_nothing_is_left_behind(classifier: Classifier) -> None:
    with torch.no_grad():
        before = classifier(film())
        maps = guided_gradcam(classifier, film(), 0)
        torch.testing.assert_close(classifier(film()), before)
    assert not maps.requires_grad
    assert all(weight.grad is None for weight in classifier.parameters())


def test_what_has_no_map_is_refused(classifier: Classifier) -> None:
    with pytest.raises(RunError, match="no feature map"):
        gradcam_at(build("dense-net", 2, size=32).eval(), film(), 0)
    with pytest.raises(ValueError, match=r"classifier\.eval"):
        gradcam_at(classifier.train(), film(), 0)
