"""Addresses that people give: only what lies out on the Internet is fetched, and only as a whole file."""

import http.server
import ipaddress
import socket
import threading
from collections.abc import Iterator

import pytest

from search.errors import BadAddress, TooLarge
from search.intake import remote
from tests.factories import picture_bytes

PICTURE = picture_bytes()


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        self.server.asked.append((path, self.headers["Host"]))
        if path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", "/picture.png" if path == "/to/here" else f"http://{path[4:]}/picture.png")
            self.end_headers()
            return
        self.send_response(404 if path == "/gone" else 200)
        length = {"/cut.png": len(PICTURE) + 10, "/large.png": 10**12}.get(path, len(PICTURE))
        if path != "/endless.png":
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(PICTURE * (1000 if path == "/endless.png" else 1))

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[http.server.ThreadingHTTPServer]:
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    running.asked = []
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield running
    running.shutdown()
    running.server_close()


@pytest.fixture
def names(monkeypatch, server):
    """public.example is this test's server under a public address; its connection is led to loopback."""
    real = socket.getaddrinfo
    answers = {
        "public.example": ["203.0.114.7"],
        "private.example": ["10.0.0.5"],
        "both.example": ["203.0.114.7", "::1"],
    }

    def resolved(host, port, *args, **more):
        if host not in answers:
            return real(host, port, *args, **more)
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, (address, port)) for address in answers[host]]

    connect, connected = socket.create_connection, []

    def led(address, *args, **more):
        connected.append(address[0])
        return connect(("127.0.0.1", server.server_port) if address[0] == "203.0.114.7" else address, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    monkeypatch.setattr(socket, "create_connection", led)
    return answers, connected


SPECIAL = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "224.0.0.1", "255.255.255.255", "240.0.0.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a00:1",
]  # fmt: skip


@pytest.mark.parametrize("address", SPECIAL)
def test_addresses_that_only_this_machine_reaches_are_not_public(address):
    assert not remote.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_others_are(address):
    assert remote.is_public(ipaddress.ip_address(address))


def test_this_machines_own_public_address_is_refused(monkeypatch):
    monkeypatch.setattr(remote, "own", lambda: {"8.8.8.8"})
    assert not remote.is_public(ipaddress.ip_address("8.8.8.8"))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "127.1", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_every_way_to_write_this_machine_is_refused(tmp_path, server, host):
    with pytest.raises(BadAddress, match="private network"):
        remote.fetched(f"http://{host}:{server.server_port}/picture.png", tmp_path)
    assert server.asked == []


@pytest.mark.parametrize("host", ["private.example", "both.example"])
def test_a_name_that_leads_into_a_private_network_is_refused(tmp_path, server, names, host):
    with pytest.raises(BadAddress, match="private network"):
        remote.fetched(f"http://{host}/picture.png", tmp_path)


@pytest.mark.parametrize("where", ["127.0.0.1", "private.example", "[::1]", "2130706433"])
def test_a_redirect_into_a_private_network_is_refused(tmp_path, server, names, where):
    with pytest.raises(BadAddress, match="private network"):
        remote.fetched(f"http://public.example/to/{where}", tmp_path)
    assert [path for path, _ in server.asked] == [f"/to/{where}"]


def test_the_address_that_was_checked_is_the_one_connected_to(tmp_path, server, names):
    """DNS rebinding: the name answers with a public address first, and with this machine afterwards."""
    answers, connected = names
    look_up = remote.checked

    def then_rebound(host, port):
        found = look_up(host, port)
        answers["public.example"] = ["127.0.0.1"]
        return found

    remote.checked, kept = then_rebound, remote.checked
    try:
        remote.fetched("http://public.example/picture.png", tmp_path)
    finally:
        remote.checked = kept
    assert connected == ["203.0.114.7"]
    assert server.asked == [("/picture.png", "public.example")]


def test_a_file_is_fetched_once_and_whole(tmp_path, server, names):
    first = remote.fetched("http://public.example/picture.png", tmp_path)
    assert (remote.fetched("http://public.example/picture.png", tmp_path), first.read_bytes()) == (first, PICTURE)
    assert len(server.asked) == 1


def test_redirects_on_the_same_server_are_followed(tmp_path, server, names):
    assert remote.fetched("http://public.example/to/here", tmp_path).read_bytes() == PICTURE


@pytest.mark.parametrize(("path", "said"), [("gone", "404"), ("cut.png", "could not be fetched|cut short")])
def test_what_is_no_whole_file_is_refused(tmp_path, server, names, path, said):
    with pytest.raises(BadAddress, match=said):
        remote.fetched(f"http://public.example/{path}", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["large.png", "endless.png"])
def test_what_is_too_large_is_refused(tmp_path, server, names, path):
    with pytest.raises(TooLarge, match="URL_LIMIT_MB"):
        remote.fetched(f"http://public.example/{path}", tmp_path, limit=2 * len(PICTURE))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url", ["ftp://public.example/a", "file:///etc/passwd", "http://a:b@public.example/", "http:///a"]
)
def test_other_addresses_are_refused(tmp_path, names, url):
    with pytest.raises(BadAddress):
        remote.fetched(url, tmp_path)


def test_the_setting_allows_private_addresses(tmp_path, server, settings):
    settings.ALLOW_PRIVATE_URLS = True
    assert remote.fetched(f"http://127.0.0.1:{server.server_port}/picture.png", tmp_path).read_bytes() == PICTURE
