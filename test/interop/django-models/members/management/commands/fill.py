"""Makes three users, a group and tokens. Prints what a test needs to know as JSON."""

import json

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand
from rest_framework_simplejwt.tokens import RefreshToken

from members.models import Company

PASSWORD = "correct horse battery staple"


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("--names", nargs="*", default=["ada", "bob", "carol"])

    def handle(self, *args, **options):
        model = get_user_model()
        company, _ = Company.objects.get_or_create(name="Analytical Engines")
        editors, _ = Group.objects.get_or_create(name="editors")
        refreshes = []
        for name in options["names"]:
            user = model()
            setattr(user, model.USERNAME_FIELD, f"{name}@example.com" if model.USERNAME_FIELD == "email" else name)
            for field, value in (("company", company), ("phone", "+49 30 1"), ("code", f"M-{name}")):
                if field in {one.name for one in model._meta.get_fields()}:
                    setattr(user, field, value)
            user.set_password(PASSWORD)
            user.save()
            if hasattr(user, "groups"):
                user.groups.add(editors)
            refreshes.append(str(RefreshToken.for_user(user)))
        self.stdout.write(json.dumps(refreshes))
