"""A Django Channels consumer that says who the gateway says is calling, and echoes. Run by Daphne."""

import json

from django.conf import settings

settings.configure(SECRET_KEY="only-for-this-test", ALLOWED_HOSTS=["*"], INSTALLED_APPS=["channels"], ROOT_URLCONF=__name__)

import django  # noqa: E402

django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402

#: The codes with which clients were gone, the first first.
closed = []


class Notes(AsyncWebsocketConsumer):
    async def connect(self):
        headers = {name.decode(): value.decode() for name, value in self.scope["headers"]}
        offered = self.scope["subprotocols"]
        await self.accept(subprotocol=offered[0] if offered else None)
        seen = {"user": headers.get("x-user-id"), "offered": offered, "headers": headers}
        await self.send(json.dumps(seen))

    async def receive(self, text_data=None, bytes_data=None):
        if text_data == "close":
            await self.close(code=4002)
        elif text_data == "closed":
            await self.send(json.dumps(closed))
        else:
            await self.send(text_data=text_data, bytes_data=bytes_data)

    async def disconnect(self, code):
        closed.append(code)


urlpatterns = [path("", lambda request: HttpResponse("ready"))]

asgi = ProtocolTypeRouter(
    {"http": get_asgi_application(), "websocket": URLRouter([path("ws/notes/", Notes.as_asgi())])}
)
