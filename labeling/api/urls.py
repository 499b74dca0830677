from django.urls import path, register_converter
from django.urls.converters import StringConverter

from labeling import exporting
from labeling.api import learning, sweeps, views


class FileConverter(StringConverter):
    regex = "|".join(name.replace(".", r"\.") for name in views.FILES)


class CollectionConverter(StringConverter):
    regex = "|".join(name.replace(".", r"\.") for name in exporting.FORMATS)


register_converter(FileConverter, "campaignfile")
register_converter(CollectionConverter, "collectionfile")
SWEEP = "campaigns/<int:number>/sweeps/<int:which>"

urlpatterns = [
    path("datasets/<slug:slug>/labels/", views.DatasetLabelsView.as_view()),
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
    path("campaigns/<int:number>/sweeps", sweeps.SweepsView.as_view()),
    path(SWEEP, sweeps.SweepView.as_view()),
    path(f"{SWEEP}/cancel", sweeps.CancelView.as_view()),
    path(f"{SWEEP}/resume", sweeps.ResumeView.as_view()),
    path(f"{SWEEP}/tiles", sweeps.SweepTilesView.as_view()),
    path(f"{SWEEP}/heat", sweeps.HeatView.as_view()),
    path(f"{SWEEP}/review", sweeps.ReviewView.as_view()),
    path(f"{SWEEP}/labels", sweeps.TileLabelsView.as_view()),
    path(f"{SWEEP}/ask", sweeps.AskView.as_view()),
    path(f"{SWEEP}/audit", sweeps.AuditView.as_view()),
    path(f"{SWEEP}/audit/cards", sweeps.AuditCardsView.as_view()),
    path(f"{SWEEP}/export/<collectionfile:name>", sweeps.ExportView.as_view(), name="sweep-export"),
    path("campaigns/<int:number>/<campaignfile:name>", views.FileView.as_view(), name="campaign-file"),
]
