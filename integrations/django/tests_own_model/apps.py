"""The app of the user model."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "tests_own_model"
    label = "people"
