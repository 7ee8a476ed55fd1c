import pytest

from plainfilm.images.content import Kind
from plainfilm.serve.problems import Problem
from plainfilm.serve.uploads import FILM_TYPES, Film
from served import Client, film_part, png_film


def test_a_film_s_type_must_be_its_own() -> None:
    for media_type, kind in FILM_TYPES.items():
        film = Film("film", png_film(), media_type)
        if kind in (None, Kind.PNG):
            film.check_type()
        else:
            with pytest.raises(Problem) as caught:
                film.check_type()
            assert caught.value.status == 415


def test_names_lose_their_folders_and_are_told_apart(client: Client) -> None:
    names = ["/home/film.png", "film.png", "C:\\x\\film.png", "a" * 300, ".."]
    answers = client.post("/v1/read", files=[film_part(b"no", name) for name in names]).json()
    found = [answer["name"] for answer in answers]
    assert found == ["film.png", "film.png #2", "film.png #3", "a" * 200, ".."]


def test_a_body_that_is_too_long_is_refused_while_it_comes(client: Client) -> None:
    most, sent = client.house.settings.max_body_bytes, 0

    async def endless():
        nonlocal sent
        while sent < 4 * most:
            sent += 2**22
            yield bytes(2**22)

    answer = client.post("/v1/read", content=endless(), headers={"Content-Type": "image/png"})
    assert answer.status_code == 413
