"""What a crowd's answers say: agreement (Fleiss), labels weighted by skill (Dawid and Skene), each with the others.

Votes are three arrays of equal length: tiles, people, answers: (n_votes,) int, numbered from 0 without gaps.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.integer]
Floats = NDArray[np.float64]


class Skilled(NamedTuple):
    """labels: (n_tiles,) int; probabilities: (n_tiles, n_answers); skills: (n_people,), chance of a right answer."""

    labels: Ints
    probabilities: Floats
    skills: Floats


def tally(tiles: Ints, answers: Ints, shape: tuple[int, int]) -> Floats:
    """Votes by tile and answer: (n_tiles, n_answers)."""
    counts = np.zeros(shape)
    np.add.at(counts, (tiles, answers), 1)
    return counts


def fleiss(counts: Floats) -> Floats:
    """P_i, the share of pairs of people who agree on a tile (Fleiss 1971, Psychological Bulletin 76(5), eq. 2).

    counts: (n_tiles, n_answers).  Returns (n_tiles,) in [0, 1]; NaN where fewer than two people answered.
    """
    n = counts.sum(axis=1)  # (n_tiles,)
    pairs = n * (n - 1)
    return np.divide((counts**2).sum(axis=1) - n, pairs, out=np.full(len(n), np.nan), where=pairs > 0)


def fleiss_kappa(counts: Floats) -> float:
    """Agreement above chance (Fleiss 1971, eq. 7), for tiles with different numbers of votes.

    The generalisation: tiles with two votes or more count alike in the observed agreement; the chance of an answer is
    its share of all their votes. NaN when there is no such tile, or when everybody always gave one and the same answer.
    """
    counts = counts[counts.sum(axis=1) >= 2]
    if not len(counts):
        return float("nan")
    chance = float(((counts.sum(axis=0) / counts.sum()) ** 2).sum())
    return (float(fleiss(counts).mean()) - chance) / (1 - chance) if chance < 1 else float("nan")


def leave_one_out(tiles: Ints, people: Ints, answers: Ints) -> Floats:
    """Share of the others' votes on a person's tiles that say what the person said: (n_people,).

    Every tile counts alike. NaN for whoever has no tile that somebody else answered.
    """
    counts = tally(tiles, answers, (tiles.max() + 1, answers.max() + 1))
    others = counts.sum(axis=1)[tiles] - 1  # (n_votes,)
    same = counts[tiles, answers] - 1
    shared = others > 0
    total = np.bincount(people[shared], same[shared] / others[shared], minlength=people.max() + 1)
    seen = np.bincount(people[shared], minlength=people.max() + 1)
    return np.divide(total, seen, out=np.full(len(seen), np.nan), where=seen > 0)


def dawid_skene(tiles: Ints, people: Ints, answers: Ints, *, rounds: int = 100, tolerance: float = 1e-5) -> Skilled:
    """Labels and people's confusion by expectation maximisation (Dawid and Skene 1979, Applied Statistics 28(1)).

    Begins with the shares of the votes; a hundredth of a vote is added to each cell of a person's confusion matrix, so
    that nobody is taken to be infallible after a few answers.
    """
    n, m, k = tiles.max() + 1, people.max() + 1, answers.max() + 1
    shares = tally(tiles, answers, (n, k))
    belief = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1)  # (n, k): T_ij
    for _ in range(rounds):
        prior, confusion = maximise(belief, tiles, people, answers, m)
        after = expect(prior, confusion, tiles, people, answers, n)
        moved = np.abs(after - belief).max()
        belief = after
        if moved < tolerance:
            break
    prior, confusion = maximise(belief, tiles, people, answers, m)
    return Skilled(belief.argmax(axis=1), belief, np.einsum("j,mjj->m", prior, confusion))


def maximise(belief: Floats, tiles: Ints, people: Ints, answers: Ints, m: int) -> tuple[Floats, Floats]:
    """Prior p_j (k,) and confusion matrices pi (m, true k, said k): Dawid and Skene, eqs. 2.3 and 2.4."""
    k = belief.shape[1]
    confusion = np.full((m, k, k), 0.01)
    for said in range(k):
        votes = answers == said
        np.add.at(confusion[:, :, said], people[votes], belief[tiles[votes]])
    return belief.mean(axis=0), confusion / confusion.sum(axis=2, keepdims=True)


def expect(prior: Floats, confusion: Floats, tiles: Ints, people: Ints, answers: Ints, n: int) -> Floats:
    """Belief in each answer of each tile (n, k): Dawid and Skene, eq. 2.5, in logarithms."""
    likely = np.tile(np.log(np.maximum(prior, 1e-12)), (n, 1))
    np.add.at(likely, tiles, np.log(confusion[people, :, answers]))
    likely -= likely.max(axis=1, keepdims=True)
    belief = np.exp(likely)
    return belief / belief.sum(axis=1, keepdims=True)
