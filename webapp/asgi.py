"""What uvicorn runs: HTTP to Django through the gate, websockets to the apps' consumers; both bounded."""

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator

from webapp import handler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
http = handler.application()

from django.conf import settings  # noqa: E402  (the apps must be loaded first)

from labeling import routing as labeling  # noqa: E402
from search import routing as search  # noqa: E402
from webapp.admission.gate import Gate  # noqa: E402
from webapp.admission.lanes import lanes  # noqa: E402
from webapp.admission.sockets import SocketLimit, by_path  # noqa: E402
from webapp.uploads import BodyLimit  # noqa: E402

BODY = settings.UPLOAD_LIMIT + settings.DATA_UPLOAD_MAX_MEMORY_SIZE
SECONDS = settings.REQUEST_SECONDS
ours = URLRouter([*labeling.websocket_urlpatterns, *search.websocket_urlpatterns])
watched = AllowedHostsOriginValidator(AuthMiddlewareStack(ours))
sockets = by_path(
    {"/ws/label/": SocketLimit(watched, most=settings.PHONES, most_of_one=settings.PHONES_PER_ADDRESS)},
    SocketLimit(watched, most=settings.WEBSOCKETS, most_of_one=settings.WEBSOCKETS_PER_ADDRESS),
)

application = ProtocolTypeRouter(
    {"http": BodyLimit(Gate(http, lanes(), seconds=SECONDS), limit=BODY, seconds=SECONDS), "websocket": sockets}
)
