import re

from pages import REPOSITORY, text_of
from plainfilm.serve.admin import create_admin_app
from plainfilm.serve.asked import FIELDS
from served import Client


def test_the_api_s_document_tells_each_status_and_each_field(client: Client) -> None:
    document = client.get("/openapi.json").json()
    read = document["paths"]["/v1/read"]["post"]
    assert {"200", "400", "404", "413", "415", "422", "503", "504"} <= set(read["responses"])
    form = read["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert set(form["properties"]) == {"film", *FIELDS}
    assert {parameter["name"] for parameter in read["parameters"]} == set(FIELDS)


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
