"""Films as rows: asked for by people, made by workers, kept for days."""

import logging
import time
import uuid
from datetime import timedelta
from functools import partial
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.utils import timezone

from search import tasks
from search.animating.making import Progress, animate, planned
from search.animating.recipe import GUEST, MEMBER, Recipe
from search.errors import Cancelled, SearchError, TooManyJobs
from search.models import Animation, Dataset, Status
from search.models.buildable import UNFINISHED

log = logging.getLogger(__name__)
KEPT = timedelta(days=7)
AT_ONCE = {True: 4, False: 3}  # films in the making: of one account; of all guests together
ORPHANED = 24 * 3600  # seconds after which a file that belongs to no row goes


def folder() -> Path:
    return Path(settings.DATA_DIR) / "animations"


def request(dataset: Dataset, recipe: Recipe, user: User | AnonymousUser, *, background: bool = True) -> Animation:
    """A film for this person: the one that is there or coming, else a new row, handed to the workers.

    Raises BadQuery as `planned`, TooManyJobs.
    """
    known = user.is_authenticated
    plan = planned(dataset, recipe, MEMBER if known else GUEST)
    asked = {**recipe.as_json(), "imagery": plan.version}
    same = Animation.objects.filter(dataset=dataset, recipe=asked, status__in=[*UNFINISHED, Status.READY]).first()
    if same and (same.status != Status.READY or same.path().is_file()):
        return same
    owner = user if isinstance(user, User) else None
    if Animation.objects.filter(owner=owner, status__in=UNFINISHED).count() >= AT_ONCE[known]:
        raise TooManyJobs("Several films are being made already. Wait until one is finished, then ask again.")
    animation = Animation.objects.create(dataset=dataset, recipe=asked, owner=owner, total=len(plan.scenes))
    if background:
        transaction.on_commit(partial(tasks.enqueue_animation, animation.pk))
    return animation


def make_here(animation: Animation, on_progress: Progress | None = None) -> bool:
    """Make it in this process; False when another one has it, or it was cancelled. What goes wrong is kept, raised."""
    if not animation.claim():
        return False
    try:
        make(animation, on_progress)
    except Cancelled as stop:
        log.info("%s", stop)
        return False
    except BaseException as error:  # Ctrl-C too: the row must not stay claimed
        animation.fail(error, final=isinstance(error, SearchError))
        raise
    return True


def make(animation: Animation, on_progress: Progress | None = None) -> None:
    """Each attempt writes a file of its own; the row names the one that counts. The caller has claimed it."""
    recipe = Recipe.from_json(animation.recipe)
    out = folder() / f"{animation.pk}-{uuid.uuid4().hex[:12]}.{recipe.form}"

    def report(done: int, total: int) -> None:
        animation.report(done, total)
        if on_progress:
            on_progress(done, total)

    try:
        summary = animate(animation.dataset, recipe, out, report, limits=MEMBER)
        animation.finish(file=str(out.relative_to(settings.DATA_DIR)), summary=summary)
    except BaseException:
        out.unlink(missing_ok=True)
        raise


def remove(animation: Animation) -> None:
    """Stop it if it is being made, and forget it with its file."""
    path = animation.path() if animation.file else None
    animation.delete()  # its worker notices at its next report
    if path:
        path.unlink(missing_ok=True)


def sweep() -> int:
    """Forget films older than KEPT, their files and files that belong to no row; how many rows."""
    old = Animation.objects.filter(created_at__lt=timezone.now() - KEPT).exclude(status=Status.RUNNING)
    paths = [animation.path() for animation in old if animation.file]
    count, _ = old.delete()
    for path in paths:
        path.unlink(missing_ok=True)
    kept = {Path(name).name for name in Animation.objects.exclude(file="").values_list("file", flat=True)}
    for path in folder().iterdir() if folder().is_dir() else []:
        if path.name not in kept and time.time() - path.stat().st_mtime > ORPHANED:
            path.unlink(missing_ok=True)
    return count
