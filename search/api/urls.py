from django.urls import path, register_converter
from django.urls.converters import StringConverter

from search.api import animations, localising, views
from search.views import picture_image


class DownloadConverter(StringConverter):
    regex = "geojson|csv"


register_converter(DownloadConverter, "download")

urlpatterns = [
    path("datasets/", views.DatasetsView.as_view()),
    path("datasets/<slug:slug>/", views.DatasetView.as_view()),
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
    path("datasets/<slug:slug>/images/", views.PicturesView.as_view()),
    path("datasets/<slug:slug>/search", views.SearchView.as_view(), name="search"),
    path("datasets/<slug:slug>/search/", views.SearchView.as_view()),
    path("datasets/<slug:slug>/search.<download:form>", views.DownloadView.as_view()),
    path("datasets/<slug:slug>/animations/", animations.AnimationsView.as_view()),
    path("animations/<int:number>/", animations.AnimationView.as_view()),
    path("animations/<int:number>/file", animations.AnimationFileView.as_view()),
    path("images/<slug:token>.webp", picture_image),
]
