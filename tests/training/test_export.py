import hashlib
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import torch

from phantoms import phantom
from plainfilm import reports
from plainfilm.cli import main
from plainfilm.datasets.cache import Cache
from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import BundleError, DatasetError, RecipeError, RunError
from plainfilm.images import read_radiograph
from plainfilm.radiograph import Radiograph
from plainfilm.reading import Bundle, Engine, Reader
from plainfilm.reading.verify import verify
from plainfilm.reports.content import Report
from plainfilm.training.checkpoint import load_classifier
from plainfilm.training.export import export
from plainfilm.training.graph import Fit
from plainfilm.training.loop import train
from plainfilm.training.onnx_file import TOLERANCE
from tiny_release import releasable
from tiny_training import tiny_recipe

CREATED = datetime(2025, 1, 31, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def run(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return releasable(finished, tmp_path_factory.mktemp("export") / "run")


@pytest.fixture(scope="module")
def exported(run: Path, prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("bundles") / "tiny.bundle"
    export(run, prepared, out, created=CREATED)
    return out


@pytest.mark.slow
def test_the_bundle_loads_verifies_and_reads(exported: Path, prepared: Path) -> None:
    bundle = Bundle.load(exported)
    verify(bundle)
    manifest = Manifest.load(prepared)
    film = read_radiograph(manifest.root / manifest.samples[0].image)
    engine = Engine(bundle, threads=1)
    output = engine.run(film.pixels[None, None])
    assert output.probability.shape == (1, 2)
    assert Reader(bundle, threads=1).bundle is bundle


@pytest.mark.slow
def test_s2_41_one_verb_converts_checks_hashes_and_states(
    run: Path, prepared: Path, tmp_path: Path
) -> None:
    """S2-41: a folder with the graph, its golden outputs, and the SHA-256 of each of its files."""
    out = tmp_path / "tiny"

    assert main(["export", str(run), "--data", str(prepared), "--out", str(out)]) == 0

    stated = json.loads((out / "bundle.json").read_bytes())
    found = {path.name for path in out.iterdir()}
    assert found == {"bundle.json", "network.onnx", "golden.npz", "CARD.md"}
    assert stated["files"].keys() == found - {"bundle.json"}
    for name, digest in stated["files"].items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest
    assert stated["provenance"]["recipe_toml"] == (run / "recipe.toml").read_text("utf-8")
    compared = "largest difference of a probability, torch to onnxruntime"
    assert float(stated["provenance"]["details"][compared]) <= TOLERANCE
    verify(Bundle.load(out))


@pytest.mark.slow
def test_s2_41_a_run_that_computes_nonsense_is_not_released(
    run: Path, prepared: Path, tmp_path: Path
) -> None:
    """S2-41: its outputs are no numbers; nothing is written."""
    broken = shutil.copytree(run, tmp_path / "broken")
    weights = torch.load(broken / "weights.pt", weights_only=True)
    weights["classifier.bias"].fill_(torch.nan)
    torch.save(weights, broken / "weights.pt")
    out = tmp_path / "broken.bundle"

    assert main(["export", str(broken), "--data", str(prepared), "--out", str(out)]) == 1

    assert not out.exists()


@pytest.mark.slow
def test_network_graph_and_engine_give_one_score(exported: Path, run: Path, prepared: Path) -> None:
    """Torch on the original film, and the bundle's graph, agree to 1e-5."""
    classifier, manifest = load_classifier(run), Manifest.load(prepared)
    engine = Engine(Bundle.load(exported), threads=1)
    for sample in manifest.samples[:5]:
        pixels = read_radiograph(manifest.root / sample.image).pixels
        with torch.no_grad():
            films = Fit(Cache.open(prepared).size)(torch.from_numpy(pixels)[None, None])
            expected = classifier(films)
        found = engine.run(pixels[None, None]).score
        assert np.abs(found - expected.numpy()).max() <= 1e-5


@pytest.mark.slow
def test_validation_films_are_evenly_spread_over_familiarity(
    exported: Path, prepared: Path
) -> None:
    engine, val = Engine(Bundle.load(exported), threads=1), Manifest.load(prepared).split("val")
    shares = []
    for sample in val.samples:
        film = read_radiograph(val.root / sample.image)
        found = engine.run(film.pixels[None, None]).familiarity
        assert found is not None
        shares.append(float(found[0]))
    expected = np.arange(1, len(val) + 1) / len(val)
    assert np.allclose(np.sort(shares), expected, atol=1e-3)


@pytest.mark.slow
def test_the_same_runs_give_the_same_bundle(
    exported: Path, run: Path, prepared: Path, tmp_path: Path
) -> None:
    again = export(run, prepared, tmp_path / "again.bundle", created=CREATED)
    assert again.id == Bundle.load(exported).id


@pytest.mark.slow
def test_a_folder_is_written_where_the_name_has_no_ending(exported: Path, tmp_path: Path) -> None:
    Bundle.load(exported).save(tmp_path / "folder")
    assert (tmp_path / "folder" / "CARD.md").read_text(encoding="utf-8").startswith("# tiny 0.1.0")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "has_map"),
    [
        (["network.head=mlp", "network.dropout=0.5", "data.side_targets=['view']"], True),
        (["network.name=dense-net"], False),
    ],
)
def test_a_network_of_another_kind_becomes_a_bundle(
    prepared: Path, tmp_path: Path, settings: list[str], has_map: bool
) -> None:
    """The whole way; where the network has no map the bundle, reader and report say so."""
    trained = train(tiny_recipe("optim.epochs=1", *settings), prepared, tmp_path / "a", threads=1)

    bundle = export(releasable(trained, tmp_path / "b"), prepared, tmp_path / "c.bundle")

    film = Radiograph(phantom(size=(90, 80), seed=1), "drawn")
    header = bundle.header
    prediction = Reader(bundle, threads=1).read(film, override_population=True)
    assert (header.map is not None) == has_map
    assert [result.map is not None for result in prediction.results] == [has_map] * 2
    report = tmp_path / "seen.html"
    reports.write(Report((prediction,), (film,), header, datetime.now(UTC)), report)
    assert ("This report has no maps" in report.read_text(encoding="utf-8")) != has_map


def test_what_is_there_stays(run: Path, prepared: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken.bundle"
    taken.write_text("mine")
    with pytest.raises(BundleError, match="is there already"):
        export(run, prepared, taken)
    assert taken.read_text() == "mine"


def test_an_unfinished_run_is_refused(run: Path, prepared: Path, tmp_path: Path) -> None:
    half = shutil.copytree(run, tmp_path / "half")
    record = half / "run.json"
    record.write_text(record.read_text().replace('"finished": true', '"finished": false'))
    with pytest.raises(RunError, match="half: not finished"):
        export(half, prepared, tmp_path / "x.bundle")


def test_a_release_without_population_is_refused(
    finished: Path, prepared: Path, tmp_path: Path
) -> None:
    silent = shutil.copytree(finished, tmp_path / "silent")
    with pytest.raises(RecipeError, match=r"release.population.views: .*expected .*export again"):
        export(silent, prepared, tmp_path / "x.bundle")
    assert not (tmp_path / "x.bundle").exists()


def test_a_missing_calibration_split_is_named(
    finished: Path, prepared: Path, tmp_path: Path
) -> None:
    run = releasable(finished, tmp_path / "run", calibration="cross-fit-test")
    with pytest.raises(DatasetError, match="no film is in split 'test'"):
        export(run, prepared, tmp_path / "x.bundle")
