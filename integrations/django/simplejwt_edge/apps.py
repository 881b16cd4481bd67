"""The app's configuration: connects the signals of the user model."""

from __future__ import annotations

from django.apps import AppConfig


class SimpleJWTEdgeConfig(AppConfig):
    name = "simplejwt_edge"
    verbose_name = "Simple JWT at the edge"

    def ready(self) -> None:
        from . import checks, receivers

        checks.register_checks()
        receivers.connect()
