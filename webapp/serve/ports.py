"""The listening socket, made by the supervisor and handed to each web process."""

import errno
import socket

import psutil
from django.core.management.base import CommandError

TRIED = 50  # ports after the usual one


def listen(host: str, port: int, *, chosen: bool) -> socket.socket:
    """Bind host:port. When it is taken: CommandError if a person chose it, otherwise the next that is free."""
    for candidate in [port] if chosen else range(port, port + TRIED + 1):
        try:
            return bind(host, candidate)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise CommandError(f"Cannot listen on {host}:{candidate}: {error.strerror}.") from error
    raise CommandError(taken(host, port, chosen=chosen))


def bind(host: str, port: int) -> socket.socket:
    """A listening socket whose connections send at once.

    TCP_NODELAY is inherited by the connections. The event loop would set it on each, but takes a socket that it was
    handed by number for a unix one: headers and body then waited 40 ms for each other (Nagle's algorithm against
    delayed acknowledgements).
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listening.bind((host, port))
        listening.listen(2048)
    except OSError:
        listening.close()
        raise
    return listening


def taken(host: str, port: int, *, chosen: bool) -> str:
    if not chosen:
        return f"The ports {port} to {port + TRIED} are all taken. Choose one: PORT=9000 make demo"
    by = holder(port)
    return f"Port {port} is taken{by}. Stop that, or choose another: PORT={port + 1} make demo"


def holder(port: int) -> str:
    """' by NAME (pid N)' where the system lets us know, else ''."""
    try:
        listening = [c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN and c.pid]
        found = next((c.pid for c in listening if c.laddr and c.laddr[1] == port), None)
        return f" by {psutil.Process(found).name()} (pid {found})" if found else ""
    except psutil.Error:
        return ""
