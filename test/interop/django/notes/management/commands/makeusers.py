"""Reads a JSON list of users from standard input and gives each its password with set_password()."""

import json
import sys

from django.conf import settings
from django.contrib.auth.hashers import get_hashers
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand
from django.test import override_settings


def settings_preferring(algorithm):
    """PASSWORD_HASHERS with the wanted one first, as a project has it that prefers it."""
    paths = {hasher.algorithm: path for hasher, path in zip(get_hashers(), settings.PASSWORD_HASHERS)}
    first = paths[algorithm]
    return override_settings(PASSWORD_HASHERS=[first, *(path for path in paths.values() if path != first)])


class Command(BaseCommand):
    def handle(self, *args, **options):
        for wanted in json.load(sys.stdin):
            user = User(username=wanted["username"], is_active=wanted.get("is_active", True))
            if wanted["password"] is None:
                user.set_unusable_password()
            elif "hasher" in wanted:
                with settings_preferring(wanted["hasher"]):
                    user.set_password(wanted["password"])
            else:
                user.set_password(wanted["password"])
            user.save()
