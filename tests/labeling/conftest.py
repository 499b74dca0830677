"""Races need a database with several writers: tests/webapp/test_postgres.py runs them there."""

import os

collect_ignore = [] if os.environ.get("DATABASE_URL") else ["test_races.py"]
