from served import Client


def test_what_is_not_named_is_the_default(client: Client) -> None:
    house = client.house
    assert house.default_name == "tiny"
    assert house.version_for(None, None) is house.version_for("tiny", "1")


def test_work_aside_is_kept_until_it_is_done(client: Client) -> None:
    done: list[str] = []

    async def work() -> None:
        done.append("done")

    async def start() -> int:
        client.house.run_aside(work())
        return len(client.house.asides)

    assert client.run(start()) == 1
    client.get("/ping")
    assert done == ["done"]
    assert not client.house.asides
