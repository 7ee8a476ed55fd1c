import pytest

from plainfilm.training.ending import alarms, end_words, epochs_since_best, is_over
from tiny_training import tiny_recipe

PATIENT = tiny_recipe("optim.schedule=plateau", "optim.stop_after=2", "optim.epochs=5").optim


@pytest.mark.parametrize(
    ("losses", "since"),
    [
        ((), 0),
        ((3.0,), 0),
        ((3.0, 2.0), 0),
        ((2.0, 2.0, 3.0), 2),
        ((None, None), 2),
        ((None, 1), 0),
    ],
)
def test_the_lowest_loss_is_so_many_epochs_ago(
    losses: tuple[float | None, ...], since: int
) -> None:
    assert epochs_since_best(losses) == since


@pytest.mark.parametrize(
    ("losses", "words"),
    [
        ((3.0, 2.0, 2.5), ""),
        (
            (3.0, 2.0, 2.5, 2.0),
            "stopped early: 2 epochs without a lower validation loss than epoch 2's",
        ),
        ((5.0, 4.0, 3.0, 2.0, 1.0), "all 5 epochs"),
        ((3.0, 2.0, 1.0, 2.0, 2.0), "all 5 epochs"),
    ],
)
def test_a_training_ends_with_its_epochs_or_its_patience(
    losses: tuple[float, ...], words: str
) -> None:
    assert end_words(PATIENT, losses) == words
    assert is_over(PATIENT, losses) == bool(words)


def test_without_patience_a_training_goes_on() -> None:
    assert not is_over(tiny_recipe("optim.epochs=9").optim, [1.0] * 8)


def test_s2_09_a_loss_that_rises_over_three_epochs_is_an_alarm() -> None:
    """S2-09: three epochs in a row; two, or a pause between, are none."""
    assert alarms([0.5, 0.6, 0.7, 0.65, 0.7, 0.8]) == ()
    (told,) = alarms([0.5, 0.4, 0.5, 0.6, 0.7])
    assert told.startswith("epoch 5: the training loss has risen for 3 epochs, from 0.4 to 0.7;")
    assert len(alarms([0.1, 0.2, 0.3, 0.4, 0.5])) == 2
