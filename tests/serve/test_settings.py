import pytest

from plainfilm.serve.settings import ServeSettings


@pytest.mark.parametrize(
    "setting",
    [{"workers": 0}, {"max_waiting": 0}, {"timeout_s": float("nan")}, {"poll_s": 0.0},
     {"max_films": -1}, {"max_jobs": -1}],
    ids=str,
)  # fmt: skip
def test_a_setting_that_cannot_work_is_refused_by_name(setting: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(setting))):
        ServeSettings(**setting)  # type: ignore[arg-type]


def test_one_film_is_read_on_each_core() -> None:
    assert ServeSettings().n_workers >= 1
    assert ServeSettings(workers=3).n_workers == 3
