"""A project that has nothing but users, groups and tokens. What varies comes from INTEROP_* variables."""

import os
import secrets
import sys
from pathlib import Path

import django
from django.conf import global_settings

SECRET_KEY = secrets.token_urlsafe(48)
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "members",
]
AUTH_USER_MODEL = os.environ["INTEROP_MODEL"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["INTEROP_DATABASE"]}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
SIMPLE_JWT = {"SIGNING_KEY": os.environ.get("INTEROP_SIGNING_KEY", SECRET_KEY), "USER_ID_FIELD": "pk"}

# Django 4.0 brought the scrypt hasher. An older one needs it added to read the gateway's passwords.
PASSWORD_HASHERS = list(global_settings.PASSWORD_HASHERS)
if django.VERSION < (4, 0):
    sys.path.append(str(Path(__file__).parent.parent / "django" / "project"))
    PASSWORD_HASHERS.append("scrypt_hasher.ScryptPasswordHasher")
