"""A Django API that says which view a request reached and what its server made of the headers, as WSGI and as ASGI."""

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import re_path

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="only so that Django starts",
    MIDDLEWARE=[],
    USE_X_FORWARDED_HOST=True,
    SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
)


def view(name):
    def answer(request, *args):
        return JsonResponse(
            {
                "view": name,
                "path": request.path,
                "method": request.method,
                "host": request.get_host(),
                "scheme": request.scheme,
                "address": request.META.get("REMOTE_ADDR"),
                "user": request.META.get("REMOTE_USER"),
                "variables": sorted(key for key in request.META if key.startswith("HTTP_")),
            }
        )

    return answer


urlpatterns = [
    re_path(r"^api/admin/secrets$", view("admin")),
    re_path(r"^api/public/", view("public")),
    re_path(r"", view("other")),
]

django.setup()
wsgi = get_wsgi_application()
asgi = get_asgi_application()
