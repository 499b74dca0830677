"""How good a round's classifier is, with 95 % intervals, and what that was measured on."""

from typing import Any

from labeling.models import Learner
from labeling.rounds.archive import SiteArchive
from ml.classify import Classifier

SAID = ("f1", "precision", "recall", "average_precision", "measured_on", "tiles", "positives")


def measured(learner: Learner, classifier: Classifier, archive: SiteArchive) -> dict[str, Any]:
    """By cross-validation on the labels that it was trained on."""
    return {name: classifier.metrics[name] for name in SAID if name in classifier.metrics}
