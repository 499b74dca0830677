from search.models.buildable import Buildable, BuildableQuerySet, Status
from search.models.datasets import Dataset, Engine, Product, Scene, SceneFile
from search.models.encoders import Encoder
from search.models.imports import Animation, Import
from search.models.pictures import QueryPicture
from search.models.shards import Shard
from search.models.trainings import Training

__all__ = [
    "Animation",
    "Buildable",
    "BuildableQuerySet",
    "Dataset",
    "Encoder",
    "Engine",
    "Import",
    "Product",
    "QueryPicture",
    "Scene",
    "SceneFile",
    "Shard",
    "Status",
    "Training",
]
