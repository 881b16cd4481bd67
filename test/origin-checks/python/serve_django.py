"""A Django API that says who is calling, for as long as whoever started it keeps standard input open."""

import os
import sys
import threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import re_path

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="only so that Django starts",
    MIDDLEWARE=["django_gateway.GatewayCallerMiddleware"],
    GATEWAY_ASSERTION={
        "key": os.environ["GATEWAY_KEY"],
        "algorithm": os.environ["GATEWAY_ALGORITHM"],
        "audience": os.environ["GATEWAY_AUDIENCE"],
    },
)


def whoami(request):
    if request.caller is None and not request.path.startswith("/open/"):
        return JsonResponse({"detail": "Who are you?"}, status=401)
    return JsonResponse({"caller": request.caller})


urlpatterns = [re_path("", whoami)]


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *args):
        pass


def end_with_the_runner():
    """Nothing is ever sent: input ends when the runner does, however that came about."""
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    django.setup()
    threading.Thread(target=end_with_the_runner, daemon=True).start()
    application = get_wsgi_application()
    make_server("127.0.0.1", int(os.environ["PORT"]), application, handler_class=QuietHandler).serve_forever()
