"""Start the services, start again what dies, stop all of them in order."""

import signal
import time
from collections.abc import Callable
from itertools import groupby
from types import FrameType

from webapp.serve.output import Output
from webapp.serve.probe import Probe
from webapp.serve.process import Process
from webapp.serve.record import Record
from webapp.serve.services import Service

TICK = 0.1  # seconds
PATIENCE = 60  # seconds until the first word about a site that doesn't get ready


class Supervisor:
    """Single-threaded but for the readers of output. `run` returns after an orderly stop."""

    def __init__(self, services: list[Service], record: Record, output: Output, probe: Probe) -> None:
        self.record, self.output, self.probe = record, output, probe
        self.processes = [Process(service, output.line, colour=output.colour) for service in services]
        self.asked_to_stop = 0
        self.began = 0.0  # 0: nothing to wait for, or already complained

    def run(self, first: Callable[[], None]) -> None:
        """`first` is called once the embedded Redis, if any, has begun, and before the other services do."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.ask)
        try:
            self.start(first)
            while not self.asked_to_stop:
                self.watch()
                time.sleep(TICK)
        finally:
            self.stop()

    def ask(self, number: int, frame: FrameType | None) -> None:
        self.asked_to_stop += 1

    def start(self, first: Callable[[], None]) -> None:
        own_redis = [process for process in self.processes if process.service.name == "redis"]
        self.launch(own_redis)
        first()
        if not self.asked_to_stop:
            self.launch([process for process in self.processes if process not in own_redis])
            self.began = time.monotonic()

    def launch(self, processes: list[Process]) -> None:
        for process in processes:
            process.start()
            self.note()

    def note(self) -> None:
        """Write down whom to reap should this process be killed."""
        living = {p.service.name: (p.popen.pid, p.born) for p in self.processes if p.popen is not None}
        self.record.write(self.probe.address, living)

    def watch(self) -> None:
        for process in self.processes:
            if process.popen is not None and not process.alive:
                self.output.say(process.died())
            elif process.popen is None and time.monotonic() >= process.restart_at:
                process.start()
                self.note()
        if not self.probe.answered:
            self.look()

    def look(self) -> None:
        """Until the site answers: then say where; after a minute, say why it doesn't."""
        if self.probe.ask():
            self.output.box(f"Lookalike is ready: {self.probe.address}", "Ctrl-C stops it.")
        elif self.began and time.monotonic() - self.began > PATIENCE:
            self.output.say(f"Not ready after {PATIENCE} s: {self.probe.trouble}")
            self.began = 0.0

    def stop(self) -> None:
        """Stage by stage, each with its time to end; a second signal kills whatever is left at once."""
        self.output.say("Stopping. Ctrl-C again kills.")
        for _, stage in groupby(sorted(self.processes, key=stage_of), key=stage_of):
            self.stop_stage(list(stage))
        for process in self.processes:
            process.signal(signal.SIGKILL)  # what a leader may have left behind
        self.record.clear()
        self.output.say("Stopped.")

    def stop_stage(self, processes: list[Process]) -> None:
        for process in processes:
            process.stop()
        end = time.monotonic() + max(process.service.grace for process in processes)
        while any(process.alive for process in processes):
            if self.asked_to_stop > 1 or time.monotonic() > end:
                for process in processes:
                    process.signal(signal.SIGKILL)
            time.sleep(TICK / 4)


def stage_of(process: Process) -> int:
    return process.service.stage
