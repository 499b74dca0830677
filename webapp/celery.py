"""The Celery application. Tasks live in each app's tasks.py; the queue is the same Redis that serves the channels."""

import logging.config
import warnings
from typing import Any

from celery import Celery
from celery.exceptions import CPendingDeprecationWarning, SecurityWarning
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
    """No banner, and no warnings that don't apply.

    The one about root is about pickle: this application accepts JSON only. The one about lost connections announces
    that tasks will be cancelled then: ours go on, because their row is claimed, not their message.
    """
    instance.quiet = True
    warnings.filterwarnings("ignore", category=SecurityWarning)
    warnings.filterwarnings("ignore", category=CPendingDeprecationWarning)


@worker_process_init.connect
def no_orphans(**_: Any) -> None:
    """A pool process must not outlive a worker that was killed: its successor takes the rows over."""
    die_with_parent()


@worker_ready.connect
def take_up_what_waits(sender: Any, **_: Any) -> None:
    """Rows queued while no worker ran begin now, not at beat's next tick."""
    sender.app.send_task("search.tasks.requeue")
    sender.app.send_task("labeling.tasks.requeue")
    sender.app.send_task("labeling.tasks.requeue_sweeps")
