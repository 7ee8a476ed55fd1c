"""A head on an encoder as a bundle: what every reader of it then says."""

import json
import warnings
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import helper
from torch import nn

from phantoms import phantom
from plainfilm.cli import main
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.seen import KEY, LOOKS_KEY, listed, packed
from plainfilm.errors import RecipeError, RunError
from plainfilm.images import read_radiograph
from plainfilm.reading import Engine
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.runtimes import onnxruntime
from plainfilm.reading.verify import verify
from plainfilm.serve.app import create_app
from plainfilm.serve.settings import ServeSettings
from plainfilm.training.checkpoint import load_classifier, load_weights
from plainfilm.training.encoder_graph import ENCODED, PIXELS, with_encoder
from plainfilm.training.export import export
from plainfilm.training.gradcam import gradcam
from plainfilm.training.graph import Fit
from plainfilm.training.loop import train
from plainfilm.training.recipe import Recipe
from served import film_part, png_film, serving
from tiny_encoders import encoder_model, encoder_recipe, toned, write_encoder
from tiny_training import SIZE, write_prepared

pytestmark = pytest.mark.slow

Exported = tuple[Path, Path, Path]


class TinyTransformer(nn.Module):
    """Patches, a class token, places, two blocks of attention: as vision transformers are."""

    def __init__(self, *, patch: int = 8, width: int = 16) -> None:
        super().__init__()
        self.cut = nn.Conv2d(3, width, patch, patch)
        self.summary = nn.Parameter(torch.randn(1, 1, width))
        self.places = nn.Parameter(torch.randn(1, (SIZE // patch) ** 2 + 1, width) / 10)
        block = nn.TransformerEncoderLayer(width, 2, 2 * width, 0.0, "gelu", batch_first=True)
        self.blocks = nn.TransformerEncoder(block, 2, enable_nested_tensor=False)

    def forward(self, films: torch.Tensor) -> torch.Tensor:
        patches = self.cut(films).flatten(2).transpose(1, 2)
        whole = torch.cat([self.summary.expand(films.shape[0], -1, -1), patches], dim=1)
        out: torch.Tensor = self.blocks(whole + self.places)
        return out


def write_transformer(path: Path) -> Path:
    """It, with random weights, as torch's own exporter writes it."""
    torch.manual_seed(0)
    films = torch.zeros(2, 3, SIZE, SIZE)
    with warnings.catch_warnings():  # the exporter's own, about itself
        warnings.simplefilter("ignore")
        torch.onnx.export(
            TinyTransformer().eval(), (films,), path, dynamo=True, opset_version=18,
            input_names=["pixels"], output_names=["tokens"], external_data=False, verbose=False,
            dynamic_shapes={"films": {0: torch.export.Dim.DYNAMIC}},
        )  # fmt: skip
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_prepared(tmp_path_factory.mktemp("graph") / "prepared")


def exported(recipe: Recipe, folder: Path, place: Path) -> Exported:
    """The encoder, the run and the bundle of a recipe."""
    run = train(recipe, folder, place / "run", threads=1)
    export(run, folder, place / "tiny.bundle")
    return Path(recipe.encoder.file), run, place / "tiny.bundle"


@pytest.fixture(scope="module")
def tokens(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """One linear layer on a transformer's patches."""
    place = tmp_path_factory.mktemp("tokens")
    encoder = write_transformer(place / "enc.onnx")
    return exported(encoder_recipe(encoder, "encoder.l2=[1.0, 0.3]"), folder, place)


@pytest.fixture(scope="module")
def summary(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """A hidden layer on one vector, of an encoder of an older opset."""
    place = tmp_path_factory.mktemp("summary")
    encoder = write_encoder(place / "enc.onnx", list_films, opset=17)
    how = ("network.head=mlp", "encoder.hidden=8", "optim.epochs=4", "optim.lr=0.02")
    recipe = encoder_recipe(encoder, *how, output="summary", gives="embedding")
    return exported(recipe, folder, place)


def list_films(model: onnx.ModelProto) -> None:
    """As an encoder does that was cut off a bundle, of one film."""
    helper.set_model_props(model, {KEY: packed({b"a" * 6}), LOOKS_KEY: packed({b"b" * 32})})


def originals(folder: Path) -> list[np.ndarray]:
    manifest = Manifest.load(folder)
    return [read_radiograph(manifest.root / s.image).pixels for s in manifest.samples[:6]]


def test_the_score_is_the_encoder_s_answer_and_the_head_s_numbers(
    tokens: Exported, folder: Path
) -> None:
    """The source's own file in onnxruntime, the head in numpy: equal to 1e-5."""
    encoder, run, path = tokens
    session = onnxruntime.InferenceSession(encoder, providers=["CPUExecutionProvider"])
    weights = {name: value.numpy() for name, value in load_weights(run).items()}
    engine = Engine(Bundle.load(path), threads=1)
    for pixels in originals(folder):
        fitted = Fit(SIZE)(torch.from_numpy(pixels)[None, None])[0].numpy()
        (given,) = session.run(["tokens"], {"pixels": toned(fitted)})
        patches = given[0, 1:]
        expected = weights["classifier.weight"] @ patches.mean(axis=0) + weights["classifier.bias"]
        found = engine.run(pixels[None, None])
        assert np.abs(found.score[0] - expected).max() <= 1e-5
        assert found.map is not None
        drawn = (patches @ weights["classifier.weight"].T / 16).T.reshape(2, 4, 4)
        assert np.abs(found.map[0] - drawn).max() <= 1e-5


def test_a_hidden_layer_on_one_vector_too(summary: Exported, folder: Path) -> None:
    encoder, run, path = summary
    session = onnxruntime.InferenceSession(encoder, providers=["CPUExecutionProvider"])
    w = {name.removeprefix("classifier."): v.numpy() for name, v in load_weights(run).items()}
    engine = Engine(Bundle.load(path), threads=1)
    for pixels in originals(folder):
        fitted = Fit(SIZE)(torch.from_numpy(pixels)[None, None])[0].numpy()
        (given,) = session.run(["summary"], {"pixels": toned(fitted)})
        hidden = np.maximum(given[0] @ w["0.weight"].T + w["0.bias"], 0)
        expected = hidden @ w["3.weight"].T + w["3.bias"]
        assert np.abs(engine.run(pixels[None, None]).score[0] - expected).max() <= 1e-5


def test_the_map_is_grad_cam_of_the_head(tokens: Exported) -> None:
    _, run, path = tokens
    film = phantom(size=(SIZE, SIZE), seed=5).astype(np.float32)
    expected = gradcam(load_classifier(run), torch.from_numpy(film)[None, None])[0].numpy()

    found = Engine(Bundle.load(path), threads=1).run(film[None, None])

    assert found.map is not None
    assert np.abs(found.map[0] - expected).max() <= 1e-5


def test_the_graph_is_one_and_a_bundle_s(tokens: Exported) -> None:
    bundle = Bundle.load(tokens[2])
    verify(bundle)
    model = onnx.load_model_from_string(bundle.network)

    assert [each.name for each in model.graph.input] == ["radiographs"]
    names = [each.name for each in model.graph.output]
    assert names == ["probability", "score", "map", "familiarity"]
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 20)]
    shapes = {(1, 77, 90), (1, 30, 200)}
    engine = Engine(bundle, threads=1)
    for _, height, width in shapes:
        films = np.random.default_rng(0).random((3, 1, height, width), np.float32)
        together = engine.run(films)
        alone = [engine.run(film[None]).score[0] for film in films]
        assert np.abs(together.score - np.stack(alone)).max() <= 1e-4


def test_it_says_which_encoder_is_in_it(tokens: Exported, summary: Exported) -> None:
    headers = [Bundle.load(each[2]).header for each in (tokens, summary)]
    details = [header.provenance.details for header in headers]

    assert details[0]["encoder"].startswith("enc.onnx (")
    assert "3 x 32 x 32, mean [0.5], std [0.25, 0.3, 0.2]" in details[0]["encoder"]
    assert details[0]["encoder gives"] == "tokens, output tokens"
    assert "of which 34 learned: a head of one linear layer" in details[0]["network"]
    assert headers[0].licences.weights == "the encoder's own"
    assert any("Films that its encoder learned from" in limit for limit in headers[0].limits)
    assert any("that the encoder's own bundle listed" in each for each in headers[1].limits)
    card = Bundle.load(tokens[2]).card
    assert "Have the encoder at" in card
    assert (headers[0].map is None, headers[1].map is None) == (False, True)
    assert "map" not in details[0]
    assert "--method occlusion" in details[1]["map"]


def test_films_that_its_encoder_lists_are_carried_beside_its_own(
    tokens: Exported, summary: Exported
) -> None:
    alone, both = (Bundle.load(each[2]).header.provenance.details for each in (tokens, summary))
    assert listed(both, KEY) == listed(alone, KEY) | {b"a" * 6}
    assert listed(both, LOOKS_KEY) == listed(alone, LOOKS_KEY) | {b"b" * 32}


def test_command_line_and_server_read_it_alike(
    tokens: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tokens[2]
    (tmp_path / "film.png").write_bytes(png_film())
    assert main(["read", str(tmp_path / "film.png"), "--bundle", str(path), "--json"]) == 0
    told = capsys.readouterr().out

    with serving(create_app(ServeSettings(source=path, workers=1))) as client:
        answer = client.post("/v1/read", files=[film_part(png_film(), "film.png")])

    assert answer.text == told
    assert len(json.loads(told)["findings"]) == 2


def test_where_there_is_no_map_it_is_said_and_drawn_by_occlusion(
    summary: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "film.png").write_bytes(png_film())
    words = ["explain", str(tmp_path / "film.png"), "--bundle", str(summary[2])]
    words += ["--finding", "square", "--out", str(tmp_path / "seen.png"), "--outside-population"]

    assert main(words) == 1
    assert "has no maps, so nothing can be drawn; choose another bundle or --method occlusion" in (
        capsys.readouterr().err
    )
    assert main([*words, "--method", "occlusion"]) == 0
    assert "Method: occlusion" in capsys.readouterr().err
    assert (tmp_path / "seen.png").is_file()


def test_a_licence_of_the_encoder_s_weights_has_to_be_stated(
    folder: Path, tokens: Exported, tmp_path: Path
) -> None:
    recipe = encoder_recipe(tokens[0], "release.licences.weights=''")
    run = train(recipe, folder, tmp_path / "run", threads=1)

    with pytest.raises(
        RecipeError, match=r"release\.licences\.weights: missing; state the licence"
    ):
        export(run, folder, tmp_path / "a.bundle")
    assert not (tmp_path / "a.bundle").exists()


def test_heads_are_not_averaged(folder: Path, tokens: Exported, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="heads on an encoder are not averaged with other runs"):
        export(tokens[1], folder, tmp_path / "a.bundle", also=[tokens[1]])


def test_an_encoder_that_needs_its_own_answer_makes_no_graph() -> None:
    around = onnx.helper.make_graph(
        [onnx.helper.make_node("Relu", [ENCODED], [PIXELS])],
        "around",
        [onnx.helper.make_tensor_value_info(ENCODED, 1, ["N", 6])],
        [onnx.helper.make_tensor_value_info(PIXELS, 1, ["N", 3, SIZE, SIZE])],
    )

    with pytest.raises(RunError, match=r"the encoder cannot stand in a bundle's graph .*circle"):
        with_encoder(onnx.helper.make_model(around), encoder_model())
