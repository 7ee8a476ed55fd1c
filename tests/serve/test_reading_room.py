import asyncio
from pathlib import Path

from plainfilm.images import read_radiograph_bytes
from plainfilm.radiograph import Radiograph
from plainfilm.serve.app import create_app
from plainfilm.serve.policy import Policy, save_policy
from plainfilm.serve.settings import ServeSettings
from served import film_part, png_film, serving
from tiny_bundle import tiny_bundle


def test_a_shadow_is_asked_and_never_heard(tmp_path: Path) -> None:
    tiny_bundle().save(tmp_path / "tiny" / "1")
    tiny_bundle(seed=1).save(tmp_path / "tiny" / "2")
    save_policy(tmp_path / "tiny", Policy(stable=1, shadow=2))
    with serving(create_app(ServeSettings(source=tmp_path, workers=2))) as client:
        film = [film_part(png_film())]
        answer = client.post("/v1/read", files=film)
        other = client.post("/v1/read", files=film, data={"version": "2"})
        assert answer.headers["plainfilm-bundle"] == "tiny/1"
        for aside in list(client.house.asides):
            client.run(_finished(aside))
        page = client.house.metrics.page().decode()
    gap = max(
        abs(one["probability"] - two["probability"])
        for one, two in zip(answer.json()["findings"], other.json()["findings"], strict=True)
    )
    (total,) = [float(line.split()[-1]) for line in page.splitlines()
                if line.startswith("plainfilm_shadow_difference_sum")]  # fmt: skip
    assert abs(total - gap) < 1e-6


async def _finished(aside: object) -> None:
    await aside  # type: ignore[misc]


def test_a_bundle_without_maps_says_so(tmp_path: Path) -> None:
    tiny_bundle(maps=False).save(tmp_path / "tiny.bundle")
    with serving(create_app(ServeSettings(source=tmp_path / "tiny.bundle"))) as client:
        answer = client.post("/v1/read", files=[film_part(png_film())], data={"maps": "png"})
    assert answer.status_code == 400
    assert "has none" in answer.json()["detail"]


def test_films_are_let_go_with_the_one_that_meets_a_bug(tiny_path: Path) -> None:
    """The request is answered, its place and its bytes are given back: nobody waits for them."""
    begun: list[str] = []

    def decode(content: bytes, name: str) -> Radiograph:
        begun.append(name)
        if len(begun) == 1:
            raise RuntimeError("a bug")
        return read_radiograph_bytes(content, name)

    async def ended() -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(
            *(each for each in others if "read_films" in each.get_coro().__qualname__),  # type: ignore[union-attr]
            return_exceptions=True,
        )

    with serving(create_app(ServeSettings(source=tiny_path, workers=1))) as client:
        client.house.decode = decode
        assert client.post("/v1/read", files=[film_part(png_film())] * 12).status_code == 500
        client.run(ended())
        assert len(begun) <= 3
        assert client.post("/v1/read", files=[film_part(png_film())]).status_code == 200
