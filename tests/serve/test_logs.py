import io
import json
import logging
from collections.abc import Iterator

import pytest

from plainfilm.serve.logs import JsonLines, log_to


def line(record: logging.LogRecord) -> dict[str, object]:
    told: dict[str, object] = json.loads(JsonLines().format(record))
    return told


def test_a_line_is_an_object_with_our_fields() -> None:
    record = logging.makeLogRecord(
        {"msg": "read\nfilms", "fields": {"status": 200}, "levelname": "INFO"}
    )
    told = line(record)
    assert (told["event"], told["level"], told["status"]) == ("read\nfilms", "info", 200)
    assert str(told["time"]).endswith("+00:00")
    assert "\n" not in JsonLines().format(record)


def test_an_exception_s_own_words_are_left_out() -> None:
    try:
        raise ValueError("patient Jane Doe")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.makeLogRecord({"msg": "bug", "exc_info": info})
    assert "Jane" not in JsonLines().format(record)
    assert line(record)["exception"] == "ValueError"
    assert str(line(record)["at"]).startswith("['test_an_exception")


@pytest.fixture
def own_logging() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before[0], before[1]


@pytest.mark.usefixtures("own_logging")
def test_all_the_process_says_goes_to_one_stream() -> None:
    stream = io.StringIO()
    log_to(stream)
    logging.getLogger("plainfilm.serve").info("told")
    logging.getLogger("python_multipart.multipart").warning("quotes what was sent")
    (only,) = stream.getvalue().splitlines()
    assert json.loads(only)["event"] == "told"
