from pathlib import Path

import pytest

from plainfilm.cli import main

VERBS_THAT_WRITE_BUNDLES = {
    "export": ["run", "--data", "films"],
    "adapt": ["tiny", "films", "--population-words", "ours"],
    "bundles import": ["weights.pt", "--form", "chexnet"],
    "bundles join": ["one", "other", "--name", "pair"],
    "bundles pull": ["shelf/tiny.bundle", "--sha256", "0"],
    "bundles sign-off": ["tiny", "--by", "A. Reader", "--report", "seen.png"],
}


@pytest.mark.parametrize("verb", VERBS_THAT_WRITE_BUNDLES)
def test_a_bundle_s_place_is_not_named_as_another_file(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And it is said before the work, not after it: nothing else that is named here is there."""
    out = tmp_path / "made.onnx"
    assert main([*verb.split(), *VERBS_THAT_WRITE_BUNDLES[verb], "--out", str(out)]) == 2
    assert "made.onnx: .onnx is another kind of file's ending" in capsys.readouterr().err
    assert not out.exists()
