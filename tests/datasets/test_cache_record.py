import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.datasets.cache_record import CacheContent, CacheRecord
from plainfilm.errors import DatasetError

CONTENT = CacheContent("0" * 64, 9, 32, "pad")
SIDES = st.integers(1, 10**6)


@given(st.dictionaries(st.tuples(SIDES, SIDES), SIDES, min_size=1, max_size=5), st.integers(0, 9))
def test_a_record_reads_back(sizes: dict[tuple[int, int], int], n_written: int) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "cache.json"
        CacheRecord(CONTENT, n_written, sizes).write(path)

        assert CacheRecord.read(path) == CacheRecord(CONTENT, n_written, sizes)


def test_where_there_is_no_file_there_is_no_record(tmp_path: Path) -> None:
    assert CacheRecord.read(tmp_path / "cache.json") is None


def test_a_record_of_an_older_version_tells_no_sizes(tmp_path: Path) -> None:
    path = tmp_path / "cache.json"
    CacheRecord(CONTENT, 9, {(8, 8): 9}).write(path)
    fields = json.loads(path.read_text())
    del fields["film_sizes"]
    path.write_text(json.dumps(fields))

    assert CacheRecord.read(path) == CacheRecord(CONTENT, 9, None)


@pytest.mark.parametrize("sizes", [{"8x": 9}, {"8x8x8": 9}, {"08x8": 9}, {"8x8": 0}, {"٨x8": 1}])
def test_what_is_no_size_is_refused(tmp_path: Path, sizes: dict[str, int]) -> None:
    path = tmp_path / "cache.json"
    CacheRecord(CONTENT, 9, None).write(path)
    path.write_text(json.dumps({**json.loads(path.read_text()), "film_sizes": sizes}))

    with pytest.raises(DatasetError, match=r"cache\.json: .* expected a size and films"):
        CacheRecord.read(path)
