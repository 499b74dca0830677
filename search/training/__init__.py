"""Encoders that learn from a dataset's own tiles, as jobs: a row with options, run by a worker or here.

options.py    what may be chosen, and what is refused;  gathering.py: the tiles, read once
running.py    gather, learn, store;                     reporting.py: how it tells of itself
jobs.py       begun, stopped, gone on with, tidied
pace.py       how long it will take here;               previewing.py: what the views look like
describing.py all of it in words and numbers
"""

from search.training.jobs import resume, run_here, start, stop, tidy

__all__ = ["resume", "run_here", "start", "stop", "tidy"]
