from django.conf import settings
from django.urls import include, path
from rest_framework.decorators import api_view
from rest_framework.response import Response


@api_view()
def me(request):
    return Response({"email": request.user.email, "x_user_id": request.headers.get("X-User-Id")})


urlpatterns = [path("api/me/", me)]
if settings.RECIPE == "djoser":
    urlpatterns += [path("auth/", include("djoser.urls")), path("auth/", include("djoser.urls.jwt"))]
if settings.RECIPE == "dj-rest-auth":
    urlpatterns += [path("auth/registration/", include("dj_rest_auth.registration.urls"))]
    urlpatterns += [path("auth/", include("dj_rest_auth.urls"))]
    # The mail of a reset has a link to the app's page.
    urlpatterns += [path("reset/<uidb64>/<token>/", me, name="password_reset_confirm")]
if settings.RECIPE == "allauth":
    urlpatterns += [path("_allauth/", include("allauth.headless.urls"))]
