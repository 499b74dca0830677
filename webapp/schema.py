"""What the OpenAPI description leaves out."""

from typing import Any

Endpoint = tuple[str, str, str, Any]  # path, pattern, method, view


def one_address_each(endpoints: list[Endpoint], **_: Any) -> list[Endpoint]:
    """Of an address that works with and without its last slash, describe the one without (drf-spectacular's hook)."""
    bare = {(path, method) for path, _, method, _ in endpoints if not path.endswith("/")}
    return [end for end in endpoints if not (end[0].endswith("/") and (end[0].rstrip("/"), end[2]) in bare)]
