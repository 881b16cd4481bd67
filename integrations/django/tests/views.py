"""Views that change users in the ways of a project."""

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db import transaction
from django.http import HttpResponse, StreamingHttpResponse
from rest_framework.response import Response
from rest_framework.views import APIView

from simplejwt_edge.authentication import GatewayAuthentication
from simplejwt_edge.permissions import HasApiKey


def _make(name="ada"):
    return get_user_model().objects.create_user(name, password="correct horse")


def sign_up(request):
    return HttpResponse(_make().pk, status=201)


async def async_sign_up(request):
    user = await sync_to_async(_make)()
    return HttpResponse(user.pk, status=201)


def stream(request):
    _make()
    return StreamingHttpResponse(iter([b"one", b"two"]))


def roll_back(request):
    try:
        with transaction.atomic():
            _make()
            raise RuntimeError
    except RuntimeError:
        return HttpResponse()


def many(request):
    for number in range(12):
        _make(f"user{number}")
    return HttpResponse()


def nothing(request):
    return HttpResponse()


class WhoAmI(APIView):
    authentication_classes = [GatewayAuthentication]

    def get(self, request):
        return Response({"user": request.user.pk, "claims": request.auth})


class Reports(WhoAmI):
    permission_classes = [HasApiKey]
    required_scopes = ["reports", "exports"]
