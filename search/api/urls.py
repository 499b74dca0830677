from django.urls import path, register_converter
from django.urls.converters import StringConverter

from search.api import (
    animations,
    collections,
    curation,
    datasets,
    encoder,
    evaluations,
    fetching,
    filtering,
    gazetteer,
    imports,
    layouts,
    localising,
    models,
    selections,
    tables,
    trainings,
    uploads,
    views,
)  # fmt: skip
from search.exporting.collections import FORMATS
from search.views import picture_image


class DownloadConverter(StringConverter):
    regex = "geojson|csv"


class ActionConverter(StringConverter):
    regex = "cancel|resume|repeat"


class TrainingActionConverter(StringConverter):
    regex = "cancel|resume"


class ModelActionConverter(StringConverter):
    regex = "promote|retire|unretire"


class CollectionFormConverter(StringConverter):
    regex = "|".join(FORMATS)


register_converter(CollectionFormConverter, "collection_form")
register_converter(ModelActionConverter, "model_action")
register_converter(DownloadConverter, "download")
register_converter(ActionConverter, "action")
register_converter(TrainingActionConverter, "training_action")

urlpatterns = [
    path("datasets/", datasets.DatasetsView.as_view()),
    path("datasets/<slug:slug>/", datasets.DatasetView.as_view()),
    path("datasets/<slug:slug>/coverage/", datasets.CoverageView.as_view()),
    path("datasets/<slug:slug>/disk/", datasets.DiskView.as_view()),
    path("datasets/<slug:slug>/imports/", imports.ImportsView.as_view()),
    path("imports/<int:number>/", imports.ImportView.as_view()),
    path("imports/<int:number>/<action:action>/", imports.ActionView.as_view()),
    path("datasets/<slug:slug>/encoder/", encoder.EncoderView.as_view()),
    path("datasets/<slug:slug>/trainings/", trainings.TrainingsView.as_view()),
    path("datasets/<slug:slug>/trainings/estimate", trainings.TrainingEstimateView.as_view()),
    path("datasets/<slug:slug>/trainings/preview", trainings.TrainingPreviewView.as_view()),
    path("trainings/<int:number>/", trainings.TrainingView.as_view()),
    path("trainings/<int:number>/<training_action:action>/", trainings.TrainingActionView.as_view()),
    path("gibs/layers", imports.LayersView.as_view()),
    path("gibs/estimate", imports.EstimateView.as_view()),
    path("uploads/", uploads.UploadsView.as_view()),
    path("uploads/<slug:upload_id>", uploads.UploadView.as_view()),
    path("datasets/<slug:slug>/tables/", tables.TablesView.as_view()),
    path("datasets/<slug:slug>/tables/<int:number>/", tables.TableView.as_view()),
    path("datasets/<slug:slug>/measuring/", tables.MeasuringView.as_view()),
    path("datasets/<slug:slug>/products/", views.ProductsView.as_view()),
    path("datasets/<slug:slug>/products/<slug:product>/dates/", views.DatesView.as_view()),
    path("datasets/<slug:slug>/shards/", views.ShardsView.as_view()),
    path("datasets/<slug:slug>/tiles", views.TilesView.as_view()),
    path("datasets/<slug:slug>/tiles/", views.TilesView.as_view()),
    path("datasets/<slug:slug>/tiles/<str:key>/", views.TileView.as_view()),
    path("datasets/<slug:slug>/tiles/<str:key>/children", localising.ChildrenView.as_view()),
    path("datasets/<slug:slug>/tiles/<str:key>/children/", localising.ChildrenView.as_view()),
    path("datasets/<slug:slug>/tiles/<str:key>/heat", localising.HeatView.as_view()),
    path("datasets/<slug:slug>/tiles/<str:key>/heat/", localising.HeatView.as_view()),
    path("datasets/<slug:slug>/facets", filtering.FacetsView.as_view()),
    path("datasets/<slug:slug>/collections/", collections.CollectionsView.as_view()),
    path("datasets/<slug:slug>/collections/<int:number>/", collections.CollectionView.as_view()),
    path("datasets/<slug:slug>/collections/<int:number>/tiles", collections.CollectionTilesView.as_view()),
    path("datasets/<slug:slug>/collections/<int:number>/keys", collections.CollectionKeysView.as_view()),
    path(
        "datasets/<slug:slug>/collections/<int:number>/export.<collection_form:form>",
        collections.CollectionExportView.as_view(),
        name="collection-export",
    ),
    path("datasets/<slug:slug>/views/", filtering.ViewsView.as_view()),
    path("datasets/<slug:slug>/views/<int:number>/", filtering.ViewView.as_view()),
    path("datasets/<slug:slug>/images/", views.PicturesView.as_view()),
    path("datasets/<slug:slug>/search", views.SearchView.as_view(), name="search"),
    path("datasets/<slug:slug>/search/", views.SearchView.as_view()),
    path("datasets/<slug:slug>/search.<download:form>", views.DownloadView.as_view()),
    path("datasets/<slug:slug>/fetch", fetching.FetchView.as_view()),
    path("models/", models.ModelsView.as_view()),
    path("models/compare", models.CompareView.as_view()),
    path("models/<slug:name>/", models.ModelView.as_view()),
    path("models/<slug:name>/<int:version>/", models.VersionView.as_view()),
    path("models/<slug:name>/<int:version>/card", models.CardView.as_view()),
    path("models/<slug:name>/<int:version>/strips.png", models.StripsView.as_view()),
    path("models/<slug:name>/<int:version>/download", models.ModelDownloadView.as_view()),
    path("models/<slug:name>/<int:version>/<model_action:action>/", models.ModelActionView.as_view()),
    path("datasets/<slug:slug>/studio/", curation.StudioView.as_view()),
    path("datasets/<slug:slug>/studio/keys", curation.KeysView.as_view()),
    path("datasets/<slug:slug>/studio/pca", curation.PcaView.as_view()),
    path("datasets/<slug:slug>/studio/columns/<path:name>", curation.ColumnView.as_view()),
    path("datasets/<slug:slug>/studio/mask", curation.MaskView.as_view()),
    path("datasets/<slug:slug>/studio/tiles", curation.StudioTilesView.as_view()),
    path("datasets/<slug:slug>/studio/layouts/", layouts.LayoutsView.as_view()),
    path("datasets/<slug:slug>/studio/layouts/<int:number>/", layouts.LayoutView.as_view()),
    path("datasets/<slug:slug>/studio/layouts/<int:number>/cancel", layouts.LayoutCancelView.as_view()),
    path("datasets/<slug:slug>/studio/layouts/<int:number>/points", layouts.PointsView.as_view()),
    path("datasets/<slug:slug>/selections/", selections.SelectionsView.as_view()),
    path("datasets/<slug:slug>/selections/duplicates", selections.DuplicatesView.as_view()),
    path("datasets/<slug:slug>/selections/<int:number>/", selections.SelectionView.as_view()),
    path("datasets/<slug:slug>/selections/<int:number>/cancel", selections.SelectionCancelView.as_view()),
    path("datasets/<slug:slug>/selections/<int:number>/order", selections.OrderView.as_view()),
    path("datasets/<slug:slug>/evaluations/", evaluations.EvaluationsView.as_view()),
    path("datasets/<slug:slug>/evaluations/<int:number>/", evaluations.EvaluationView.as_view()),
    path("datasets/<slug:slug>/evaluations/<int:number>/cancel", evaluations.EvaluationCancelView.as_view()),
    path("places", gazetteer.PlacesView.as_view()),
    path("datasets/<slug:slug>/animations/", animations.AnimationsView.as_view()),
    path("animations/<int:number>/", animations.AnimationView.as_view()),
    path("animations/<int:number>/file", animations.AnimationFileView.as_view()),
    path("images/<slug:token>.webp", picture_image),
]
