from django.urls import path, register_converter
from django.urls.converters import StringConverter

from search import tiles, views
from search.dataset_page import dataset_page


class FormatConverter(StringConverter):
    regex = "|".join(tiles.FORMATS)


register_converter(FormatConverter, "format")

urlpatterns = [
    path("", views.map_page, name="map"),
    path("worldview/", views.worldview_link, name="worldview"),
    path("datasets/<slug:slug>/", dataset_page, name="dataset"),
    path(
        "tiles/<slug:slug>/<slug:product>/<slug:day>/<int:level>/<int:row>/<int:col>.<format:form>",
        views.tile_image,
        name="tile",
    ),
]
