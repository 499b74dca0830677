"""Files fetched from addresses that people give, without letting them reach what only this machine can reach.

The name is resolved here, every address it has is checked, and the connection is made to one of those very addresses:
a name that answers differently a moment later (DNS rebinding) changes nothing. Redirects pass the same check. Proxies
of the environment are not used, as they would resolve the name themselves.
"""

import hashlib
import ipaddress
import re
import socket
import time
from pathlib import Path
from urllib.parse import unquote

import httpx2 as httpx
import psutil
from django.conf import settings

from search.errors import BadAddress, TooLarge
from search.intake import staging

SECONDS = 20.0  # until it must have answered, and between two pieces
MOST_REDIRECTS = 5
PIECE = 2**16
UNSAFE = re.compile(r"[^\w.\-]")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class CheckedTransport(httpx.BaseTransport):
    """Connects to the address that was checked; the name stays in the Host header and in the certificate's check."""

    def __init__(self) -> None:
        self._plain = httpx.HTTPTransport(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host, port = request.url.host, request.url.port or {"http": 80, "https": 443}.get(request.url.scheme, 0)
        if request.url.scheme not in ("http", "https") or not host:
            raise BadAddress(f"{str(request.url)[:200]} is not an address to fetch from: it must begin with https://.")
        if request.url.userinfo:
            raise BadAddress("An address with a name and a password in it is not fetched: download the file yourself.")
        named = {**request.extensions, "sni_hostname": host}
        url = request.url.copy_with(host=checked(host, port)[0])
        return self._plain.handle_request(
            httpx.Request(request.method, url, headers=request.headers, stream=request.stream, extensions=named)
        )

    def close(self) -> None:
        self._plain.close()


def checked(host: str, port: int) -> list[str]:
    """The addresses of a name, all of them public; BadAddress when one is not, or there is none."""
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        raise BadAddress(f"There is no server {host[:100]}: check the address.") from error
    addresses = sorted(found, key=lambda text: (":" in text, text))
    for text in addresses:
        if not settings.ALLOW_PRIVATE_URLS and not is_public(ipaddress.ip_address(text.split("%")[0])):
            raise BadAddress(
                f"{host[:100]} is this machine itself or lies in a private network, from which nothing is fetched. "
                "Give a public address, or copy the file here. (An administrator may set ALLOW_PRIVATE_URLS.)"
            )
    return addresses


def is_public(address: Address) -> bool:
    """Whether it lies out on the Internet, and not on this machine; an IPv4 address inside an IPv6 one counts."""
    inner = embedded(address)
    if inner is not None:
        return is_public(inner)
    special = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_loopback
    return address.is_global and not special and str(address) not in own()


def embedded(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for: mapped, 6to4, Teredo, NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def own() -> set[str]:
    """This machine's own addresses, public ones too."""
    return {entry.address.split("%")[0] for entries in psutil.net_if_addrs().values() for entry in entries}


def fetched(url: str, folder: Path, *, limit: int | None = None) -> Path:
    """The file behind an address, in `folder`; one that is there already is not fetched again.

    Raises BadAddress for an address that is refused or does not answer with a file, TooLarge beyond `limit` bytes.
    """
    target = folder / name_of(url)
    if target.is_file():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    part = staging.beside(target)
    try:
        with client() as web, web.stream("GET", url) as answer:
            check_answer(url, answer)
            save(url, answer, part, limit or settings.URL_LIMIT)
        part.replace(target)
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise BadAddress(f"{url[:200]} could not be fetched: {str(error) or type(error).__name__}.") from error
    finally:
        part.unlink(missing_ok=True)
    return target


def client() -> httpx.Client:
    return httpx.Client(
        transport=CheckedTransport(), timeout=SECONDS, follow_redirects=True, max_redirects=MOST_REDIRECTS,
        trust_env=False, headers={"Accept-Encoding": "identity", "User-Agent": "Lookalike"},
    )  # fmt: skip


def check_answer(url: str, answer: httpx.Response) -> None:
    if answer.status_code != 200:
        raise BadAddress(f"{url[:200]} answered {answer.status_code} {answer.reason_phrase}: check the address.")
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise BadAddress(f"{url[:200]} sends its file compressed, though asked not to: download it yourself.")


def save(url: str, answer: httpx.Response, part: Path, limit: int) -> None:
    promised = answer.headers.get("content-length", "")
    if promised.isdecimal() and int(promised) > limit:
        raise too_large(url, limit)
    deadline, size = time.monotonic() + settings.URL_SECONDS, 0
    with part.open("xb") as out:
        for piece in answer.iter_raw(PIECE):
            size += len(piece)
            if size > limit:
                raise too_large(url, limit)
            if time.monotonic() > deadline:
                raise BadAddress(
                    f"{url[:200]} takes longer than {settings.URL_SECONDS} s (URL_SECONDS). Download it yourself."
                )
            out.write(piece)
    if promised.isdecimal() and size != int(promised):
        raise BadAddress(f"{url[:200]} was cut short after {size:,} of {promised} bytes: try again.")


def too_large(url: str, limit: int) -> TooLarge:
    return TooLarge(f"{url[:200]} has more than the {limit / 2**20:,.0f} MB that are fetched (URL_LIMIT_MB).")


def name_of(url: str) -> str:
    """A file name that keeps the address's own ending, unlike any other address's."""
    last = UNSAFE.sub("_", unquote(url.split("?")[0].split("#")[0].rsplit("/", 1)[-1]))[-80:].lstrip(".")
    return f"{hashlib.sha256(url.encode()).hexdigest()[:12]}-{last or 'file'}"


def is_address(text: str) -> bool:
    return text.lower().startswith(("http://", "https://"))
