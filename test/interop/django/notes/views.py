"""Ordinary DRF views, and some that say what reached them."""

import hashlib

from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import AllowAny, IsAdminUser
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import ModelViewSet

from .models import Note


class NoteSerializer(ModelSerializer):
    class Meta:
        model = Note
        fields = ["title", "text"]


class NoteViewSet(ModelViewSet):
    serializer_class = NoteSerializer
    lookup_field = "title"

    def get_queryset(self):
        return Note.objects.filter(owner=self.request.user).order_by("title")

    def perform_create(self, serializer):
        serializer.save(owner=self.request.user)


class WhoAmI(APIView):
    """Whom Django takes the caller for, and what the gateway says of it."""

    def get(self, request):
        return Response(
            {
                "id": request.user.pk,
                "username": request.user.get_username(),
                "claims": None if request.auth is None else request.auth.payload,
                "x_user_id": request.headers.get("X-User-Id"),
                "forwarded_host": request.headers.get("X-Forwarded-Host"),
            }
        )


class PublicWhoAmI(WhoAmI):
    permission_classes = [AllowAny]


class AdminsOnly(WhoAmI):
    permission_classes = [IsAdminUser]


class Upload(APIView):
    parser_classes = [MultiPartParser]

    def post(self, request):
        file = request.FILES["file"]
        digest = hashlib.sha256(file.read()).hexdigest()
        return Response({"name": file.name, "size": file.size, "sha256": digest, "title": request.data["title"]})


class Cookies(APIView):
    def get(self, request):
        response = Response({})
        response.set_cookie("first", "1", httponly=True)
        response.set_cookie("second", "2", max_age=60, path="/api/")
        return response
