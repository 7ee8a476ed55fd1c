from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from phantoms import phantom
from plainfilm.reading import Reader
from plainfilm.reading.engine import GraphOutput
from plainfilm.serve.admin import create_admin_app
from plainfilm.serve.app import create_app
from plainfilm.serve.settings import ServeSettings
from served import Client, film_part, listening, png_film
from tiny_bundle import tiny_bundle

FILM = phantom(size=(96, 80))[None, None]
TENSOR = {"name": "radiographs", "datatype": "FP32", "shape": [1, 1, 96, 80]}
BODY = {"id": "7", "inputs": [{**TENSOR, "data": FILM.ravel().tolist()}]}


@pytest.fixture(scope="module")
def computed(tiny_path: Path) -> GraphOutput:
    return Reader(tiny_path, threads=1).engine.run(FILM)


def test_the_protocol_s_documents_have_its_keys(client: Client) -> None:
    assert set(client.get("/v2").json()) == {"name", "version", "extensions"}
    for path in ("/v2/models/tiny", "/v2/models/tiny/versions/1"):
        found = client.get(path).json()
        assert (found["name"], found["versions"]) == ("tiny", ["1"])
        assert found["inputs"] == [{**TENSOR, "shape": [-1, 1, -1, -1]}]
        assert {each["name"]: each["shape"] for each in found["outputs"]} == {
            "probability": [-1, 14], "score": [-1, 14], "map": [-1, 14, 16, 16],
            "familiarity": [-1],
        }  # fmt: skip
        assert client.get(f"{path}/ready").json() == {"name": "tiny", "ready": True}


def test_the_graph_answers_with_and_without_a_version(
    client: Client, computed: GraphOutput
) -> None:
    for path in ("/v2/models/tiny/infer", "/v2/models/tiny/versions/1/infer"):
        answer = client.post(path, json=BODY).json()
        named = (answer["model_name"], answer["model_version"], answer["id"])
        assert named == ("tiny", "1", "7")
        outputs = {each["name"]: each for each in answer["outputs"]}
        found = np.float32(outputs["probability"]["data"])
        np.testing.assert_array_equal(found, computed.probability.ravel())


def test_s4_14_fitted_and_raw_films_give_the_same_logits(client: Client) -> None:
    """S4-14: within 1e-5, by /v1/read and by a tensor of the displayed pixels."""
    (film,) = [film_part(png_film())]
    read = client.post("/v1/read", files=[film]).json()
    pixels = np.floor(FILM * 255) / 255  # as a PNG file has them
    tensor = {**TENSOR, "data": pixels.astype(np.float32).ravel().tolist()}
    answer = client.post("/v2/models/tiny/infer", json={"inputs": [tensor]}).json()
    scores = next(each["data"] for each in answer["outputs"] if each["name"] == "score")
    found = [finding["score"] for finding in read["findings"]]
    np.testing.assert_allclose(scores, found, atol=1e-5)


@pytest.mark.parametrize(
    ("path", "how", "status"),
    [("/v2/models/other/infer", {"json": BODY}, 404),
     ("/v2/models/tiny/versions/2/infer", {"json": BODY}, 404),
     ("/v2/models/tiny/versions/x/infer", {"json": BODY}, 404),
     ("/v2/models/tiny/infer", {"json": {}}, 400),
     ("/v2/models/tiny/infer", {"content": b"", "headers": {"Content-Type": "image/png"}}, 415),
     ("/v2/models/tiny/infer", {"json": BODY, "headers": {"Content-Encoding": "gzip"}}, 415),
     ("/v2/models/tiny/infer", {"json": {**BODY, "outputs": [{"name": "x"}]}}, 400),
     ("/v2/models/tiny/infer", {"json": {**BODY, "parameters": {"timeout": 1}}}, 504),
     ("/v2/models/tiny/infer", {"json": BODY, "headers": {"Request-Timeout": "no"}}, 400)],
)  # fmt: skip
def test_what_is_asked_wrongly_is_told_in_the_protocol_s_words(
    client: Client, path: str, how: dict[str, object], status: int
) -> None:
    answer = client.post(path, **how)
    assert answer.status_code == status
    assert answer.json()["error"]


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Addresses of a real server and of its administrators' door, on loopback."""
    folder = tmp_path_factory.mktemp("repository")
    for version in (9, 10):
        tiny_bundle(14).save(folder / "tiny" / str(version))
    app = create_app(ServeSettings(source=folder, workers=2))
    with listening(app, create_admin_app(app)) as found:
        yield found


def test_the_protocol_s_own_client_works_unmodified(
    ports: tuple[str, str], computed: GraphOutput
) -> None:
    """P5 of the plan: tritonclient over HTTP, JSON and binary tensors, both doors."""
    triton = pytest.importorskip("tritonclient.http")
    with triton.InferenceServerClient(ports[0]) as client:
        assert client.is_server_live()
        assert client.is_server_ready()
        assert client.is_model_ready("tiny")
        assert client.is_model_ready("tiny", "9")
        assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
        assert client.get_model_metadata("tiny")["versions"] == ["9", "10"]
        for binary in (True, False):
            given = triton.InferInput("radiographs", list(FILM.shape), "FP32")
            given.set_data_from_numpy(FILM, binary_data=binary)
            for wanted in (None, [triton.InferRequestedOutput("map", binary_data=binary)]):
                found = client.infer("tiny", [given], outputs=wanted, request_id="7")
                assert found.get_response()["model_version"] == "10"
                np.testing.assert_array_equal(found.as_numpy("map"), computed.map)
        with pytest.raises(triton.InferenceServerException, match="no bundle of this name"):
            client.infer("other", [given])
    with triton.InferenceServerClient(ports[1]) as admin:
        admin.unload_model("tiny")
        assert not [row for row in admin.get_model_repository_index() if row["state"] == "READY"]
        admin.load_model("tiny")
        states = {row["version"]: row["state"] for row in admin.get_model_repository_index()}
        assert states == {"9": "READY", "10": "READY"}
