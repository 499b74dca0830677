from django.urls import path

from labeling import views

urlpatterns = [path("campaigns/", views.campaigns, name="campaigns")]
