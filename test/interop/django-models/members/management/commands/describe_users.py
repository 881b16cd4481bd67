"""Prints all users, with what a log-in with the passwords on standard input says, and the tokens, as JSON."""

import json
import sys

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from django.core.serializers import serialize
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import RefreshToken


class Command(BaseCommand):
    def handle(self, *args, **options):
        given = json.load(sys.stdin)
        users = get_user_model().objects.order_by("pk")
        rows = json.loads(serialize("json", users))
        fits = {user.get_username(): [one for one in given["passwords"] if user.check_password(one)] for user in users}
        self.stdout.write(json.dumps({"rows": rows, "fits": fits, "good": [self.is_good(one) for one in given["tokens"]]}))

    def is_good(self, token):
        try:
            RefreshToken(token)
        except TokenError:
            return False
        return True
