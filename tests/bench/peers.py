"""The methods that tests/bench/search.py compares: ours through the whole Python call, and bare libraries."""

import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import faiss
import hnswlib
import numpy as np
from annoy import AnnoyIndex
from numpy.typing import NDArray

from ml.index import ENGINES
from ml.shards import Shard, ShardWriter

Vectors = NDArray[np.float16]
Query = NDArray[np.float32]
Rows = NDArray[np.int64]
BLOCK = 20_000


class Method(ABC):
    """equal_to: the method whose recall it must reach; efforts: from the least to the most, () when there is no choice.

    files: those that count as the index; what every method needs, the vectors, is not.
    """

    title: ClassVar[str]
    files: ClassVar[tuple[str, ...]] = ("index",)
    equal_to: ClassVar[str | None] = None
    efforts: tuple[int, int] | tuple[()] = ()

    @abstractmethod
    def __init__(self, folder: Path, vectors: Vectors) -> None: ...

    @staticmethod
    @abstractmethod
    def build(folder: Path, vectors: Vectors) -> dict[str, Any]: ...

    @abstractmethod
    def query(self, query: Query, k: int, effort: int) -> Rows: ...


class Ours(Method):
    """A shard as the site has it, made by ShardWriter; `search` with the settings that were tuned when it was built."""

    engine: ClassVar[str]
    exact: ClassVar[bool] = False
    files = ("index.ann", "index.faiss", "projection.npy")

    def __init__(self, folder: Path, vectors: Vectors) -> None:
        self.shard = Shard.open(folder / "shard", verify="sizes")
        assert self.shard.engine in (self.engine, "scan")

    @classmethod
    def build(cls, folder: Path, vectors: Vectors) -> dict[str, Any]:
        """The shard; beside it the index alone, whose files are the measured size."""
        start = time.perf_counter()
        if len(vectors) >= ENGINES[cls.engine].least:
            ENGINES[cls.engine].build(folder, vectors, lambda *_: None)
        seconds = time.perf_counter() - start
        size = sum((folder / name).stat().st_size for name in cls.files if (folder / name).exists())
        write_shard(folder, vectors, cls.engine)
        return {"build_s": round(seconds, 1), "whole_s": round(time.perf_counter() - start - seconds, 1), "bytes": size}

    def query(self, query: Query, k: int, effort: int) -> Rows:
        return self.shard.search(query, k, exact=self.exact)[0]


def write_shard(folder: Path, vectors: Vectors, engine: str) -> None:
    with ShardWriter(
        folder / "work", keys=np.arange(len(vectors)), bounds=np.zeros((len(vectors), 4)), dim=vectors.shape[1],
        fingerprint="bench",
    ) as writer:  # fmt: skip
        for start in range(writer.done, len(vectors), BLOCK):
            writer.append(vectors[start : start + BLOCK], {})
        writer.finish(folder / "shard", meta={}, engine=engine)


class OurAnnoy(Ours):
    title, engine = "**ours, Annoy**", "annoy"


class OurFaiss(Ours):
    title, engine = "**ours, faiss**", "faiss"


class OurExact(Ours):
    """On the same shard as OurAnnoy."""

    title, engine, exact = "**ours, exact=true**", "annoy", True
    files = ()

    def __init__(self, folder: Path, vectors: Vectors) -> None:
        super().__init__(folder.with_name("our-annoy"), vectors)

    @classmethod
    def build(cls, folder: Path, vectors: Vectors) -> dict[str, Any]:
        return {"build_s": 0, "bytes": 0}


class NumPyExact(Method):
    """float32 in memory and one matrix-vector product, as everybody writes it."""

    title, files = "NumPy, exact", ()

    def __init__(self, folder: Path, vectors: Vectors) -> None:
        self.vectors = np.asarray(vectors, np.float32)

    @staticmethod
    def build(folder: Path, vectors: Vectors) -> dict[str, Any]:
        return {}

    def query(self, query: Query, k: int, effort: int) -> Rows:
        scores = self.vectors @ query
        rows = np.argpartition(-scores, k)[:k]
        found: Rows = rows[np.argsort(-scores[rows])]
        return found


class BareAnnoy(Method):
    """Full vectors, angular distance, 50 trees, one thread, as its README shows."""

    title, equal_to = "bare Annoy", "our-annoy"
    efforts = (1_000, 1_000_000)
    TREES = 50

    def __init__(self, folder: Path, vectors: Vectors) -> None:
        self.index = AnnoyIndex(vectors.shape[1], "angular")
        self.index.load(str(folder / "index"))

    @classmethod
    def build(cls, folder: Path, vectors: Vectors) -> dict[str, Any]:
        index = AnnoyIndex(vectors.shape[1], "angular")
        index.set_seed(1)
        for start in range(0, len(vectors), BLOCK):
            for row, vector in enumerate(np.asarray(vectors[start : start + BLOCK], np.float32).tolist(), start):
                index.add_item(row, vector)
        index.build(cls.TREES, n_jobs=1)
        index.save(str(folder / "index"))
        return {"trees": cls.TREES}

    def query(self, query: Query, k: int, effort: int) -> Rows:
        return np.array(self.index.get_nns_by_vector(query, k, effort))


class BareFaiss(Method):
    """faiss alone: cells and codes with its own exact second look at float16 vectors.  effort: cells looked at."""

    title, equal_to = "bare faiss, IVF + PQ fast scan + refine", "our-faiss"
    efforts = (4, 1024)
    again = 10  # candidates refined for each result

    def __init__(self, folder: Path, vectors: Vectors) -> None:
        self.index = faiss.read_index(str(folder / "index"))
        self.cells = faiss.downcast_index(faiss.downcast_index(self.index.base_index).index)
        if not isinstance(self.cells, faiss.IndexIVF):
            self.efforts = (1, 64)

    @staticmethod
    def recipe(count: int) -> str:
        cells = 2 ** round(np.log2(np.sqrt(count)))
        return f"PCA64,IVF{cells},PQ64x4fs,Refine(SQfp16)"

    @classmethod
    def build(cls, folder: Path, vectors: Vectors) -> dict[str, Any]:
        recipe = cls.recipe(len(vectors))
        index = faiss.index_factory(vectors.shape[1], recipe, faiss.METRIC_INNER_PRODUCT)
        index.train(np.asarray(vectors[:: max(1, len(vectors) // 100_000)], np.float32))
        for start in range(0, len(vectors), BLOCK):
            index.add(np.asarray(vectors[start : start + BLOCK], np.float32))
        faiss.write_index(index, str(folder / "index"))
        return {"recipe": recipe, "note": "size includes the float16 vectors"}

    def query(self, query: Query, k: int, effort: int) -> Rows:
        faiss.omp_set_num_threads(1)
        self.cells.nprobe = effort
        self.index.k_factor = self.again
        found: Rows = self.index.search(query[None], k)[1][0]
        return found


class BareFaissFlat(BareFaiss):
    """All codes scanned.  effort: candidates refined for each result."""

    title = "bare faiss, PQ fast scan + refine"

    @staticmethod
    def recipe(count: int) -> str:
        return "PCA64,PQ64x4fs,Refine(SQfp16)"

    def query(self, query: Query, k: int, effort: int) -> Rows:
        faiss.omp_set_num_threads(1)
        self.index.k_factor = effort
        found: Rows = self.index.search(query[None], k)[1][0]
        return found


class BareRaBitQ(BareFaissFlat):
    title = "bare faiss, RaBitQ fast scan + refine"

    def __init__(self, folder: Path, vectors: Vectors) -> None:
        self.index = faiss.read_index(str(folder / "index"))
        self.efforts = (1, 64)

    @staticmethod
    def recipe(count: int) -> str:
        return "RaBitQfs,Refine(SQfp16)"


class HNSW(Method):
    """hnswlib, M = 16, efConstruction = 200, both cores to build.  effort: ef."""

    title, equal_to = "hnswlib, M 16", "our-annoy"
    efforts = (50, 2000)

    def __init__(self, folder: Path, vectors: Vectors) -> None:
        self.index = hnswlib.Index("ip", vectors.shape[1])
        self.index.load_index(str(folder / "index"))
        self.index.set_num_threads(1)

    @staticmethod
    def build(folder: Path, vectors: Vectors) -> dict[str, Any]:
        index = hnswlib.Index("ip", vectors.shape[1])
        index.init_index(len(vectors), M=16, ef_construction=200, random_seed=1)
        for start in range(0, len(vectors), BLOCK):
            block = np.asarray(vectors[start : start + BLOCK], np.float32)
            index.add_items(block, np.arange(start, start + len(block)))
        index.save_index(str(folder / "index"))
        return {"note": "size includes the float32 vectors"}

    def query(self, query: Query, k: int, effort: int) -> Rows:
        self.index.set_ef(max(k, effort))
        found: Rows = self.index.knn_query(query, k)[0][0].astype(np.int64)
        return found


METHODS: dict[str, type[Method]] = {
    "our-annoy": OurAnnoy, "our-faiss": OurFaiss, "our-exact": OurExact, "numpy": NumPyExact, "annoy": BareAnnoy,
    "faiss-ivf": BareFaiss, "faiss-pq": BareFaissFlat, "faiss-rabitq": BareRaBitQ, "hnswlib": HNSW,
}  # fmt: skip
