"""What the web processes count; /metrics (views.py) adds what the database and the machine know.

Under `serve` every process writes its numbers to files in PROMETHEUS_MULTIPROC_DIR, and whichever process is asked
answers for all (prometheus_client's multiprocess mode). Gauges are summed over the processes that live.
"""

from prometheus_client import Counter, Gauge, Histogram

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)  # seconds


def gauge(name: str, meaning: str, *labels: str) -> Gauge:
    return Gauge(f"lookalike_{name}", meaning, labels, multiprocess_mode="livesum")


def counter(name: str, meaning: str, *labels: str) -> Counter:
    return Counter(f"lookalike_{name}", meaning, labels)


def histogram(name: str, meaning: str, *labels: str) -> Histogram:
    return Histogram(f"lookalike_{name}", meaning, labels, buckets=BUCKETS)


REQUESTS = counter("requests", "Requests answered, by view", "view", "method", "status")
REQUEST_SECONDS = histogram("request_seconds", "Work on a request, without its wait", "view")
SEARCH_SECONDS = histogram("search_seconds", "Searches: the part that finds and ranks (took_ms)", "dataset")
IN_FLIGHT = gauge("in_flight", "Requests worked on, and websockets open", "lane")
WAITING = gauge("waiting", "Requests that wait for a thread", "lane")
REFUSED = counter("refused", "Answered 503 (full, slow) or 504 (late), or gone before their turn", "lane", "reason")
