from plainfilm.serve.schemas import FilmProblemBody, PredictionBody, ServedBundlesBody
from served import Client, film_part, png_film


def test_what_is_sent_has_the_shape_that_is_documented(client: Client) -> None:
    films = [film_part(png_film()), film_part(b"no film")]
    for maps in ("none", "png", "float"):
        good, bad = client.post("/v1/read", files=films, data={"maps": maps}).json()
        described = PredictionBody.model_validate(good)
        assert described.model_dump(by_alias=True, exclude_unset=True) == good
        assert FilmProblemBody.model_validate(bad).model_dump() == bad
    served = client.get("/v1/bundles").json()
    assert ServedBundlesBody.model_validate(served).model_dump(exclude_unset=True) == served
