import pytest

from plainfilm.errors import RecipeError
from plainfilm.training.recipe import Recipe


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("optim.lr=0", r"optim\.lr: found 0; expected above 0"),
        ("optim.epochs=0", r"optim\.epochs"),
        ("optim.batch_size=1", r"optim\.batch_size"),
        ("optim.micro_batch=1", r"optim\.micro_batch: found 1; expected 0, or 2 or more and a"),
        ("optim.micro_batch=5", r"a divisor of optim\.batch_size \(32\)"),
        ("optim.warmup_share=1", r"optim\.warmup_share"),
        ("optim.schedule=cosine", r"optim\.schedule: .* one-cycle, plateau"),
        ("optim.patience=0", r"optim\.patience: found 0; expected at least 1"),
        ("optim.stop_after=-1", r"optim\.stop_after: found -1; expected 0 \(never\) or more"),
        ("optim.stop_after=3", r"stop_after: a one-cycle schedule learns most in its last epochs"),
        ("optim.start_divisor=0.5", r"optim\.start_divisor: found 0\.5; expected at least 1"),
        ("optim.end_divisor=0", r"optim\.end_divisor: found 0; expected at least 1"),
        ("optim.second_beta=1", r"optim\.second_beta: found 1; expected in \[0, 1\)"),
        ("optim.momentum_low=1.5", r"optim\.momentum_low"),
        ("optim.momentum_high=-1", r"optim\.momentum_high"),
        ("optim.weight_decay=-1", r"optim\.weight_decay"),
        ("optim.clip_norm=-1", r"optim\.clip_norm"),
        ("optim.ema_decay=1", r"optim\.ema_decay"),
        ("optim.checkpoint_steps=-1", r"optim\.checkpoint_steps"),
        ("optim.seed=-1", r"optim\.seed"),
        ("optim.precision=half", r"optim\.precision: .* float32, bfloat16"),
    ],
)
def test_an_impossible_value_is_refused(setting: str, expected: str) -> None:
    with pytest.raises(RecipeError, match=expected):
        Recipe.from_toml("", settings=[setting])
