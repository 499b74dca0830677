"""A row's heartbeat beside the work on it."""

import threading
from typing import Self

from django.db import close_old_connections, connection

from search.errors import Cancelled
from search.models import Training
from search.models.curation import DatasetJob

BEAT = 20.0  # seconds between heartbeats while one step takes long


class Heart:
    """Beats beside the work, so that a long step is not taken for a dead worker. A context manager."""

    def __init__(self, job: DatasetJob | Training) -> None:
        self._kind, self._pk, self._over = type(job), job.pk, threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"{job._meta.model_name}-{job.pk}", daemon=True)

    def _beat(self) -> None:
        while not self._over.wait(BEAT):
            close_old_connections()
            try:
                self._kind._default_manager.get(pk=self._pk).beat()
            except (Cancelled, self._kind.DoesNotExist):
                return  # the work notices at its own next report
            finally:
                connection.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
