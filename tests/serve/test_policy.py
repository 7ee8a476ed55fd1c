from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.errors import CorruptBundle
from plainfilm.serve.policy import MAX_HISTORY, Policy, load_policy, save_policy

numbers = st.integers(1, 10**9)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    stable, canary, shadow = draw(st.lists(numbers, min_size=3, max_size=3, unique=True))
    return Policy(
        draw(st.sampled_from([None, stable])),
        canary,
        draw(st.floats(0, 100)),
        draw(st.sampled_from([None, shadow])),
        tuple(draw(st.lists(numbers, max_size=5))),
        draw(st.booleans()),
    )


@given(policies())
def test_a_policy_comes_back_from_the_disk(
    tmp_path_factory: pytest.TempPathFactory, policy: Policy
) -> None:
    folder = tmp_path_factory.mktemp("policy")
    save_policy(folder, policy)
    assert load_policy(folder) == policy


def test_a_file_from_before_only_the_promoted_answered_is_read(tmp_path: Path) -> None:
    old = '{"stable": 2, "canary": null, "percent": 0, "shadow": null, "history": [1]}'
    (tmp_path / "policy.json").write_text(old, encoding="utf-8")
    assert load_policy(tmp_path) == Policy(stable=2, history=(1,))


def test_without_a_file_no_version_has_a_label(tmp_path: Path) -> None:
    assert load_policy(tmp_path) == Policy()
    assert Policy().labelled == frozenset()


@given(policies().filter(lambda policy: policy.stable is not None), numbers)
def test_rolling_back_undoes_a_promotion(policy: Policy, version: int) -> None:
    settled = Policy(
        stable=policy.stable, history=policy.history, promoted_only=policy.promoted_only
    )
    if version != policy.stable:
        assert settled.promoted(version).rolled_back() == settled
    assert policy.rolled_back() == settled  # what is on trial goes first


def test_who_is_promoted_is_on_trial_no_longer() -> None:
    tried = Policy(stable=1).with_canary(2, 10).with_shadow(3)
    assert tried.on_trial == {2, 3}
    assert tried.promoted(2) == Policy(stable=2, shadow=3, history=(1,))
    assert tried.promoted(3) == Policy(stable=3, canary=2, percent=10, history=(1,))
    assert tried.promoted(1) == tried


def test_the_way_back_has_an_end() -> None:
    with pytest.raises(ValueError, match="no other version was stable"):
        Policy(stable=1).rolled_back()
    policy = Policy()
    for version in range(1, MAX_HISTORY + 10):
        policy = policy.promoted(version)
    assert len(policy.history) == MAX_HISTORY


@pytest.mark.parametrize(
    "text",
    ["[]", "{}", '{"stable": "../1"}', "x" * 70_000, "\xff",
     '{"stable": 0, "canary": null, "percent": 0, "shadow": null, "history": []}',
     '{"stable": 1, "canary": 2, "percent": 101, "shadow": null, "history": []}',
     '{"stable": 1, "canary": 1, "percent": 5, "shadow": null, "history": []}',
     '{"stable": 1, "canary": null, "percent": 5, "shadow": null, "history": []}'],
    ids=lambda text: text[:20],
)  # fmt: skip
def test_a_file_that_is_no_policy_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "policy.json").write_text(text, encoding="latin-1")
    with pytest.raises(CorruptBundle, match=r"policy\.json"):
        load_policy(tmp_path)


def test_a_policy_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "policy.json").mkdir()
    with pytest.raises(CorruptBundle, match="cannot be read"):
        load_policy(tmp_path)
