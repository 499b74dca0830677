"""Finding them all: which tiles to ask people about, round after round.

    settings.py    Settings, Choice, Cost, Outcome: what goes in and what comes out
    archive.py     Archive: what rounds need of an archive; ShardArchive: shards as one
    pool.py        choose_pool: the sample that rounds score
    beginning.py   begin: from one example
    rounds.py      run: train, score, look around, choose
    reseeding.py   what to ask when a stretch brought nothing new
    simulating.py  simulate: the same rounds, with labels from a file instead of people

Sources: active search (Garnett et al. 2012, arXiv:1206.6406); scoring only a sample and the neighbours of what has been
found (SEALS: Coleman et al. 2020, arXiv:2007.00077).
"""

from ml.active.archive import Archive, ShardArchive, Source
from ml.active.beginning import begin
from ml.active.pool import choose_pool
from ml.active.rounds import run
from ml.active.settings import Choice, Cost, Disputes, Mix, Outcome, Settings
from ml.active.simulating import Row, Until, simulate

__all__ = [
    "Archive",
    "Choice",
    "Cost",
    "Disputes",
    "Mix",
    "Outcome",
    "Row",
    "Settings",
    "ShardArchive",
    "Source",
    "Until",
    "begin",
    "choose_pool",
    "run",
    "simulate",
]
