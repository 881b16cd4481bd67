"""Sign-up, password reset, renaming and deletion, as an API has them; and two views that die halfway."""

import os
import time

from django.contrib.auth.models import User
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.views import TokenObtainPairView


class LogIn(TokenObtainPairView):
    """Dies for one name, before it answers."""

    def post(self, request, *args, **kwargs):
        if request.data.get("username") == "kills-the-api":
            os._exit(1)
        return super().post(request, *args, **kwargs)


class Open(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]


class Believing(Open):
    """Asks nobody who is calling: whatever is refused, the gateway refused it."""

    def get(self, request):
        return Response({"x_user_id": request.headers.get("X-User-Id")})


class SignUp(Open):
    def post(self, request):
        data = request.data
        fields = {"pk": data["id"]} if "id" in data else {}
        user = User.objects.create_user(data["username"], data.get("email", ""), data["password"], **fields)
        return Response({"id": user.pk, "username": user.username}, status=201)


class Reset(Open):
    """What the view behind the link in the mail does."""

    def post(self, request):
        user = User.objects.get(username=request.data["username"])
        user.set_password(request.data["password"])
        user.save(update_fields=["password"])
        time.sleep(request.data.get("seconds", 0))
        return Response({})


class ResetAndDie(Reset):
    def post(self, request):
        super().post(request)
        os._exit(1)


class Me(APIView):
    def patch(self, request):
        user = request.user
        user.username = request.data["username"]
        user.save(update_fields=["username"])
        return Response({"id": user.pk, "username": user.username})

    def delete(self, request):
        request.user.delete()
        return Response(status=204)
