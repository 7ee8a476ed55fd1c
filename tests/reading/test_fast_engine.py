from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phantoms import phantom
from plainfilm.errors import CorruptBundle, MissingExtra
from plainfilm.reading import Reader
from plainfilm.reading.bundle import Bundle, FitPolicy
from plainfilm.reading.engine import Engine, EngineName
from plainfilm.reading.fast_engine import FastEngine, fit
from plainfilm.reading.shelf import bundled, open_bundle
from plainfilm.reading.verify import verify_engine
from tiny_bundle import tiny_bundle

pytest.importorskip("openvino")
FILMS = np.stack([phantom(size=(150, 90), seed=seed)[None] for seed in range(3)])


@pytest.mark.parametrize("path", bundled(), ids=lambda path: path.stem)
def test_the_golden_outputs_of_the_shipped_bundles_return(path: object) -> None:
    verify_engine(FastEngine(open_bundle(str(path)), threads=1))


def test_both_engines_say_the_same(bundle: Bundle) -> None:
    fast, usual = FastEngine(bundle, threads=2), Engine(bundle, threads=1)
    with ThreadPoolExecutor(2) as threads:
        for found in threads.map(lambda _: fast.run(FILMS), range(6)):
            expected = usual.run(FILMS)
            np.testing.assert_allclose(found.score, expected.score, atol=1e-4)
            np.testing.assert_allclose(found.map, expected.map, atol=1e-4)
            np.testing.assert_allclose(found.familiarity, expected.familiarity, atol=1e-3)


@given(st.integers(1, 60), st.integers(1, 60), st.sampled_from(list(FitPolicy)))
def test_fitting_keeps_the_range_and_what_is_square_already(
    height: int, width: int, policy: FitPolicy
) -> None:
    films = np.random.default_rng(height * width).random((2, 1, height, width), np.float32)
    fitted = fit(films, 16, policy)
    assert fitted.shape == (2, 1, 16, 16)
    assert fitted.min() >= 0
    assert fitted.max() <= 1 + 1e-6
    np.testing.assert_allclose(fit(fitted, 16, policy), fitted, atol=1e-6)


@pytest.mark.parametrize("policy", list(FitPolicy))
def test_fitting_is_what_the_graph_does(policy: FitPolicy) -> None:
    torch = pytest.importorskip("torch")
    from plainfilm.training.graph import Fit

    for shape in ((90, 70), (33, 64), (16, 16), (7, 201)):
        films = np.random.default_rng(0).random((1, 1, *shape), np.float32)
        expected = Fit(24, policy)(torch.from_numpy(films)).numpy()
        np.testing.assert_allclose(fit(films, 24, policy), expected, atol=1e-5)


def test_an_engine_that_computes_something_else_is_not_used() -> None:
    held = tiny_bundle()
    outputs = tuple({k: v + 0.01 for k, v in each.items()} for each in held.golden.outputs)
    wrong = replace(held, golden=replace(held.golden, outputs=outputs))
    with pytest.raises(CorruptBundle, match="came back"):
        Reader(wrong, engine=EngineName.OPENVINO)


def test_a_graph_that_it_cannot_build_is_told() -> None:
    with pytest.raises(CorruptBundle, match="OpenVINO cannot build it"):
        FastEngine(replace(tiny_bundle(), network=b"no graph"))


def test_wrong_shapes_are_the_caller_s_bug(bundle: Bundle) -> None:
    with pytest.raises(ValueError, match="expected float32"):
        FastEngine(bundle, threads=1).run(FILMS[0])


def test_a_missing_engine_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plainfilm.reading.engine.find_spec", lambda _: None)
    with pytest.raises(MissingExtra, match=r"plainfilm\[fast\]"):
        Reader(tiny_bundle(), engine=EngineName.OPENVINO)
