"""path("simplejwt-edge/", include("simplejwt_edge.urls")): EVENTS_URL is then …/simplejwt-edge/events/."""

from django.urls import path

from .views import events

app_name = "simplejwt_edge"

urlpatterns = [path("events/", events, name="events")]
