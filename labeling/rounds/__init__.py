"""Rounds of learning: train on the labels so far, choose the next tiles to ask about (docs/labeling.md).

learners.py    a campaign's settings;  triggers.py: when a round begins
labels.py      what votes teach;       places.py: which tiles show the same ground
archive.py     the dataset's shards as ml.active takes them, and the pool
running.py     a round;                batch.py: its tiles go to the phones;  keeping.py: its files
measuring.py   how good it is;         advice.py: whether to go on;  confusions.py: what to look at again
describing.py  all of it in words and numbers
"""

from labeling.rounds.batch import relabel
from labeling.rounds.confusions import confusions
from labeling.rounds.keeping import remove_orphans
from labeling.rounds.learners import change
from labeling.rounds.running import run_here
from labeling.rounds.triggers import ask_for_one, begin, consider

__all__ = ["ask_for_one", "begin", "change", "confusions", "consider", "relabel", "remove_orphans", "run_here"]
