from django.urls import path

from labeling.consumers.host import HostConsumer
from labeling.consumers.label import LabelConsumer

websocket_urlpatterns = [
    path("ws/label/<str:token>/", LabelConsumer.as_asgi()),
    path("ws/campaigns/<int:number>/", HostConsumer.as_asgi()),
]
