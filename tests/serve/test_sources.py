from pathlib import Path

import pytest

from plainfilm.errors import BundleError
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.shelf import bundled
from plainfilm.serve.sources import FixedSource, open_source


def test_a_place_is_a_bundle_a_name_or_a_repository(tmp_path: Path, tiny_path: Path) -> None:
    assert open_source(None).names() == tuple(path.stem for path in bundled())
    assert open_source(tiny_path).names() == ("tiny",)
    assert open_source(bundled()[0].stem).names() == (bundled()[0].stem,)
    Bundle.load(tiny_path).save(tmp_path / "one")
    assert open_source(tmp_path / "one").names() == ("one",)
    with pytest.raises(BundleError, match=r"no repository of bundles; found one, expected"):
        open_source(tmp_path)
    with pytest.raises(BundleError, match="no such bundle"):
        open_source(tmp_path / "nothing")
    with pytest.raises(BundleError, match="not served"):
        FixedSource({}).shelved("tiny")
