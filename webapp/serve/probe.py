"""Ask the site's own /readyz, as a browser would reach it."""

import http.client
import json
import time


class Probe:
    """`host` names what to send as the Host header: one that ALLOWED_HOSTS accepts."""

    def __init__(self, address: tuple[str, int], host: str) -> None:
        bound, port = address
        reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bound, bound)  # noqa: S104
        self.target = reachable, port
        self.host = host
        self.address = f"http://{f'[{reachable}]' if ':' in reachable else reachable}:{port}/"
        self.answered = False
        self.trouble = "the web process does not answer"
        self.next = 0.0

    def ask(self) -> bool:
        """True once /readyz says 200. At most twice a second, waits at most two seconds."""
        if time.monotonic() < self.next:
            return False
        connection = http.client.HTTPConnection(*self.target, timeout=2)
        try:
            connection.request("GET", "/readyz", headers={"Host": self.host})
            response = connection.getresponse()
            self.answered = response.status == 200
            self.trouble = explain(response.status, response.read())
        except (OSError, http.client.HTTPException):
            self.trouble = "the web process does not answer"
        finally:
            connection.close()
            self.next = time.monotonic() + 0.5
        return self.answered


def explain(status: int, body: bytes) -> str:
    """'redis does not answer; data not writable' from /readyz' JSON."""
    try:
        checks = json.loads(body)["checks"]
    except (ValueError, KeyError, TypeError):
        return f"/readyz answers {status}"
    return "; ".join(f"{name} {found}" for name, found in checks.items() if found != "ok")
