"""What `serve` runs, and how each is started and stopped."""

import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from webapp import redis

PYTHON = [sys.executable, "-m"]
SOURCES = ("webapp", "labeling", "search", "ml")
GDAL = {"GDAL_CACHEMAX": "64"}  # MB of raster blocks that a process keeps; left to itself, 5 % of the machine's memory


@dataclass(frozen=True)
class Service:
    """One command line. Stages stop in ascending order: web first, Redis last."""

    name: str
    command: list[str]
    stage: int
    grace: float  # seconds between SIGTERM and SIGKILL
    niceness: int = 0
    environment: dict[str, str] = field(default_factory=dict)
    sockets: tuple[int, ...] = ()
    silenced: str = "\0"  # lines that contain this are not worth a person's time


def embedded_redis(socket: Path) -> Service:
    redis.make_private(socket.parent)
    # Overcommit matters to a server that saves its memory to disk; this one doesn't.
    return Service("redis", redis.command(socket), stage=3, grace=3, silenced="Memory overcommit must be enabled")


def web(number: int, listening: int, *, reload: bool = False) -> Service:
    """One uvicorn on the supervisor's listening socket: while it restarts, connections wait instead of failing."""
    options = ["--lifespan", "off", "--no-access-log", "--no-proxy-headers", "--no-server-header"]
    options += ["--timeout-graceful-shutdown", "3", "--log-level", "warning"]
    options += ["--limit-concurrency", str(settings.WEB_CONNECTIONS)]
    options += ["--timeout-keep-alive", str(settings.KEEP_ALIVE_SECONDS), "--ws-max-size", "65536"]
    if reload:
        options += ["--reload", *(part for source in SOURCES for part in ("--reload-dir", source))]
    command = [*PYTHON, "uvicorn", "webapp.asgi:application", "--fd", str(listening), *options]
    counted = {"PROMETHEUS_MULTIPROC_DIR": str(settings.METRICS_DIR)}
    return Service(f"web.{number}", command, stage=1, grace=6, sockets=(listening,), environment=counted)


def worker(
    name: str, queue: str, concurrency: int, *, niceness: int = 10, tasks_per_child: int = 0, reload: bool = False
) -> Service:
    """Celery's worker, at a lower priority than the pages. SIGTERM means: end within seconds, rows continue later.

    tasks_per_child: after which a pool process gives its memory back by ending; 0: never.
    """
    celery = ["celery", "-A", "webapp", "worker", "-n", f"{name}@%h", "-Q", queue, "--concurrency", str(concurrency)]
    celery += ["--without-gossip", "--without-mingle", "--loglevel", "INFO"]
    if tasks_per_child:
        celery += ["--max-tasks-per-child", str(tasks_per_child)]
    command = [*PYTHON, *celery]
    if reload:
        command = [*PYTHON, "watchfiles", "--filter", "python", " ".join([*PYTHON, *celery]), *SOURCES]
    return Service(name, command, stage=2, grace=8, niceness=niceness, environment={"REMAP_SIGTERM": "SIGQUIT"})


def trainer(*, reload: bool = False) -> Service:
    """One training at a time, behind everything else that this machine has to do, in a process that ends with it."""
    return worker("trainer", settings.TRAININGS_QUEUE, 1, niceness=15, tasks_per_child=1, reload=reload)


def beat() -> Service:
    command = [*PYTHON, "celery", "-q", "-A", "webapp", "beat", "--pidfile=", "--loglevel", "INFO"]
    return Service("beat", command, stage=2, grace=4)


def everything(listening: int, *, reload: bool = False) -> list[Service]:
    """The site's services in the order in which they start."""
    webs = 1 if reload else settings.WEB_WORKERS
    found = [web(number, listening, reload=reload) for number in range(1, webs + 1)]
    shards = f"{settings.CELERY_TASK_DEFAULT_QUEUE},{settings.FILMS_QUEUE}"
    learning = f"{settings.ROUNDS_QUEUE},{settings.SWEEPS_QUEUE},{settings.CURATION_QUEUE}"
    found += [
        worker("worker", shards, settings.WORKER_CONCURRENCY, reload=reload),
        worker("importer", settings.IMPORTS_QUEUE, settings.IMPORTS_AT_ONCE, reload=reload),
        worker("learner", learning, settings.LEARNING_AT_ONCE, reload=reload),
        beat(),
    ]
    if settings.TRAINER:
        found.append(trainer(reload=reload))
    return [embedded_redis(settings.REDIS_SOCKET), *found] if settings.EMBEDDED_REDIS else found


def environment(service: Service, *, colour: bool) -> dict[str, str]:
    ours = {"LOOKALIKE_SERVICE": service.name, "LOG_FORMAT": settings.LOG_FORMAT, "PYTHONUNBUFFERED": "1"}
    if colour:
        ours["FORCE_COLOR"] = "1"
    return {**GDAL, **os.environ, **ours, **service.environment}


def why(code: int) -> str:
    """An exit status in words."""
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"
