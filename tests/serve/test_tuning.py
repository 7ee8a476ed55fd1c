"""Settings are measured, ranked, kept and taken up again."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from plainfilm.errors import ServeError
from plainfilm.reading.engine import EngineName
from plainfilm.serve import tuning
from plainfilm.serve.tuning import (
    SCHEMA,
    Measured,
    Setting,
    Tuned,
    load_tuned,
    save_tuned,
    settings_for,
    tune_serving,
)
from plainfilm.serve.workers import n_cores


@pytest.mark.slow
def test_s0_77_each_setting_is_measured_and_the_fastest_is_first(tiny_path: Path) -> None:
    """S0-77: how long a film takes (median, 95 of 100), and the most memory of a process."""
    told: list[tuple[int, int]] = []
    found = tune_serving(tiny_path, seconds=0.02, progress=lambda *turn: told.append(turn))
    assert {each.setting for each in found.measured} <= set(settings_for(n_cores()))
    assert Setting(workers=n_cores()) in {each.setting for each in found.measured}
    assert all(each.films_per_s > 0 for each in found.measured)
    assert all(0 < each.median_ms <= each.p95_ms for each in found.measured)
    assert found.measured[0].films_per_s >= 0.97 * max(e.films_per_s for e in found.measured)
    assert all(each.peak_mb is not None and each.peak_mb > 30 for each in found.measured)
    assert told[-1] == (3 * len(found.measured),) * 2
    assert (found.bundle, found.cores) == ("tiny", n_cores())


def test_what_is_nearly_as_fast_and_simpler_is_taken() -> None:
    plain, wide, batched = settings_for(2)[:3]
    rates = [
        Measured(plain, 98.0, 20.0, 25.0, 100.0),
        Measured(wide, 50.0, 20.0, 25.0, None),
        Measured(batched, 100.0, 80.0, 90.0, 200.0),
    ]
    assert [each.setting for each in tuning._ranked(rates)] == [plain, batched, wide]
    rates[0] = replace(rates[0], films_per_s=90.0)
    assert tuning._ranked(rates)[0].setting == batched


def test_one_core_has_no_choice_of_threads() -> None:
    own = [each for each in settings_for(1) if each.engine is EngineName.ONNXRUNTIME]
    assert own == [Setting()]


def tuned(cores: int) -> Tuned:
    best = Setting(EngineName.OPENVINO, workers=3, threads=2, max_batch=4)
    measured = (Measured(best, 9.5, 100.0, 110.0, 90.5), Measured(Setting(), 1.0, 1.0, 1.0, None))
    return Tuned(SCHEMA, "tiny", cores, measured)


def test_a_file_brings_the_best_setting_back(tmp_path: Path) -> None:
    path = tmp_path / "tuned.json"
    path.write_bytes(save_tuned(tuned(n_cores())))
    assert load_tuned(path) == tuned(1).best
    assert tuned(1).best.words == "--engine openvino --workers 3 --threads 2 --max-batch 4"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (save_tuned(tuned(n_cores() + 1)), "run plainfilm tune serve here"),
        (b"{}", "schema"),
        (b"no json", "not the JSON"),
        (save_tuned(replace(tuned(n_cores()), schema="other/1")), "run plainfilm tune serve again"),
        (save_tuned(replace(tuned(n_cores()), measured=())), "nothing measured"),
        (b" " * 2**17, "not the JSON"),
    ],
    ids=["other cores", "empty", "no json", "other schema", "nothing measured", "long"],
)
def test_another_file_is_refused(content: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "tuned.json").write_bytes(content)
    with pytest.raises(ServeError, match=reason):
        load_tuned(tmp_path / "tuned.json")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ServeError, match=r"tuned.json: cannot be read"):
        load_tuned(tmp_path / "tuned.json")
    assert json.loads(save_tuned(tuned(2)))["measured"][0]["setting"]["workers"] == 3
