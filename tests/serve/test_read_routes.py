import base64
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest

from dicoms import dicom_file
from phantoms import phantom
from plainfilm.cli import main
from plainfilm.images import read_radiograph_bytes
from plainfilm.reading import Bundle, Reader
from plainfilm.reports import wording
from served import Client, film_part, png_film
from srs import film_of, groups, numbers, texts

PROBLEM = "application/problem+json"


def dicom_film() -> bytes:
    words = (phantom(size=(90, 80)) * 4095).astype(np.uint16)
    return dicom_file(words, BitsStored=12)


def test_s4_16_s0_76_one_film_is_answered_as_the_command_line_does(
    client: Client, tiny_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """S4-16, S0-76, S4-01: bit for bit, 14 findings, each in [0, 1]."""
    for name, content, kind in (
        ("film.png", png_film(), "image/png"),
        ("film.dcm", dicom_film(), "application/dicom"),
    ):
        (tmp_path / name).write_bytes(content)
        main(["read", str(tmp_path / name), "--bundle", str(tiny_path), "--json", "--age", "41"])
        answer = client.post("/v1/read", files=[film_part(content, name, kind)], data={"age": "41"})
        assert answer.text == capsys.readouterr().out
        findings = answer.json()["findings"]
        assert len(findings) == 14
        assert all(0 <= finding["probability"] <= 1 for finding in findings)
        assert abs(sum(finding["probability"] for finding in findings) - 1) > 0.01


def test_s4_01_each_finding_has_its_probability_threshold_verdict_and_map(
    client: Client, tiny_path: Path
) -> None:
    """S4-01: fourteen of each, which go together by the finding's name."""
    header = Bundle.load(tiny_path).header
    found = client.post("/v1/read", files=[film_part(png_film())], data={"maps": "float"}).json()
    assert found["calibrated"] is header.calibration.calibrated
    assert [each["finding"] for each in found["findings"]] == list(header.label_set.names)
    assert list(found["maps"]) == list(header.label_set.names)
    for each in found["findings"]:
        assert each["threshold"] == header.thresholds[each["finding"]]
        assert each["present"] is (each["probability"] >= each["threshold"])
        assert len(found["maps"][each["finding"]]["shape"]) == 2


def test_several_films_are_answered_as_the_command_line_does(
    client: Client, tiny_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed in range(3):
        (tmp_path / f"{seed}.png").write_bytes(png_film(seed))
    paths = [str(path) for path in sorted(tmp_path.glob("*.png"))]
    main(["read", *paths, "--bundle", str(tiny_path), "--json"])
    parts = [film_part(png_film(seed), f"{seed}.png") for seed in range(3)]
    assert client.post("/v1/read", files=parts).text == capsys.readouterr().out


def test_s4_20_a_film_that_cannot_be_read_stops_no_other(client: Client) -> None:
    parts = [film_part(png_film()), film_part(b"no film"), film_part(png_film(), kind="text/html")]
    answer = client.post("/v1/read", files=parts)
    assert answer.status_code == 200
    first, second, third = answer.json()
    assert first["findings"]
    assert (second["name"], second["status"]) == ("film.png #2", 422)
    assert second["detail"] == second["error"]
    assert (third["name"], third["status"]) == ("film.png #3", 415)


def test_s4_14_a_film_may_be_the_body_itself_and_a_wrong_header_is_refused(client: Client) -> None:
    def send(kind: str, content: bytes) -> int:
        headers = {"Content-Type": kind}
        return client.post("/v1/read?age=4", content=content, headers=headers).status_code

    assert send("image/png", png_film()) == 200
    assert send("application/octet-stream", dicom_film()) == 200
    assert send("application/dicom", png_film()) == 415
    assert send("application/x-www-form-urlencoded", b"a=b") == 415


def test_maps_come_as_floats_and_as_pictures(client: Client, tiny_path: Path) -> None:
    film = film_part(png_film())
    asked = {"maps": "float", "finding": ["mass", "hernia"]}
    maps = client.post("/v1/read", files=[film], data=asked).json()["maps"]
    assert set(maps) == {"mass", "hernia"}
    values = np.frombuffer(base64.b64decode(maps["mass"]["base64"]), "<f4")
    expected = Reader(tiny_path).read(read_radiograph_bytes(png_film(), "film")).results[5].map
    np.testing.assert_array_equal(values.reshape(maps["mass"]["shape"]), expected)
    pictures = client.post("/v1/read", files=[film], data={"maps": "png"}).json()["maps"]
    assert len(pictures) == 14
    assert base64.b64decode(pictures["mass"]["base64"]).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("wanted", "kind", "begins"),
    [("html", "text/html", b"<!DOCTYPE html>"), ("png", "image/png", b"\x89PNG"),
     ("csv", "text/csv", b"name,finding")],
)  # fmt: skip
def test_a_report_can_be_the_answer(client: Client, wanted: str, kind: str, begins: bytes) -> None:
    parts = [film_part(png_film()), film_part(b"no film", "broken.png")]
    answer = client.post("/v1/read", files=parts, data={"format": wanted})
    assert answer.headers["content-type"].startswith(kind)
    assert answer.content.startswith(begins)


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"age": "-1"}, 400), ({"age": "nan"}, 400), ({"age": "131"}, 400), ({"view": "UP"}, 400),
     ({"veiw": "PA"}, 400), ({"maps": "gif"}, 400), ({"finding": "cold", "maps": "png"}, 400),
     ({"bundle": "other"}, 404), ({"version": "2"}, 404), ({"version": "../1"}, 404),
     ({"body_part": "<b>"}, 400), ({"outside_population": "yes"}, 400)],
)  # fmt: skip
def test_what_is_asked_wrongly_is_told(client: Client, fields: dict[str, str], status: int) -> None:
    answer = client.post("/v1/read", files=[film_part(png_film())], data=fields)
    assert answer.status_code == status
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["error"] == answer.json()["detail"]


def test_a_request_without_a_film_or_with_a_strange_file_is_refused(client: Client) -> None:
    strange = [("picture", ("film.png", png_film(), "image/png"))]
    assert client.post("/v1/read", files=strange).status_code == 400
    assert client.post("/v1/read", files=[("age", (None, "4"))]).status_code == 400
    multipart = {"Content-Type": "multipart/form-data; boundary=x"}
    assert client.post("/v1/read", content=b"--y", headers=multipart).status_code == 400
    multipart = {"Content-Type": "multipart/form-data"}
    assert client.post("/v1/read", content=b"--y", headers=multipart).status_code == 400


def test_more_films_than_are_taken_are_refused(client: Client) -> None:
    parts = [film_part(b"x")] * (client.house.settings.max_films + 2)
    assert client.post("/v1/read", files=parts).status_code == 413


@pytest.mark.parametrize(("header", "status"), [("0.000001", 504), ("60", 200), ("-1", 400)])
def test_a_deadline_is_kept(client: Client, header: str, status: int) -> None:
    answer = client.post(
        "/v1/read", files=[film_part(png_film())], headers={"Request-Timeout": header}
    )
    assert answer.status_code == status


def test_the_answer_names_who_gave_it(client: Client) -> None:
    answer = client.post("/v1/read", files=[film_part(png_film(), "C:\\films\\chest.png")])
    assert answer.headers["plainfilm-bundle"] == "tiny/1"
    assert json.loads(answer.text)["name"] == "chest.png"


@pytest.mark.parametrize("kind", ["html", "png"])
def test_a_report_comes_beside_the_findings(client: Client, kind: str) -> None:
    film = [film_part(png_film())]
    plain = client.post("/v1/read", files=film).json()
    began = None
    while began != (began := f"{datetime.now(UTC):%H:%M}"):  # a report tells the minute
        found = client.post("/v1/read", files=film, data={"report": kind}).json()
        alone = client.post("/v1/read", files=film, data={"format": kind})
    report = found.pop("report")
    assert found == plain
    assert report["media_type"] == alone.headers["content-type"]
    assert base64.b64decode(report["base64"]) == alone.content


def test_of_several_films_each_has_its_report(client: Client) -> None:
    parts = [film_part(png_film(0)), film_part(b"no film", "bad.png"), film_part(png_film(1))]
    found = client.post("/v1/read?report=html", files=parts).json()
    assert ["report" in each for each in found] == [True, False, True]
    assert found[0]["report"] != found[2]["report"]


def test_s3_33_the_answer_can_be_a_structured_report(client: Client) -> None:
    film = [film_part(film_of(), "film.dcm", "application/dicom")]
    told = client.post("/v1/read", files=film).json()
    answer = client.post("/v1/read", files=film, data={"format": "dcm"})
    assert answer.headers["content-type"] == "application/dicom"
    found = pydicom.dcmread(io.BytesIO(answer.content))
    assert found.PatientID == "MRN-0042"
    assert any(wording.ASSISTS in words for words in texts(found, "Intended use"))
    values = [next(iter(numbers(group).values())) for group in groups(found).values()]
    assert values[:-1] == [each["probability"] for each in told["findings"]]


def test_a_structured_report_is_of_one_dicom_film(client: Client) -> None:
    one = [film_part(png_film())]
    answer = client.post("/v1/read?format=dcm", files=one)
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
    assert "not a DICOM film" in answer.json()["detail"]
    answer = client.post("/v1/read?format=dcm", files=one * 2)
    assert answer.status_code == 413
    assert "holds at most 1 film;" in answer.json()["detail"]


def test_a_report_of_a_report_is_refused(client: Client) -> None:
    film = [film_part(png_film())]
    answer = client.post("/v1/read?report=html&format=csv", files=film)
    assert (answer.status_code, answer.json()["title"]) == (400, "Bad Request")
    assert "is a report itself" in answer.json()["detail"]
