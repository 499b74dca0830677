"""The Celery application. Tasks live in each app's tasks.py; the queue is the same Redis that serves the channels."""

import logging.config
import warnings
from typing import Any

from celery import Celery
from celery.platforms import SecurityWarning
from celery.signals import celeryd_init, setup_logging, worker_process_init, worker_ready

from webapp.serve.child import die_with_parent

app = Celery("lookalike")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def use_our_logs(**_: Any) -> None:
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@celeryd_init.connect
def begin_quietly(instance: Any, **_: Any) -> None:
    """No banner; and no warning about root, which is about pickle: this application accepts JSON only."""
    instance.quiet = True
    warnings.filterwarnings("ignore", category=SecurityWarning)


@worker_process_init.connect
def no_orphans(**_: Any) -> None:
    """A pool process must not outlive a worker that was killed: its successor takes the rows over."""
    die_with_parent()


@worker_ready.connect
def take_up_what_waits(sender: Any, **_: Any) -> None:
    """Rows queued while no worker ran begin now, not at beat's next tick."""
    sender.app.send_task("search.tasks.requeue")
