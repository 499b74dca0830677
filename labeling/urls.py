from django.urls import path

from labeling import views

urlpatterns = [
    path("campaigns/", views.campaigns, name="campaigns"),
    path("campaigns/new/", views.new, name="new-campaign"),
    path("campaigns/<int:number>/", views.host, name="campaign"),
    path("campaigns/<int:number>/qr", views.qr, name="campaign-qr"),
]
