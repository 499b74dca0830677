"""python manage.py serve: the whole site from one terminal."""

import argparse
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from webapp import redis
from webapp.serve import ports, prepare, services
from webapp.serve.output import Output
from webapp.serve.probe import Probe
from webapp.serve.record import Record
from webapp.serve.supervisor import Supervisor


class Command(BaseCommand):
    help = (
        "Run the site: web, worker, beat and (without REDIS_URL) Redis. Restarts what dies; one Ctrl-C stops all. "
        "Brings the database and the static files up to date first."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.HOST, help="address to listen on (HOST, %(default)s)")
        parser.add_argument("--port", type=int, help=f"port to listen on (PORT, {settings.PORT}); then it must be free")
        parser.add_argument("--first", metavar="COMMAND", help="run this command of manage.py before the site starts")
        parser.add_argument("--reload", action="store_true", help="restart when a source file changes (make dev)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.serve(**options)
        except KeyboardInterrupt:  # while the database is brought up to date; later the supervisor takes signals
            raise CommandError("Stopped.", returncode=130) from None

    def serve(self, *, host: str, port: int | None, first: str | None, reload: bool, **_: Any) -> None:
        output, record = Output(settings.LOG_FORMAT), Record(settings.RUN_DIR)
        record.take()
        if left := record.reap():
            output.say(f"Ended what an earlier start had left behind: {', '.join(map(str, left))}.")
        chosen = port is not None or settings.PORT_CHOSEN
        with ports.listen(host, settings.PORT if port is None else port, chosen=chosen) as listening:
            bound = listening.getsockname()[:2]
            if bound[1] != settings.PORT and not chosen:
                output.say(f"Port {settings.PORT} is taken; using {bound[1]}.")
            probe = Probe(bound, host_header())
            record.write(probe.address, {})
            prepare.everything(output.say)
            running = services.everything(listening.fileno(), reload=reload)
            Supervisor(running, record, output, probe).run(lambda: begin(first))


def begin(first: str | None) -> None:
    """With Redis there, but nobody yet to take the tasks: what the caller wants done first."""
    if settings.EMBEDDED_REDIS:
        redis.wait(settings.REDIS_URL)
    if first:
        call_command(first)


def host_header() -> str:
    """A name that ALLOWED_HOSTS accepts."""
    first = next(iter(settings.ALLOWED_HOSTS), "localhost").lstrip(".")
    return "localhost" if first == "*" else first
