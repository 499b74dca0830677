"""/metrics for Prometheus."""

import hmac
import ipaddress
import os
import re
from pathlib import Path

import psutil
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from webapp.metrics import pulled
from webapp.metrics.scraped import Machine, Shards
from webapp.proxy import client_address

FORWARDED = ("X-Forwarded-For", "X-Real-IP", "Forwarded")
REFUSAL = "The metrics are for this machine and for who has the METRICS_TOKEN (docs/operations.md)."


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    if not may_read(request):
        raise PermissionDenied(REFUSAL)
    pulled.pull()
    found = generate_latest(counted()) + generate_latest(scraped())
    return HttpResponse(found, CONTENT_TYPE_LATEST)


def may_read(request: HttpRequest) -> bool:
    """Staff; with METRICS_TOKEN whoever sends it; without, whoever asks from this machine."""
    token = settings.METRICS_TOKEN
    if request.user.is_staff:
        return True
    if token:
        return hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode())
    return is_local(request)


def is_local(request: HttpRequest) -> bool:
    """From this machine itself: what a proxy on it passes on comes from somewhere else."""
    if not settings.BEHIND_PROXY and any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(client_address(request)).is_loopback
    except ValueError:
        return False


def counted() -> CollectorRegistry:
    """What all web processes have counted; this one's alone where `serve` didn't start it."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not folder:
        return REGISTRY
    forget_dead(Path(folder))
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=folder)
    return registry


def forget_dead(folder: Path) -> None:
    """What a process that was killed had in flight is in flight no more; what it had counted stays counted."""
    pids = {int(found[1]) for file in folder.glob("gauge_live*.db") if (found := re.search(r"_(\d+)\.db$", file.name))}
    for pid in pids:
        if not psutil.pid_exists(pid):
            mark_process_dead(pid, str(folder))


def scraped() -> CollectorRegistry:
    """What is looked up at each scrape."""
    registry = CollectorRegistry()
    for collector in (Shards(), Machine()):
        registry.register(collector)
    return registry
