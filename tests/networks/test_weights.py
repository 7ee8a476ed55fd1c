import hashlib
import re
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from plainfilm.errors import RunError
from plainfilm.networks import Classifier, build
from plainfilm.networks.weights import first_convolution, load_weights_file, read_state
from state_files import write_safetensors

State = dict[str, Tensor]


def network(
    n_findings: int = 3, name: str = "resnet18", seed: int = 0, **how: object
) -> Classifier:
    torch.manual_seed(seed)
    return build(name, n_findings, **how).eval()  # type: ignore[arg-type]


def film(side: int = 64) -> Tensor:
    return torch.rand(2, 1, side, side, generator=torch.Generator().manual_seed(0))


def saved(path: Path, state: object) -> Path:
    torch.save(state, path)
    return path


@pytest.fixture(scope="module")
def published() -> State:
    """A state dict under torchvision's names, for 1,000 classes."""
    return network(1000, seed=7).state_dict()


@pytest.mark.parametrize("ending", ["safetensors", "pt", "pth"])
def test_a_whole_file_gives_the_network_its_weights(
    tmp_path: Path, published: State, ending: str
) -> None:
    """S3-18: saved, and loaded into another network, to the last bit."""
    path = tmp_path / f"resnet18.{ending}"
    write_safetensors(path, published) if ending == "safetensors" else saved(path, published)
    other = network(1000)

    loaded = load_weights_file(other, path)

    state = other.state_dict()
    assert all(torch.equal(state[key], value) for key, value in published.items())
    assert loaded.name == path.name
    assert loaded.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert loaded.notes == ()


def test_a_head_is_replaced_only_where_asked_for(tmp_path: Path, published: State) -> None:
    path, other = saved(tmp_path / "w.pth", published), network(3)
    before = {key: value.clone() for key, value in other.state_dict().items()}

    with pytest.raises(RunError, match=re.escape("fc.weight (1000, 512), expected (3, 512)")):
        load_weights_file(other, path)
    assert all(torch.equal(value, before[key]) for key, value in other.state_dict().items())

    loaded = load_weights_file(other, path, ["head"])
    state = other.state_dict()
    assert torch.equal(state["fc.weight"], before["fc.weight"])
    assert torch.equal(state["layer4.1.conv2.weight"], published["layer4.1.conv2.weight"])
    assert loaded.notes == ("head drawn anew",)


def test_a_body_alone_is_enough_where_the_head_is_new(tmp_path: Path, published: State) -> None:
    body = {key: value for key, value in published.items() if not key.startswith("fc.")}

    other = network(3, head="mlp")
    load_weights_file(other, saved(tmp_path / "w.pth", body), ["head"])

    assert torch.equal(other.state_dict()["bn1.weight"], published["bn1.weight"])
    with pytest.raises(RunError, match=r"missing: fc\.weight; fc\.bias"):
        load_weights_file(network(1000), tmp_path / "w.pth")


def test_every_kind_of_misfit_is_named_at_once(tmp_path: Path, published: State) -> None:
    state = {key: value for key, value in published.items() if not key.startswith("layer3.")}
    state["layer5.0.weight"] = torch.zeros(1)
    state["conv1.weight"] = torch.zeros(64, 1, 7, 7)

    with pytest.raises(RunError) as told:
        load_weights_file(network(1000), saved(tmp_path / "w.pth", state), ["head"])

    message = str(told.value)
    assert message.startswith("w.pth: does not fit. missing: layer3.0.conv1.weight; ")
    assert "and 27 more. too many: layer5.0.weight. " in message
    assert "of another shape: conv1.weight (64, 1, 7, 7), expected (64, 3, 7, 7)" in message
    assert 'network.init_adapt = ["head"] or ["channels"]' in message


def test_one_missing_counter_of_batches_is_missing_too(tmp_path: Path, published: State) -> None:
    state = dict(published)
    del state["bn1.num_batches_tracked"]

    with pytest.raises(RunError, match=r"missing: bn1\.num_batches_tracked\."):
        load_weights_file(network(1000), saved(tmp_path / "w.pth", state))


def test_a_file_from_before_batches_were_counted_loads(tmp_path: Path, published: State) -> None:
    state = {key: value for key, value in published.items() if "num_batches" not in key}

    loaded = load_weights_file(network(1000), saved(tmp_path / "w.pth", state))

    assert loaded.notes == ("batches not counted in it",)


def test_torchvisions_older_names_of_densenets_load(tmp_path: Path) -> None:
    """As in the published densenet121-a639ec97.pth: "norm.1" for "norm1", no counters."""
    today = network(4, "densenet121", seed=7)
    old = {
        re.sub(r"(denselayer\d+\.)(norm|conv)([12])\.", r"\1\2.\3.", key): value
        for key, value in today.state_dict().items()
        if "num_batches" not in key
    }
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    other = network(4, "densenet121")

    load_weights_file(other, saved(tmp_path / "w.pth", old))

    torch.testing.assert_close(other(film()), today(film()))


def test_torchxrayvisions_densenet_loads_and_reads_alike(tmp_path: Path) -> None:
    """One channel, 18 outputs, operating points beside the weights; films in -1024 to 1024."""
    theirs = network(18, "densenet121", seed=7, normalise="xrv")
    state = theirs.state_dict()
    first = torch.randn(64, 1, 7, 7) / 4096
    state["features.conv0.weight"] = first
    state["op_threshs"] = torch.rand(18)
    path, ours = saved(tmp_path / "xrv.pth", state), network(18, "densenet121", normalise="xrv")

    with pytest.raises(RunError, match=r"conv0\.weight \(64, 1, 7, 7\), expected \(64, 3, 7, 7\)"):
        load_weights_file(ours, path)
    loaded = load_weights_file(ours, path, ["channels"])

    assert loaded.notes == ("op_threshs left out", "first convolution spread over 3 channels")
    conv = nn.Conv2d(1, 64, 7, stride=2, padding=3, bias=False)
    conv.load_state_dict({"weight": first})
    theirs.features.conv0 = conv  # type: ignore[attr-defined]
    scaled = theirs.normalise(film())
    body = theirs.features
    x = body.pool0(torch.relu(body.norm0(conv(scaled))))  # type: ignore[attr-defined]
    grey = ours.features.pool0(torch.relu(ours.features.norm0(ours.features.conv0(  # type: ignore[attr-defined]
        scaled.expand(-1, 3, -1, -1)))))  # fmt: skip
    torch.testing.assert_close(grey, x, atol=1e-4, rtol=1e-4)


def test_three_channels_are_summed_to_one_for_a_grey_network(tmp_path: Path) -> None:
    """On a grey film, whose three channels are equal, the sum is the same."""
    ours = network(2, "conv4", size=64)
    state = dict(network(2, "conv4", seed=7, size=64).state_dict())
    three = torch.randn(2, 3, 3, 3)
    state["features.0.weight"] = three

    loaded = load_weights_file(ours, saved(tmp_path / "w.pth", state), ["channels"])

    conv = nn.Conv2d(3, 2, 3, padding=1)
    conv.load_state_dict({"weight": three, "bias": state["features.0.bias"]})
    expected = conv(film().expand(-1, 3, -1, -1))
    torch.testing.assert_close(ours.features[0](film()), expected)  # type: ignore[index]
    assert loaded.notes == ("first convolution summed over 3 channels",)


def test_channels_that_fit_are_left_alone(tmp_path: Path, published: State) -> None:
    other = network(1000)

    loaded = load_weights_file(other, saved(tmp_path / "w.pth", published), ["channels"])

    assert loaded.notes == ()
    assert torch.equal(other.state_dict()["conv1.weight"], published["conv1.weight"])


def test_four_channels_fit_nothing(tmp_path: Path, published: State) -> None:
    state = {**published, "conv1.weight": torch.zeros(64, 4, 7, 7)}

    with pytest.raises(RunError, match=r"conv1\.weight \(64, 4, 7, 7\), expected"):
        load_weights_file(network(1000), saved(tmp_path / "w.pth", state), ["channels"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("resnet18", "conv1.weight"),
        ("densenet121", "features.conv0.weight"),
        ("film-net", "features.stem.0.weight"),
        ("conv4", "features.0.weight"),
        ("dense-net", None),
    ],
)
def test_the_first_convolution_is_found(name: str, expected: str | None) -> None:
    classifier = build(name, 2, size=64)

    assert first_convolution(classifier) == expected
    assert expected is None or expected in classifier.state_dict()


@pytest.mark.parametrize("wrap", [lambda s: {"state_dict": s, "epoch": 3}, lambda s: s])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_a_checkpoint_of_a_parallel_training_loads(
    tmp_path: Path, published: State, wrap: object, prefix: str
) -> None:
    state = wrap({prefix + key: value for key, value in published.items()})  # type: ignore[operator]

    loaded = load_weights_file(network(1000), saved(tmp_path / "w.pth", state))

    assert loaded.notes == ()


def test_half_precision_is_widened(tmp_path: Path, published: State) -> None:
    half = {k: v.half() if v.is_floating_point() else v for k, v in published.items()}
    other = network(1000)

    load_weights_file(other, write_safetensors(tmp_path / "w.safetensors", half))

    assert other.head_weight.dtype == torch.float32
    torch.testing.assert_close(
        other.head_weight.detach(), published["fc.weight"], atol=1e-3, rtol=1e-3
    )


def test_a_weight_that_is_no_number_is_named(tmp_path: Path, published: State) -> None:
    state = {**published, "bn1.weight": torch.full((64,), torch.nan)}

    with pytest.raises(RunError, match=r"w\.pth: values that are no numbers in bn1\.weight"):
        load_weights_file(network(1000), saved(tmp_path / "w.pth", state))


def test_a_layer_under_two_names_is_refused(tmp_path: Path) -> None:
    key = "features.denseblock1.denselayer1.norm"
    state = {f"{key}1.weight": torch.zeros(1), f"{key}.1.weight": torch.zeros(1)}

    with pytest.raises(RunError, match="holds a layer twice"):
        load_weights_file(network(2, "densenet121"), saved(tmp_path / "w.pth", state))


def test_a_missing_file_is_never_replaced_by_chance(tmp_path: Path) -> None:
    """S2-37."""
    with pytest.raises(RunError, match=r"gone\.pth: no such file. Weights are never drawn instead"):
        read_state(tmp_path / "gone.pth")


class _Harmful:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("harm"),)  # type: ignore[return-value]


@pytest.mark.parametrize("content", [_Harmful(), {"a": _Harmful()}])
def test_what_might_be_code_is_refused_by_name_and_not_executed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: object
) -> None:
    """S0-78."""
    monkeypatch.chdir(tmp_path)
    saved(tmp_path / "w.pt", content)

    with pytest.raises(RunError, match=r"it names __builtin__\.getattr, which might be code"):
        read_state(tmp_path / "w.pt")
    assert not Path("harm").exists()


def test_a_pickled_network_gives_its_state_dict(tmp_path: Path) -> None:
    layers = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))

    found = read_state(saved(tmp_path / "w.pt", {"epoch": 3, "model": layers}))

    torch.testing.assert_close(found, dict(layers.state_dict()))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ([torch.zeros(1)], "holds no tensors by name"),
        ({}, "holds no tensors by name"),
        ({"epoch": 3}, "epoch is no tensor"),
        (torch.zeros(2), "holds no tensors by name"),
    ],
)
def test_what_is_no_state_dict_is_refused(tmp_path: Path, content: object, expected: str) -> None:
    with pytest.raises(RunError, match=expected):
        read_state(saved(tmp_path / "w.pt", content))


@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
def test_a_cut_off_file_is_one_clear_line(tmp_path: Path, published: State, name: str) -> None:
    path = tmp_path / name
    write_safetensors(path, published) if "safe" in name else saved(path, published)
    path.write_bytes(path.read_bytes()[:-1000])

    with pytest.raises(RunError, match=rf"^{name}: cannot be read as weights \(.+\)\.$"):
        read_state(path)


def test_another_ending_is_refused(tmp_path: Path) -> None:
    (tmp_path / "w.h5").write_bytes(b"x")
    with pytest.raises(
        RunError, match=r"w\.h5: found ending '\.h5'; expected one of \.safetensors"
    ):
        read_state(tmp_path / "w.h5")


def test_statistics_of_pixels_keep_their_names_and_need_not_be_in_a_file(
    tmp_path: Path, published: State
) -> None:
    with_pixels = network(1000, normalise="pixel", size=64)

    load_weights_file(with_pixels, saved(tmp_path / "published.pt", published))
    again = network(1000, seed=3, normalise="pixel", size=64)
    load_weights_file(again, saved(tmp_path / "own.pt", with_pixels.state_dict()))

    state = again.state_dict()
    assert {"normalise.mean", "normalise.deviation"} == state.keys() - published.keys()
    assert all(torch.equal(state[key], value) for key, value in published.items())
