from pathlib import Path

import numpy as np

from plainfilm.reading import Reader
from plainfilm.serve.app import create_app
from plainfilm.serve.policy import Policy, save_policy
from plainfilm.serve.settings import ServeSettings
from served import Client, film_part, png_film, serving
from tiny_bundle import tiny_bundle


def test_versions_their_labels_and_what_failed_are_listed(tmp_path: Path) -> None:
    tiny_bundle().save(tmp_path / "tiny" / "9")
    tiny_bundle().save(tmp_path / "tiny" / "10")
    (tmp_path / "tiny" / "11").mkdir()
    (tmp_path / "tiny" / "11" / "bundle.json").write_text("{}", encoding="utf-8")
    save_policy(tmp_path / "tiny", Policy(stable=9, canary=10, percent=5))
    with serving(create_app(ServeSettings(source=tmp_path))) as client:
        found = client.get("/v1/bundles").json()
    assert found["default"] == "tiny"
    (bundle,) = found["bundles"]
    labels = (bundle["stable"], bundle["canary"], bundle["percent"], bundle["shadow"])
    assert labels == (9, 10, 5, None)
    states = {row["version"]: row["state"] for row in bundle["versions"]}
    assert states == {9: "READY", 10: "READY", 11: "UNAVAILABLE"}
    assert "bundle.json" in bundle["versions"][-1]["reason"]
    assert bundle["versions"][0]["sha256"] == tiny_bundle().id.sha256


def test_s4_12_several_versions_answer_at_once_each_by_its_own_numbers(tmp_path: Path) -> None:
    """S4-12, S4-19: over HTTP; the highest number where none is asked for, 10 and not 9."""
    film, expected = np.full((1, 1, 32, 32), 0.5, np.float32), {}
    for version in (2, 9, 10):
        bundle = tiny_bundle(seed=version)
        bundle.save(tmp_path / "tiny" / str(version))
        expected[version] = Reader(bundle, threads=1).engine.run(film).probability.ravel()
    tensor = {"name": "radiographs", "datatype": "FP32", "shape": [1, 1, 32, 32]}
    body = {"inputs": [{**tensor, "data": film.ravel().tolist()}]}
    with serving(create_app(ServeSettings(source=tmp_path))) as client:
        for asked, answering in (
            ("/versions/2", 2),
            ("/versions/9", 9),
            ("/versions/10", 10),
            ("", 10),
        ):
            answer = client.post(f"/v2/models/tiny{asked}/infer", json=body)
            assert answer.headers["plainfilm-bundle"] == f"tiny/{answering}"
            found = next(o["data"] for o in answer.json()["outputs"] if o["name"] == "probability")
            np.testing.assert_array_equal(np.float32(found), expected[answering])
            wanted = {"version": asked.rpartition("/")[2]} if asked else {}
            read = client.post("/v1/read", files=[film_part(png_film())], data=wanted)
            assert read.headers["plainfilm-bundle"] == f"tiny/{answering}"


def test_a_card_is_what_the_bundle_holds(client: Client) -> None:
    for path in ("/v1/bundles/tiny/card", "/v1/bundles/tiny/versions/1/card"):
        answer = client.get(path)
        assert answer.text == tiny_bundle(14).card
        assert answer.headers["content-type"].startswith("text/markdown")
    for path in ("/v1/bundles/other/card", "/v1/bundles/tiny/versions/2/card",
                 "/v1/bundles/..%2ftiny/card", "/v1/bundles/tiny/versions/%00/card"):  # fmt: skip
        assert client.get(path).status_code == 404
