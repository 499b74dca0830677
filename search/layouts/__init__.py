"""Being written."""

from search.models import Layout


def make_here(job: Layout) -> bool:
    """Make it in this process; False when another one has it. What goes wrong is kept in the row and raised."""
    return job.claim()
