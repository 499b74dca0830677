from pathlib import Path

import pytest

from ml import encoders
from ml.encoders import Encoder


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Exported models, made once for all tests."""
    return tmp_path_factory.mktemp("encoders")


@pytest.fixture(scope="session")
def default_encoder(cache: Path) -> Encoder:
    return encoders.load(encoders.builtin()[encoders.DEFAULT], threads=2, cache=cache)


@pytest.fixture(scope="session")
def mobilenet(cache: Path) -> Encoder:
    return encoders.load(encoders.builtin()["mobilenet"], threads=2, cache=cache)
