from django.urls import path, register_converter
from django.urls.converters import StringConverter
from django.views.generic import RedirectView

from labeling.phone import views


class ContextConverter(StringConverter):
    regex = "around|map|other"


register_converter(ContextConverter, "context")

urlpatterns = [
    path("l/<str:token>", RedirectView.as_view(pattern_name="phone", query_string=True)),
    path("l/<str:token>/", views.page, name="phone"),
    path("l/<str:token>/cards/<int:number>.webp", views.card_picture),
    path("l/<str:token>/cards/<int:number>/<context:kind>.webp", views.card_picture),
    path("l/<str:token>/examples/<int:number>.webp", views.example_picture, name="phone-example"),
]
