"""What uvicorn runs: HTTP to Django through the gate, websockets to the apps' consumers; both bounded."""

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator

from webapp import handler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
http = handler.application()

from django.conf import settings  # noqa: E402  (the apps must be loaded first)

from search.routing import websocket_urlpatterns  # noqa: E402
from webapp.admission.gate import Gate  # noqa: E402
from webapp.admission.lanes import lanes  # noqa: E402
from webapp.admission.sockets import SocketLimit  # noqa: E402
from webapp.uploads import BodyLimit  # noqa: E402

BODY = settings.UPLOAD_LIMIT + settings.DATA_UPLOAD_MAX_MEMORY_SIZE
SECONDS = settings.REQUEST_SECONDS
watched = AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns)))

application = ProtocolTypeRouter(
    {
        "http": BodyLimit(Gate(http, lanes(), seconds=SECONDS), limit=BODY, seconds=SECONDS),
        "websocket": SocketLimit(watched, most=settings.WEBSOCKETS, most_of_one=settings.WEBSOCKETS_PER_ADDRESS),
    }
)
