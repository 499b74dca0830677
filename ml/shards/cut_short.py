"""Surviving a mapped file that another program cuts short: reading beyond its new end raises SIGBUS.

As systemd does (src/basic/sigbus.c), the missing page is replaced by an empty one and reading goes on; what comes of it
is thrown away, because `Shard.untouched` says that the file is no longer what was opened. Linux only: elsewhere the
process ends, and the supervisor starts it again.
"""

import ctypes
import mmap
import signal
import sys
import threading
from typing import Any

_BUS_ADRERR = 2  # siginfo.h: an address beyond the end of its file
_MAP_FIXED = 0x10
_SA_SIGINFO, _SA_RESTART, _SA_NODEFER = 0x4, 0x10000000, 0x40000000
_FAILED = ctypes.c_void_p(-1).value
_Handler = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
_installed: Any = None
_lock = threading.Lock()


class _SigInfo(ctypes.Structure):
    """The head of siginfo_t on 64-bit Linux."""

    _fields_ = [("number", ctypes.c_int), ("errno", ctypes.c_int), ("code", ctypes.c_int), ("address", ctypes.c_void_p)]


class _SigAction(ctypes.Structure):
    """struct sigaction of glibc and musl, with its 1024 bits of mask."""

    _fields_ = [
        ("handler", _Handler),
        ("mask", ctypes.c_ulong * 16),
        ("flags", ctypes.c_int),
        ("restorer", ctypes.c_void_p),
    ]


def survive() -> None:
    """Install the handler, once a process."""
    global _installed
    with _lock:
        if _installed is None and sys.platform == "linux" and sys.maxsize > 2**32:
            _installed = _install(ctypes.CDLL(None, use_errno=True))


def _install(libc: ctypes.CDLL) -> object:
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    page, empty = mmap.PAGESIZE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_FIXED

    def on_fault(number: int, info: int, context: int) -> None:
        """Runs in the thread that reads, between two of its instructions, which is then repeated."""
        fault = _SigInfo.from_address(info)
        start = (fault.address or 0) // page * page
        beyond = fault.code == _BUS_ADRERR and start
        if not beyond or libc.mmap(start, page, mmap.PROT_READ, empty, -1, 0) == _FAILED:
            libc.signal(signal.SIGBUS, 0)  # not ours: the repeated instruction ends the process, as it would have

    action = _SigAction(_Handler(on_fault), flags=_SA_SIGINFO | _SA_RESTART | _SA_NODEFER)
    if libc.sigaction(signal.SIGBUS, ctypes.byref(action), None) != 0:
        raise OSError(ctypes.get_errno(), "sigaction")
    return action
