from plainfilm.serve.asked import FIELDS
from served import Client


def test_the_api_s_document_tells_each_status_and_each_field(client: Client) -> None:
    document = client.get("/openapi.json").json()
    read = document["paths"]["/v1/read"]["post"]
    assert {"200", "400", "404", "413", "415", "422", "503", "504"} <= set(read["responses"])
    form = read["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert set(form["properties"]) == {"film", *FIELDS}
    assert {parameter["name"] for parameter in read["parameters"]} == set(FIELDS)
