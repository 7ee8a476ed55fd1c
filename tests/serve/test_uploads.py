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


@pytest.mark.parametrize("charset", ["punycode", "idna", "utf-16", "zlib", "utf-7", '"x\\"y"'])
def test_a_form_in_a_character_set_of_python_s_own_is_refused(client: Client, charset: str) -> None:
    """Some fail in ways of their own, and some take as long as their text is long, squared."""
    form = (
        b'--x\r\nContent-Disposition: form-data; name="body_part"\r\n\r\n' + b"9" * 4000
        + b"\r\n--x--\r\n"
    )  # fmt: skip
    headers = {"Content-Type": f"multipart/form-data; boundary=x; charset={charset}"}
    answer = client.post("/v1/read", content=form, headers=headers)
    assert answer.status_code == 415
    usual = {"Content-Type": "multipart/form-data; boundary=x; charset=UTF-8"}
    assert "no film in it" in client.post("/v1/read", content=form, headers=usual).json()["detail"]


def test_a_query_of_ten_thousand_fields_is_refused_before_it_is_gathered(client: Client) -> None:
    headers = {"Content-Type": "image/png"}
    answer = client.post("/v1/read?" + "a&" * 10_000, content=png_film(), headers=headers)
    assert (answer.status_code, "10000 fields" in answer.json()["detail"]) == (400, True)
