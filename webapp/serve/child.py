"""The first thing a child of `serve` runs: it ties its life to its parent's, then becomes the real command.

Run as a script by path, so that nothing of the site is imported. It is a program of its own, not a preexec_fn, because
code between fork and exec may deadlock in a process that has threads.
"""

import ctypes
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
MOST_FILES = 10_240  # what macOS allows a process (OPEN_MAX)


def die_with_parent() -> None:
    """Let the kernel kill this process when its parent ends, however that is. Linux only; elsewhere see record.py."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def may_open_many() -> None:
    """As many files and connections as the system lets us have; a shell's usual 1,024 are too few for a busy site."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def main(parent: str, niceness: str, *command: str) -> None:
    die_with_parent()
    if os.getppid() != int(parent):
        sys.exit("The supervisor ended before this process began.")
    os.nice(int(niceness))
    may_open_many()
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
