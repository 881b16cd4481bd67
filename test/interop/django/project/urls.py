"""Simple JWT's views where its documentation puts them, and the API."""

from django.conf import settings
from django.urls import include, path
from notes import views
from rest_framework.routers import SimpleRouter
from rest_framework_simplejwt.views import (
    TokenBlacklistView,
    TokenObtainPairView,
    TokenRefreshView,
    TokenVerifyView,
)

router = SimpleRouter()
router.register("notes", views.NoteViewSet, basename="note")

urlpatterns = [
    path("api/token/", TokenObtainPairView.as_view()),
    path("api/token/refresh/", TokenRefreshView.as_view()),
    path("api/token/verify/", TokenVerifyView.as_view()),
    path("api/token/blacklist/", TokenBlacklistView.as_view()),
    path("api/whoami/", views.WhoAmI.as_view()),
    path("api/member/whoami/", views.WhoAmI.as_view()),
    path("api/public/whoami/", views.PublicWhoAmI.as_view()),
    path("api/admins/", views.AdminsOnly.as_view()),
    path("api/upload/", views.Upload.as_view()),
    path("api/cookies/", views.Cookies.as_view()),
    path("api/", include(router.urls)),
]

if "simplejwt_edge" in settings.INSTALLED_APPS:
    from django.contrib import admin
    from notes import accounts

    urlpatterns = [
        path("api/token/", accounts.LogIn.as_view()),
        path("api/accounts/", accounts.SignUp.as_view()),
        path("api/accounts/reset/", accounts.Reset.as_view()),
        path("api/accounts/reset-and-die/", accounts.ResetAndDie.as_view()),
        path("api/accounts/me/", accounts.Me.as_view()),
        path("api/strict/", accounts.Believing.as_view()),
        path("api/cached/", accounts.Believing.as_view()),
        path("simplejwt-edge/", include("simplejwt_edge.urls")),
        path("admin/", admin.site.urls),
        *urlpatterns,
    ]
