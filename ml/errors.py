"""Everything that ml/ raises on purpose. Each message says what is wrong and what to do about it."""

from pathlib import Path


class MLError(Exception):
    """The base of all of them."""


class BadImage(MLError):
    """Bytes that are not an image we are willing to decode."""


class BadLabels(MLError):
    """A labelled set that cannot be read, or has nothing to compare."""


class TooFewLabels(BadLabels):
    """Labels that lack positives or negatives: nothing can be learnt from them."""


class BadClassifier(MLError):
    """A classifier's folder that cannot be used: missing, damaged, or made for other vectors."""


class BadAudit(MLError):
    """An audit that cannot be drawn or estimated from: nothing to draw, or counts that contradict each other."""


class BadEncoder(MLError):
    """A model store entry that cannot be used: unknown kind, missing or wrong weights, pickle."""


class NoSuchModel(MLError):
    """A name or version that the model store does not have."""


class DamagedModel(MLError):
    """A version of the model store that is no longer what was published."""


class BadTraining(MLError):
    """A training that cannot be begun or gone on with: impossible settings, too little imagery, other checkpoints."""


class TrainingDiverged(MLError):
    """A loss that is no number any more: what came after would be worth nothing."""


class OutOfMemory(MLError):
    """A machine, or its graphics card, that has too little memory for even the smallest piece of the work."""


class Disagreement(MLError):
    """A quantised encoder whose vectors are too far from those of the original."""


class NoTextTower(MLError):
    """Text was given to an encoder that only understands images."""


class NoWeights(MLError):
    """Weights that would have to be downloaded, and could not be."""


class BadVectors(MLError):
    """Vectors of the wrong shape, not finite, or without direction."""


class ShardMismatch(MLError):
    """A shard asked something that its encoder, count or engine does not fit."""


class ShardBusy(MLError):
    """Another process is writing the same shard just now."""


class DamagedShard(MLError):
    """A shard folder whose content is not what its shard.json promises."""

    def __init__(self, folder: Path, file: str, reason: str) -> None:
        super().__init__(f"{folder}/{file} is damaged: {reason}. Set the folder aside and build this shard again.")
        self.folder, self.file, self.reason = folder, file, reason

    def __reduce__(self) -> tuple[type["DamagedShard"], tuple[Path, str, str]]:
        return type(self), (self.folder, self.file, self.reason)  # Exception's own would pass the message only


class BadSelection(MLError):
    """A selection that contradicts itself, or asks for what the tiles do not have; str() says what to change."""
