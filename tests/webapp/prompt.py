"""manage.py in a process that stays: a command costs what it does, not the seconds that a process takes to start.

Run as a module it reads a list of words a line, as JSON, and answers [whether it went well, what it printed].
"""

import contextlib
import io
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Prompt:
    """Of a site, by its environment; begun with the first command."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._process: subprocess.Popen[str] | None = None

    def run(self, *words: object) -> str:
        """A command of manage.py: what it printed. Fails with all that it said."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.webapp.prompt"], cwd=ROOT, env=dict(self._environment), text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps([str(word) for word in words]), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        assert answer, f"The process behind the prompt ended during {words}."
        went_well, printed = json.loads(answer)
        assert went_well, printed
        return str(printed)

    def shell(self, code: str) -> str:
        return self.run("shell", "--verbosity", 0, "--command", code)

    def end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(5)
            self._process = None


def answered(words: list[str]) -> tuple[bool, str]:
    from django.core.management import call_command
    from django.db import connections

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            call_command(*words)
        except (Exception, SystemExit):  # noqa: BLE001 the test that asked is told
            return False, printed.getvalue() + traceback.format_exc()
        finally:
            connections.close_all()
    return True, printed.getvalue()


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print past Python is no answer
    django.setup()
    for line in sys.stdin:
        print(json.dumps(answered(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
