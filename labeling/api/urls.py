from django.urls import path, register_converter
from django.urls.converters import StringConverter

from labeling.api import learning, views


class FileConverter(StringConverter):
    regex = "|".join(name.replace(".", r"\.") for name in views.FILES)


register_converter(FileConverter, "campaignfile")

urlpatterns = [
    path("campaigns/", views.CampaignsView.as_view()),
    path("campaigns/<int:number>/", views.CampaignView.as_view()),
    path("campaigns/<int:number>/state", views.StateView.as_view()),
    path("campaigns/<int:number>/progress", views.ProgressView.as_view()),
    path("campaigns/<int:number>/cards", views.CardsView.as_view()),
    path("campaigns/<int:number>/cards/<int:card>/", views.CardView.as_view()),
    path("campaigns/<int:number>/decisions", views.DecisionsView.as_view()),
    path("campaigns/<int:number>/gold", views.GoldView.as_view()),
    path("campaigns/<int:number>/examples", views.ExamplesView.as_view()),
    path("campaigns/<int:number>/examples/<int:example>", views.ExampleView.as_view()),
    path("campaigns/<int:number>/links", views.LinksView.as_view()),
    path("campaigns/<int:number>/links/<int:link>/revoke", views.RevokeView.as_view()),
    path("campaigns/<int:number>/people", views.PeopleView.as_view()),
    path("campaigns/<int:number>/people/<int:person>", views.PersonView.as_view()),
    path("campaigns/<int:number>/learning", learning.LearningView.as_view()),
    path("campaigns/<int:number>/learning/rounds", learning.RoundsView.as_view()),
    path("campaigns/<int:number>/learning/rounds/<int:which>", learning.RoundView.as_view()),
    path("campaigns/<int:number>/learning/confusions", learning.ConfusionsView.as_view()),
    path("campaigns/<int:number>/learning/relabel", learning.RelabelView.as_view()),
    path("campaigns/<int:number>/learning/classifier", learning.ClassifierView.as_view(), name="campaign-classifier"),
    path("campaigns/<int:number>/<campaignfile:name>", views.FileView.as_view(), name="campaign-file"),
]
