import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from torch import Tensor

from drawn_parent import stirred
from plainfilm.adapting.tuned_networks import Squares, Way, judge, tune, tune_across
from plainfilm.evaluation.metrics import auroc
from plainfilm.networks import Classifier, build
from plainfilm.training.augment import Augment

STILL = Augment(
    rotation_degrees=0, zoom_middle=1, zoom=0, aspect=0, shift=0, frame_share=0,
    resolution_share=0, exposure_share=0, gamma=0, contrast=0, brightness=0, shading=0,
    rectangle_share=0, marker_share=0, border_share=0, noise=0,
)  # fmt: skip
WAY = Way(("mass",), "sigmoid", STILL, "half")
N_FILMS = 120


@pytest.fixture
def first() -> list[Classifier]:
    torch.manual_seed(2)
    return [stirred(build("lenet5", 1, size=32), seed) for seed in (2, 3)]


def squares(*, told: bool) -> Squares:
    """Films with a bright corner where the finding is present, or labels by chance."""
    rng = np.random.default_rng(0)
    labels = (np.arange(N_FILMS) // 2 % 2)[:, None].astype(np.float32)
    films = rng.random((N_FILMS, 1, 32, 32)).astype(np.float32)
    films[:, :, :16, :16] *= 0.2 + 0.8 * labels[:, :, None, None] if told else 0.6
    patients = np.array([f"p{n // 2}" for n in range(N_FILMS)])
    return Squares(torch.from_numpy(films).half(), labels, patients)


def weights(network: Classifier) -> list[Tensor]:
    return list(network.state_dict().values())


def test_a_network_learns_what_its_films_show(first: list[Classifier]) -> None:
    films = squares(told=True)
    before = [each.clone() for each in weights(first[0])]
    tuned = tune(first, films, np.arange(N_FILMS), WAY)
    assert 0 < tuned.kept_epoch <= tuned.epochs
    area = [
        auroc(judge(each, films, tuned.stopping)[:, 0], films.labels[tuned.stopping, 0])
        for each in (first, tuned.networks)
    ]
    assert area[1] > max(area[0], 0.9)
    assert all(torch.equal(a, b) for a, b in zip(before, weights(first[0]), strict=True))
    learned, stopping = set(range(N_FILMS)) - set(tuned.stopping.tolist()), set(tuned.stopping)
    assert {films.patients[n] for n in learned}.isdisjoint(films.patients[n] for n in stopping)


def test_where_nothing_can_be_learned_the_bundle_s_own_order_stays(
    first: list[Classifier],
) -> None:
    films = squares(told=False)
    films.labels[:] = np.random.default_rng(3).integers(0, 2, films.labels.shape)
    tuned = tune(first, films, np.arange(N_FILMS), WAY)
    assert (tuned.kept_epoch, tuned.epochs) == (0, 3)
    before, after = (judge(each, films, tuned.stopping)[:, 0] for each in (first, tuned.networks))
    assert abs(np.corrcoef(before, after)[0, 1]) == pytest.approx(1, abs=1e-3)


@pytest.mark.slow
def test_the_films_of_a_patient_are_judged_by_networks_that_never_saw_them(
    first: list[Classifier],
) -> None:
    films = squares(told=True)
    one = tune_across(first, films, WAY)
    again = tune_across(first, films, WAY)
    assert np.array_equal(one.probability, again.probability)
    assert auroc(one.probability[:, 0], films.labels[:, 0]) > 0.8
