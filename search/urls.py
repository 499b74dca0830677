from django.urls import path, register_converter
from django.urls.converters import StringConverter

from search import tiles, views
from search.dashboard import actions, column_actions, listing, models, page, training_actions
from search.evaluating import page as embedding
from search.models import Import
from search.studio import pages as studio


class FormatConverter(StringConverter):
    regex = "|".join(tiles.FORMATS)


class KindConverter(StringConverter):
    regex = "|".join(Import.Kind.values)


class ImportActionConverter(StringConverter):
    regex = "cancel|resume|repeat"


class ShardActionConverter(StringConverter):
    regex = "cancel|retry"


class ModelActionConverter(StringConverter):
    regex = "promote|retire|unretire"


class EvaluationActionConverter(StringConverter):
    regex = "cancel|remove"


class TrainingActionConverter(StringConverter):
    regex = "cancel|resume"


register_converter(FormatConverter, "format")
register_converter(KindConverter, "kind")
register_converter(ImportActionConverter, "importaction")
register_converter(ShardActionConverter, "shardaction")
register_converter(ModelActionConverter, "modelaction")
register_converter(TrainingActionConverter, "trainingaction")
register_converter(EvaluationActionConverter, "evaluationaction")

urlpatterns = [
    path("", views.map_page, name="map"),
    path("worldview/", views.worldview_link, name="worldview"),
    path("studio/", studio.list_page, name="studios"),
    path("studio/<slug:slug>/", studio.studio_page, name="studio"),
    path("studio/<slug:slug>/embedding/", embedding.embedding_page, name="studio-embedding"),
    path("studio/<slug:slug>/embedding/start/", embedding.start, name="start-evaluation"),
    path(
        "studio/<slug:slug>/embedding/<int:number>/<evaluationaction:action>/", embedding.act, name="act-on-evaluation"
    ),
    path("datasets/", listing.list_page, name="datasets"),
    path("datasets/new/", listing.new_page, name="new-dataset"),
    path("datasets/models/<slug:name>/<int:version>/use/", training_actions.use_model, name="use-model"),
    path("datasets/models/", models.list_page, name="models"),
    path("datasets/models/compare/", models.compare_page, name="compare-models"),
    path("datasets/models/upload/", models.upload, name="bring-model"),
    path("datasets/models/<slug:name>/", models.name_page, name="model-name"),
    path("datasets/models/<slug:name>/<int:version>/", models.version_page, name="model"),
    path("datasets/models/<slug:name>/<int:version>/<modelaction:action>/", models.act, name="act-on-model"),
    path("datasets/<slug:slug>/", page.dataset_page, name="dataset"),
    path("datasets/<slug:slug>/imports/<kind:kind>/", actions.start_import, name="start-import"),
    path(
        "datasets/<slug:slug>/imports/<int:number>/<importaction:action>/", actions.act_on_import, name="act-on-import"
    ),
    path("datasets/<slug:slug>/shards/<shardaction:action>/", actions.act_on_shards, name="act-on-shards"),
    path("datasets/<slug:slug>/tables/", column_actions.bring, name="bring-table"),
    path("datasets/<slug:slug>/tables/<int:number>/remove/", column_actions.remove, name="remove-table"),
    path("datasets/<slug:slug>/measuring/", column_actions.measure, name="measure"),
    path("datasets/<slug:slug>/trainings/", training_actions.start, name="start-training"),
    path("datasets/<slug:slug>/trainings/estimate/", training_actions.estimate, name="training-estimate"),
    path("datasets/<slug:slug>/trainings/preview/", training_actions.preview, name="training-preview"),
    path(
        "datasets/<slug:slug>/trainings/<int:number>/<trainingaction:action>/",
        training_actions.act,
        name="act-on-training",
    ),
    path("datasets/<slug:slug>/encoder/", training_actions.use, name="use-encoder"),
    path("datasets/<slug:slug>/settings/", actions.change_settings, name="dataset-settings"),
    path("datasets/<slug:slug>/delete/", actions.delete, name="delete-dataset"),
    path(
        "tiles/<slug:slug>/<slug:product>/<slug:day>/<int:level>/<int:row>/<int:col>.<format:form>",
        views.tile_image,
        name="tile",
    ),
]
