"""Classifiers on frozen embeddings: what a campaign's labels teach.

    labels.py       Labels: keys, soft targets, weights
    config.py       Config: the knobs
    space.py        Space: features centred and whitened by what the archive looks like
    logistic.py     the linear head;  mlp.py: the small network
    calibration.py  logits -> probabilities
    training.py     fit
    classifier.py   Classifier: plain matrices; NumPy is all that it needs
    scoring.py      a sweep over a memory-mapped file
    measures.py     F1, precision, recall, average precision, with intervals
    suspects.py     which labels are likely to be wrong
    shards.py       a classifier over shards;  related.py: squares above and below
    finetuning.py   the optional last step: a new version of the encoder

`python -m ml.classify CLASSIFIER SHARD…` scores shards without a site.
"""

from ml.classify.classifier import Classifier
from ml.classify.config import Config
from ml.classify.labels import Labels
from ml.classify.space import Space
from ml.classify.suspects import confusions, label_issues
from ml.classify.training import fit

__all__ = ["Classifier", "Config", "Labels", "Space", "confusions", "fit", "label_issues"]
