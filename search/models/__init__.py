from search.models.buildable import Buildable, BuildableQuerySet, Status
from search.models.curation import Collection, Evaluation, Layout, Selection, Table, View
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
    "Collection",
    "Dataset",
    "Encoder",
    "Engine",
    "Evaluation",
    "Import",
    "Layout",
    "Product",
    "QueryPicture",
    "Scene",
    "SceneFile",
    "Selection",
    "Shard",
    "Status",
    "Table",
    "Training",
    "View",
]
