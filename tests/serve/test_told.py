"""A served bundle that is told facts beside the film."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dicoms import dicom_file
from phantoms import phantom
from plainfilm.archive.scoring import score_films
from plainfilm.archive.worker import options_of, text_of
from plainfilm.cli import main
from plainfilm.film_files import ReadOptions
from plainfilm.radiograph import Sex, View
from plainfilm.reading import Engine
from plainfilm.reading.facts import FACTS, facts_vector
from plainfilm.serve.app import create_app
from plainfilm.serve.batching import Batching, BatchSettings
from plainfilm.serve.problems import Problem
from plainfilm.serve.settings import ServeSettings
from plainfilm.serve.tensors import request_from
from plainfilm.serve.triton import triton_config
from served import Client, film_part, png_film, serving
from told_bundle import told_bundle

BUNDLE = told_bundle()
FILM = phantom(size=(96, 80))[None, None]
WOMAN = facts_vector(FACTS, {"age": 60.0, "sex": "F", "view": "PA"})[None]
RADIOGRAPHS = {"name": "radiographs", "datatype": "FP32", "shape": [1, 1, 96, 80]}
TOLD = {"name": "facts", "datatype": "FP32", "shape": [1, 8]}
INFER = "/v2/models/told/infer"


@pytest.fixture(scope="module")
def told_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("served") / "told.bundle"
    BUNDLE.save(path)
    return path


@pytest.fixture(scope="module")
def told(told_path: Path) -> Iterator[Client]:
    with serving(create_app(ServeSettings(source=told_path, workers=2))) as found:
        yield found


def woman_of_sixty() -> bytes:
    words = (phantom(size=(90, 80)) * 4095).astype(np.uint16)
    return dicom_file(words, BitsStored=12, PatientSex="F", PatientAge="060Y", ViewPosition="PA")


def test_s0_85_server_and_command_line_tell_alike(
    told: Client, told_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = []
    for content, name, said in (
        (woman_of_sixty(), "film.dcm", {}),
        (woman_of_sixty(), "film.dcm", {"sex": "M"}),
        (png_film(), "film.png", {"age": "60", "sex": "F", "view": "PA"}),
        (png_film(), "film.png", {}),
    ):
        (tmp_path / name).write_bytes(content)
        options = [word for key, value in said.items() for word in (f"--{key}", value)]
        main(["read", str(tmp_path / name), "--bundle", str(told_path), "--json", *options])
        part = film_part(content, name, "application/octet-stream")
        answer = told.post("/v1/read", files=[part], data=said)
        assert answer.text == capsys.readouterr().out
        answers.append(answer.json())
    assert [each["facts"]["sex"] for each in answers] == ["F", "M", "F", None]
    scores = {each["findings"][0]["score"] for each in answers}
    assert len(scores) == 4


def test_s0_85_a_job_and_an_archive_are_told(told: Client, told_path: Path, tmp_path: Path) -> None:
    part = film_part(woman_of_sixty(), "film.dcm", "application/dicom")
    read = told.post("/v1/read", files=[part]).json()
    job = told.post("/v1/jobs", files=[part], headers={"Idempotency-Key": "told"}).json()
    lines = list[str]()
    while not lines:
        lines = told.get(f"/v1/jobs/{job['id']}/results").text.splitlines()
    (tmp_path / "film.dcm").write_bytes(woman_of_sixty())

    (row,) = score_films(told_path, [tmp_path / "film.dcm"])

    assert json.loads(lines[0])["facts"] == read["facts"]
    assert row["score:pneumonia"] == read["findings"][0]["score"]


def test_s0_85_what_is_said_of_an_archive_reaches_its_workers() -> None:
    said = ReadOptions(60.0, View.PA, sex=Sex.FEMALE)

    assert options_of(text_of(said)) == said
    assert "sex" not in text_of(ReadOptions(60.0))  # so that a queue from before goes on
    assert options_of(text_of(ReadOptions(60.0))) == ReadOptions(60.0)


def test_s0_85_the_protocol_lists_the_facts_and_takes_them(told: Client) -> None:
    inputs = told.get("/v2/models/told").json()["inputs"]
    assert inputs[1] == {**TOLD, "shape": [-1, 8]}
    film = {**RADIOGRAPHS, "data": FILM.ravel().tolist()}
    engine = Engine(BUNDLE, threads=1)
    for tensors, facts in (
        ([film], None),
        ([film, {**TOLD, "data": WOMAN.ravel().tolist()}], WOMAN),
        ([{**TOLD, "data": WOMAN.tolist()}, film], WOMAN),
    ):
        answer = told.post(INFER, json={"inputs": tensors}).json()
        scores = next(each["data"] for each in answer["outputs"] if each["name"] == "score")
        assert np.array_equal(np.float32(scores), engine.run(FILM, facts).score.ravel())


def test_s0_85_facts_go_as_bytes_too() -> None:
    films, facts = FILM.astype("<f4").tobytes(), WOMAN.astype("<f4").tobytes()
    tensors = [
        {**RADIOGRAPHS, "parameters": {"binary_data_size": len(films)}},
        {**TOLD, "parameters": {"binary_data_size": len(facts)}},
    ]
    head = json.dumps({"inputs": tensors}).encode()

    asked = request_from(head + films + facts, str(len(head)), max_films=1, n_facts=8)

    assert np.array_equal(asked.radiographs, FILM)
    assert asked.facts is not None
    assert np.array_equal(asked.facts, WOMAN)
    for rest in (films + facts[:-4], films + facts + b"more"):
        with pytest.raises(Problem, match="binary_data_size"):
            request_from(head + rest, str(len(head)), max_films=1, n_facts=8)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"shape": [1, 7], "data": [0] * 7}, r"facts: found shape \[1, 7\]; expected \[N, 8\]"),
        ({"shape": [8], "data": [0] * 8}, r"expected \[N, 8\]"),
        ({"shape": [2, 8], "data": [0] * 16}, "2 rows; expected 1, one a film"),
        ({"data": [0] * 7}, r"7 values do not fill shape \[1, 8\]"),
        ({"data": [60] * 8}, r"expected values in \[0, 2\]"),
        ({"data": [-1] * 8}, r"expected values in \[0, 2\]"),
        ({"data": [0] * 8, "datatype": "INT64"}, "datatype FP32"),
        ({"data": [0] * 8, "name": "age"}, "radiographs or facts"),
        ({}, "no data"),
    ],
)
def test_s0_85_facts_of_another_shape_are_told(
    told: Client, facts: dict[str, object], words: str
) -> None:
    film = {**RADIOGRAPHS, "data": FILM.ravel().tolist()}
    answer = told.post(INFER, json={"inputs": [film, {**TOLD, **facts}]})

    assert answer.status_code == 400
    with pytest.raises(Problem, match=words):
        request_from(json.dumps({"inputs": [film, {**TOLD, **facts}]}).encode(), None,
                     max_films=2, n_facts=8)  # fmt: skip


def test_s0_85_facts_alone_or_for_a_bundle_that_takes_none_are_refused(client: Client) -> None:
    film = {**RADIOGRAPHS, "data": FILM.ravel().tolist()}
    facts = {**TOLD, "data": [0] * 8}
    with pytest.raises(Problem, match="facts alone"):
        request_from(json.dumps({"inputs": [facts]}).encode(), None, max_films=1, n_facts=8)
    with pytest.raises(Problem, match="expected the name radiographs or facts"):
        request_from(json.dumps({"inputs": [film, film]}).encode(), None, max_films=1, n_facts=8)
    assert client.post("/v2/models/tiny/infer", json={"inputs": [film, facts]}).status_code == 400


def test_s0_85_a_wrong_sex_is_told(told: Client) -> None:
    answer = told.post("/v1/read", files=[film_part(png_film())], data={"sex": "woman"})

    assert answer.status_code == 400
    assert "sex: found 'WOMAN'; expected one of F, M" in answer.json()["detail"]


def test_s0_85_calls_put_together_keep_their_own_facts() -> None:
    engine = Engine(BUNDLE, threads=1)
    batching = Batching(engine, BatchSettings(4, 0.0), lambda _: None)

    for facts in (WOMAN, None):
        assert np.array_equal(batching.run(FILM, facts).score, engine.run(FILM, facts).score)


def test_s0_85_triton_is_told_of_the_second_input() -> None:
    text = triton_config(BUNDLE.header)

    assert '{ name: "facts", data_type: TYPE_FP32, dims: [ -1, 8 ] }' in text
    assert "age known,age in centuries,sex F,sex M,view PA" in text
