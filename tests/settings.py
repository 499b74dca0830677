"""The site's own settings on a data folder of the tests' own, removed when they end."""

import atexit
import os
import shutil
import tempfile

_data = tempfile.mkdtemp(prefix="lookalike-tests-")
atexit.register(shutil.rmtree, _data, ignore_errors=True)
os.environ.update(
    ENV_FILE=os.devnull,
    LOOKALIKE_DATA=_data,
    SECRET_KEY="only for tests: fifty characters that nobody would take for a secret",
    THROTTLE_ANON="100000/min",
    THROTTLE_USER="100000/min",
    THROTTLE_UPLOAD="100000/min",
    LOG_LEVEL="WARNING",
    TRAINING_THREADS="1",
    # The tests share few cores: threads of linear algebra would wait, busily, for a core that another test has.
    OMP_NUM_THREADS="1",
    OPENBLAS_NUM_THREADS="1",
)

from webapp.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
