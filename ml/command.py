"""What the command lines share: progress bars on the terminal, errors as one sentence, exit codes.

0 it is done; 1 it failed (full disk, damaged shard, …); 2 the call or its input was wrong; 130 it was interrupted.
"""

import errno
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ml.errors import (
    BadClassifier,
    BadEncoder,
    BadImage,
    BadLabels,
    BadTraining,
    MLError,
    NoSuchModel,
    NoTextTower,
    NoWeights,
    ShardMismatch,
)
from ml.index.interface import Progress

_BAD_INPUT = (
    BadClassifier,
    BadEncoder,
    BadImage,
    BadLabels,
    BadTraining,
    NoSuchModel,
    NoTextTower,
    NoWeights,
    ShardMismatch,
    FileNotFoundError,
    FileExistsError,
)


def run(main: Callable[[], None]) -> None:
    """Run a command and leave the process with its exit code."""
    try:
        main()
    except KeyboardInterrupt:
        _leave("Interrupted. What was done is kept; call again to go on.", 130)
    except _BAD_INPUT as error:
        _leave(str(error), 2)
    except (MLError, OSError) as error:
        _leave(_told(error), 1)


def _told(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        where = f" ({error.filename})" if error.filename else ""
        return f"The disk is full{where}. What was done is kept: make room and call again to go on."
    return str(error)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def complain(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _leave(message: str, code: int) -> None:
    complain(message)
    sys.exit(code)


@contextmanager
def progress_bars(*, quiet: bool) -> Iterator[Progress]:
    """Yields on_progress(stage, done, total), drawn on stderr as a bar per stage."""
    if quiet:
        yield lambda stage, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description:>8}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done)

        yield show
