import re
from pathlib import Path

from pages import REPOSITORY, text_of
from plainfilm.serve.admin import create_admin_app
from plainfilm.serve.app import create_app
from plainfilm.serve.asked import FIELDS
from plainfilm.serve.auth import AuthSettings
from plainfilm.serve.guards import Guards
from plainfilm.serve.keys import KeyFile, Scope
from plainfilm.serve.settings import ServeSettings
from served import Client, serving


def test_the_api_s_document_tells_each_status_and_each_field(client: Client) -> None:
    document = client.get("/openapi.json").json()
    read = document["paths"]["/v1/read"]["post"]
    assert {"200", "400", "404", "413", "415", "422", "503", "504"} <= set(read["responses"])
    form = read["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert set(form["properties"]) == {"film", *FIELDS}
    assert {parameter["name"] for parameter in read["parameters"]} == {*FIELDS, "Request-Timeout"}
    infer = document["paths"]["/v2/models/{name}/infer"]["post"]
    assert "Request-Timeout" in {parameter["name"] for parameter in infer["parameters"]}


def test_every_route_and_metric_has_a_line_in_the_reference(client: Client) -> None:
    page = text_of(REPOSITORY / "docs" / "reference" / "rest.md")
    shown = set(re.findall(r"^\| ([A-Z]+) \| `([^`]+)` \|", page, re.M))
    apps = (client.app, create_admin_app(client.app))
    there = {
        (method.upper(), path)
        for app in apps
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    }
    assert shown == there
    metrics = re.findall(r"^# TYPE (\S+) (\S+)", client.house.metrics_page().decode(), re.M)
    named = {name for name, kind in metrics if not name.endswith("_created")}
    assert set(re.findall(r"^\| `(plainfilm_\w+)` \|", page, re.M)) == named
    assert set(re.findall(r"^\| `(\w+)` \| .+ \| .+ \|$", page, re.M)) >= set(FIELDS)


def test_every_status_of_a_route_is_documented_as_a_problem(client: Client) -> None:
    document = client.get("/openapi.json").json()
    text = str(document)
    assert "HTTPValidationError" not in text
    refs = set(re.findall(r"#/components/schemas/(\w+)", text))
    assert refs <= set(document["components"]["schemas"])


def test_what_comes_of_keys_and_rates_is_documented_where_they_are_asked_for(
    client: Client, tiny_path: Path, tmp_path: Path
) -> None:
    """B5: of each route, what one gets without a key, with another's, and too often."""
    assert "securitySchemes" not in client.get("/openapi.json").json()["components"]
    keys = KeyFile(tmp_path / "keys.json")
    reader, _ = keys.add("a", (Scope.READ,))
    guards = Guards(AuthSettings(tmp_path / "keys.json"), rate_per_s=1e-3, burst=40)
    n_open, seen = 0, set()
    with serving(create_app(ServeSettings(source=tiny_path, guards=guards))) as asked:
        document = asked.get("/openapi.json", headers={"X-API-Key": reader}).json()
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                n_open += operation["security"] == []
                for key in ("", reader):
                    answer = asked.request(method, path, headers={"X-API-Key": key})
                    assert str(answer.status_code) in operation["responses"], (method, path)
                    seen.add(answer.status_code)
        assert {401, 403} <= seen
        for _ in range(40):
            last = asked.get("/v2", headers={"X-API-Key": reader}).status_code
    assert (last, "429" in document["paths"]["/v2"]["get"]["responses"]) == (429, True)
    assert n_open == 4
    assert set(document["components"]["securitySchemes"]) == {"key", "bearer"}
