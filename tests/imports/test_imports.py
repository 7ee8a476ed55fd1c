"""Weights in the forms of the field, drawn by chance; the bundle says what plain torch says."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from phantoms import phantom
from plainfilm.errors import BundleError, RunError
from plainfilm.imports import LIMITS, ImportOptions, import_weights
from plainfilm.imports.forms import XRV_OUTPUTS
from plainfilm.networks import build
from plainfilm.radiograph import Radiograph
from plainfilm.reading import Reader
from plainfilm.reading.bundle import Bundle

State = dict[str, Tensor]
SIDE = 224


def drawn(name: str, n_outputs: int, head: str = "own") -> State:
    """Torchvision's keys, of weights whose outputs differ from film to film."""
    torch.manual_seed(3)
    state = dict(build(name, n_outputs, head=head).state_dict())
    for key, value in state.items():
        if key.endswith("running_mean"):
            state[key] = 0.1 * torch.randn_like(value)
    return state


def densenet(state: State, x: Tensor, *, rectified: bool = True) -> Tensor:
    """The last map of a DenseNet, written out from the paper's table with functions alone."""

    def norm(x: Tensor, key: str) -> Tensor:
        parts = [state[f"{key}.{part}"] for part in ("running_mean", "running_var")]
        return F.batch_norm(x, *parts, state[f"{key}.weight"], state[f"{key}.bias"])

    x = F.conv2d(x, state["features.conv0.weight"], stride=2, padding=3)
    x = F.max_pool2d(F.relu(norm(x, "features.norm0")), 3, 2, 1)
    block = 1
    while f"features.denseblock{block}.denselayer1.conv1.weight" in state:
        layer = 1
        while (at := f"features.denseblock{block}.denselayer{layer}") + ".conv1.weight" in state:
            y = F.conv2d(F.relu(norm(x, f"{at}.norm1")), state[f"{at}.conv1.weight"])
            y = F.conv2d(F.relu(norm(y, f"{at}.norm2")), state[f"{at}.conv2.weight"], padding=1)
            x, layer = torch.cat([x, y], 1), layer + 1
        if (at := f"features.transition{block}") + ".conv.weight" in state:
            x = F.avg_pool2d(F.conv2d(F.relu(norm(x, f"{at}.norm")), state[f"{at}.conv.weight"]), 2)
        block += 1
    x = norm(x, "features.norm5")
    return F.relu(x) if rectified else x


def averaged(state: State, last: Tensor) -> Tensor:
    return F.linear(last.mean((2, 3)), state["classifier.weight"], state["classifier.bias"])


def film() -> Tensor:
    return torch.from_numpy(phantom(size=(SIDE, SIDE)))[None, None]


def imagenet(x: Tensor) -> Tensor:
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    return (x.repeat(1, 3, 1, 1) - mean[:, None, None]) / std[:, None, None]


def imported(tmp_path: Path, content: object, form: str, **how: object) -> Bundle:
    torch.save(content, tmp_path / "w.pt")
    options = ImportOptions(form, **how)  # type: ignore[arg-type]
    return import_weights(tmp_path / "w.pt", tmp_path / "made.bundle", options)


def scores(bundle: Bundle) -> np.ndarray:  # type: ignore[type-arg]
    found = Reader(bundle).engine.run(film().numpy())
    return found.score[0]


@pytest.mark.slow
def test_torchxrayvision_s_densenet_says_what_it_said(tmp_path: Path) -> None:
    state = drawn("densenet121", 18)
    # Its tones reach to 1024; trained weights bring them back to the order of 1.
    state["features.conv0.weight"] = state["features.conv0.weight"].sum(1, keepdim=True) / 500

    bundle = imported(tmp_path, state, "xrv-nih")

    expected = averaged(state, densenet(state, film() * 2048 - 1024))[0]
    np.testing.assert_allclose(scores(bundle), expected[:14], atol=1e-5, rtol=1e-5)
    header = bundle.header
    assert [f.name for f in header.label_set.findings[:3]] == [
        "atelectasis", "consolidation", "infiltration",
    ]  # fmt: skip
    assert header.thresholds["hernia"] == pytest.approx(0.0004403434)
    assert "Lung Lesion, Fracture, Lung Opacity, Enlarged Cardiomediastinum" in header.limits[-1]
    assert header.input.policy == "crop"


@pytest.mark.slow
def test_a_chexnet_of_wrapped_and_old_keys_says_what_it_said(tmp_path: Path) -> None:
    state = drawn("densenet121", 14)
    wrapped = {
        "module.densenet121."
        + key.replace("classifier.", "classifier.0.").replace("norm1.", "norm.1.").replace(
            "norm2.", "norm.2."
        ).replace("conv1.", "conv.1.").replace("conv2.", "conv.2."): value
        for key, value in state.items()
        if not key.endswith("num_batches_tracked")
    }  # fmt: skip

    bundle = imported(tmp_path, {"epoch": 5, "state_dict": wrapped}, "chexnet")

    expected = averaged(state, densenet(state, imagenet(film())))[0]
    np.testing.assert_allclose(scores(bundle), expected, atol=1e-5, rtol=1e-5)
    assert bundle.header.label_set.names[:3] == ("atelectasis", "cardiomegaly", "effusion")
    assert set(bundle.header.thresholds.values()) == {0.5}


def fastai_keys(state: State) -> State:
    """A body under 0.0 and a head of concat pool, flatten, BN, dropout, linear, ReLU and again."""
    places = {"0": "2", "2": "4", "4": "6", "6": "8"}
    named: State = {}
    for key, value in state.items():
        part, _, rest = key.partition(".")
        place, _, name = rest.partition(".")
        if part == "features":
            named[f"0.0.{rest}"] = value
        else:
            named[f"1.{places[place]}.{name}"] = value
    return named


@pytest.mark.slow
def test_fast_ai_s_body_and_head_say_what_they_said(tmp_path: Path) -> None:
    state = drawn("densenet121", 2, "mlp")
    file = {"model": fastai_keys(state), "opt": {"lr": 0.1}}

    bundle = imported(tmp_path, file, "fastai", findings=("Pneumothorax", "My own finding"))

    last = densenet(state, imagenet(film()), rectified=False)
    pooled = torch.cat([last.amax((2, 3)), last.mean((2, 3))], 1)
    for place in ("0", "4"):
        at, linear = f"classifier.{place}", f"classifier.{int(place) + 2}"
        moments = (state[f"{at}.running_mean"], state[f"{at}.running_var"])
        pooled = F.batch_norm(pooled, *moments, state[f"{at}.weight"], state[f"{at}.bias"])
        pooled = F.linear(pooled, state[f"{linear}.weight"], state[f"{linear}.bias"])
        pooled = F.relu(pooled) if place == "0" else pooled
    np.testing.assert_allclose(scores(bundle), pooled[0], atol=1e-5, rtol=1e-5)
    assert bundle.header.label_set.names == ("pneumothorax", "my_own_finding")


def small(**changes: Callable[[State], object]) -> State:
    state = drawn("resnet18", 2)
    for change in changes.values():
        change(state)
    return state


@pytest.mark.slow
def test_an_imported_bundle_says_what_it_is(tmp_path: Path) -> None:
    bundle = imported(
        tmp_path, small(), "torchvision", network="resnet18", findings=("Mass", "Nodule"),
        name="mine", licence="CC0-1.0",
    )  # fmt: skip
    header = bundle.header

    prediction = Reader(bundle).read(Radiograph(phantom(size=(300, 250)), "drawn"))

    assert not prediction.calibrated
    assert prediction.familiarity is None
    assert "the bundle does not say whose films it is for" in prediction.cautions[0]
    assert (header.population, bundle.evaluation) == (None, None)
    assert header.limits == LIMITS
    assert header.licences.weights == "CC0-1.0"
    assert (
        "plainfilm bundles import w.pt --form torchvision --network resnet18 --findings "
        "'Mass,Nodule' --out mine.bundle" in bundle.card
    )
    assert "model scores, not probabilities" in bundle.card
    assert all(result.map is not None for result in prediction.results)


def wrong(path: Path, content: object, message: str, **how: object) -> None:
    torch.save(content, path / "w.pt")
    options = ImportOptions(**{"form": "torchvision", "network": "resnet18", **how})  # type: ignore[arg-type]
    with pytest.raises(RunError, match=message):
        import_weights(path / "w.pt", path / "made.bundle", options)
    assert [each.name for each in path.iterdir()] == ["w.pt"]


TWO = ("Mass", "Nodule")


@pytest.mark.parametrize(
    ("spoil", "how", "message"),
    [
        (lambda s: s.pop("bn1.weight"), {"findings": TWO}, r"missing: bn1\.weight"),
        (lambda s: s.update(more=torch.zeros(1)), {"findings": TWO}, "too many: more"),
        (lambda s: s["fc.weight"].fill_(float("nan")), {"findings": TWO}, "no numbers in fc"),
        (lambda _: None, {"findings": ("Mass",)}, r"fc\.weight \(2, 512\), expected \(1, 512\)"),
        (lambda _: None, {"findings": ("Mass", "mass")}, "two findings share a name"),
        (lambda _: None, {"findings": ("Mass", "?!")}, "expected the name of a finding"),
        (lambda _: None, {}, "does not tell what its outputs mean"),
        (lambda _: None, {"findings": TWO, "network": "resnet50"}, "does not fit"),
        (lambda _: None, {"findings": TWO, "network": "vgg19"}, "torchvision comes as densenet121"),
        (lambda _: None, {"form": "xrv-all", "network": ""}, "does not fit"),
        (lambda _: None, {"form": "xrv-al", "network": ""}, "Did you mean 'xrv-all'"),
        (lambda _: None, {"form": "chexnet", "network": "", "findings": TWO}, "its own outputs"),
        (lambda _: None, {"findings": TWO, "name": "Mine!"}, "name: found 'Mine!'"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_clear_line_and_nothing_is_written(
    tmp_path: Path, spoil: Callable[[State], object], how: dict[str, object], message: str
) -> None:
    wrong(tmp_path, small(spoil=spoil), message, **how)


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    (tmp_path / "made.bundle").touch()
    with pytest.raises(BundleError, match="is there already"):
        import_weights(tmp_path / "w.pt", tmp_path / "made.bundle", ImportOptions("chexnet"))


def test_torchxrayvision_s_outputs_are_eighteen() -> None:
    assert len(XRV_OUTPUTS) == len(set(XRV_OUTPUTS)) == 18
