"""`manage.py serve`: one process group with web, worker, beat and Redis (docs/decisions/002-supervisor.md)."""
