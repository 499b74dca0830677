"""Each loss against its formula written out, and against lightly's."""

import numpy as np
import pytest
import torch

from ml.torchvision_shim import import_torchvision
from ml.train.methods.dino import TEACHER_TEMPERATURE, dino
from ml.train.methods.simclr import nt_xent
from ml.train.methods.simsiam import negative_cosine
from ml.train.methods.vicreg import vicreg

N, D = 6, 5


@pytest.fixture
def pair() -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(0)
    z0 = torch.randn(N, D, generator=random)
    return z0, z0 + 0.5 * torch.randn(N, D, generator=random)


@pytest.fixture(scope="module")
def lightly():
    import_torchvision()
    import lightly.loss

    return lightly.loss


def test_nt_xent_is_equation_1(pair) -> None:
    z = torch.cat(pair).double().numpy()
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    terms = []
    for i in range(2 * N):
        likeness = np.exp(z[i] @ z.T / 0.3)
        terms.append(-np.log(likeness[(i + N) % (2 * N)] / (likeness.sum() - likeness[i])))
    assert nt_xent(*pair, 0.3).item() == pytest.approx(np.mean(terms), rel=1e-5)


def test_nt_xent_is_lightlys(pair, lightly) -> None:
    assert nt_xent(*pair, 0.3).item() == pytest.approx(lightly.NTXentLoss(0.3)(*pair).item(), rel=1e-5)


def test_nt_xent_is_least_where_partners_agree(pair) -> None:
    assert nt_xent(pair[0], pair[0], 0.3) < nt_xent(*pair, 0.3) < nt_xent(pair[0], pair[0].roll(1, 0), 0.3)


def test_negative_cosine_is_equation_1(pair) -> None:
    p, z = (one.double().numpy() for one in pair)
    cosines = [p[i] @ z[i] / np.linalg.norm(p[i]) / np.linalg.norm(z[i]) for i in range(N)]
    assert negative_cosine(*pair).item() == pytest.approx(-np.mean(cosines), rel=1e-5)


def test_negative_cosine_is_lightlys(pair, lightly) -> None:
    assert negative_cosine(*pair).item() == pytest.approx(lightly.NegativeCosineSimilarity()(*pair).item(), rel=1e-5)


def test_no_gradient_flows_through_what_is_predicted(pair) -> None:
    p, z = (one.clone().requires_grad_() for one in pair)
    negative_cosine(p, z).backward()
    assert p.grad is not None
    assert z.grad is None


def test_vicreg_is_equation_6(pair) -> None:
    z0, z1 = (one.double().numpy() for one in pair)
    invariance = np.mean((z0 - z1) ** 2)  # the paper's code divides by the dimensions too
    variances = [np.maximum(0, 1 - np.sqrt(z.var(axis=0, ddof=1) + 1e-4)).mean() for z in (z0, z1)]
    covariances = [np.cov(z.T) for z in (z0, z1)]
    off = [(c[~np.eye(D, dtype=bool)] ** 2).sum() / D for c in covariances]
    assert vicreg(*pair).item() == pytest.approx(25 * invariance + 25 * sum(variances) + sum(off), rel=1e-5)


def test_vicreg_is_lightlys_but_for_how_it_weighs_the_variance(pair, lightly) -> None:
    """lightly, as the paper's code, halves the two variances' sum; the paper's equation 6 does not."""
    theirs = lightly.VICRegLoss(lambda_param=25, mu_param=50, nu_param=1)
    assert vicreg(*pair).item() == pytest.approx(theirs(*pair).item(), rel=1e-5)


def softmax(x: np.ndarray) -> np.ndarray:
    wide = np.exp(x - x.max(axis=1, keepdims=True))
    return wide / wide.sum(axis=1, keepdims=True)


def test_dino_is_equation_1_over_pairs_of_different_looks(pair) -> None:
    student, teacher = list(pair), [one + 0.1 for one in pair]
    centre = torch.full((1, D), 0.05)
    p = [np.log(softmax(one.double().numpy() / 0.1)) for one in student]
    t = [softmax((one - centre).double().numpy() / TEACHER_TEMPERATURE) for one in teacher]
    written_out = np.mean([-(t[i] * p[1 - i]).sum(axis=1).mean() for i in (0, 1)])
    assert dino(student, teacher, centre, 0.1).item() == pytest.approx(written_out, rel=1e-5)


def test_dino_is_lightlys(pair, lightly) -> None:
    theirs = lightly.DINOLoss(D, warmup_teacher_temp=TEACHER_TEMPERATURE, teacher_temp=TEACHER_TEMPERATURE)
    ours = dino(list(pair), list(pair), torch.zeros(1, D), 0.1)
    assert ours.item() == pytest.approx(theirs(list(pair), list(pair), epoch=1).item(), rel=1e-5)
