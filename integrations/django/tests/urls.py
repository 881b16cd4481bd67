from django.urls import include, path

from . import views

urlpatterns = [
    path("simplejwt-edge/", include("simplejwt_edge.urls")),
    path("sign-up/", views.sign_up),
    path("async-sign-up/", views.async_sign_up),
    path("stream/", views.stream),
    path("roll-back/", views.roll_back),
    path("many/", views.many),
    path("nothing/", views.nothing),
    path("whoami/", views.WhoAmI.as_view()),
    path("reports/", views.Reports.as_view()),
]
