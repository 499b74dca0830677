"""Being written."""

from search.models import Evaluation


def make_here(job: Evaluation) -> bool:
    """Make it in this process; False when another one has it. What goes wrong is kept in the row and raised."""
    return job.claim()
