"""Where the lines of all processes meet: prefixed and coloured for a person, untouched JSON for a machine."""

import json
import os
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

COLOURS = {  # ANSI
    "serve": 1, "web": 36, "worker": 33, "importer": 32, "learner": 34, "trainer": 92, "beat": 35,
    "redis": 31,
}  # fmt: skip


class Output:
    """Thread-safe. `form` is settings.LOG_FORMAT."""

    def __init__(self, form: str) -> None:
        self.form = form
        self.colour = form == "console" and sys.stdout.isatty()
        self.lock = threading.Lock()

    def line(self, name: str, text: str) -> None:
        if text:
            self.emit(self.prefixed(name, text) if self.form == "console" else self.as_json(name, text))

    def say(self, text: str) -> None:
        """A sentence of the supervisor's own."""
        self.line("serve", text)

    def prefixed(self, name: str, text: str) -> str:
        prefix = f"{name:<7}│"
        if self.colour:
            prefix = f"\x1b[{COLOURS[name.partition('.')[0]]}m{prefix}\x1b[0m"
        return f"{prefix} {text}"

    def as_json(self, name: str, text: str) -> str:
        """Lines of Python processes are JSON already; Redis' and uncaught tracebacks are wrapped."""
        if text.startswith("{") and text.endswith("}"):
            return text
        stamp = datetime.now(UTC).isoformat()
        return json.dumps({"event": text, "service": name, "level": "info", "timestamp": stamp})

    def box(self, *lines: str) -> None:
        """What must not be overlooked, in a frame; plain JSON lines for a machine."""
        if self.form != "console":
            for text in lines:
                self.say(text)
            return
        width = max(map(len, lines))
        middle = "\n".join(f"  │  {text:<{width}}  │" for text in lines)
        self.emit(f"\n  ╭{'─' * (width + 4)}╮\n{middle}\n  ╰{'─' * (width + 4)}╯\n")

    def emit(self, text: str) -> None:
        with self.lock:
            try:
                print(text, flush=True)
            except (BrokenPipeError, UnicodeEncodeError):
                self.emit_plain(text)

    def emit_plain(self, text: str) -> None:
        """Terminals without Unicode get ASCII; a reader that has gone away (`| head`) gets nothing, and we live on."""
        try:
            print(text.encode("ascii", "replace").decode(), flush=True)
        except BrokenPipeError:
            sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115  (until the process ends)
