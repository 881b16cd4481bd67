"""A small Django project as people have it. What varies between runs comes from INTEROP_* variables."""

import json
import os
import secrets
from datetime import timedelta

import django
from django.conf import global_settings

SECRET_KEY = secrets.token_urlsafe(48)
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "project.urls"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "notes",
]
MIDDLEWARE = [
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "django.middleware.common.CommonMiddleware",
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["INTEROP_DATABASE"]}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True

# The two lines that a Django behind the gateway wants: links and redirects then name the gateway.
USE_X_FORWARDED_HOST = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Django 4.0 brought the scrypt hasher. An older one needs it added to read the gateway's passwords.
PASSWORD_HASHERS = list(global_settings.PASSWORD_HASHERS)
if django.VERSION < (4, 0):
    PASSWORD_HASHERS.append("project.scrypt_hasher.ScryptPasswordHasher")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 2,
}

SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "SIGNING_KEY": os.environ.get("INTEROP_SIGNING_KEY", SECRET_KEY),
    "VERIFYING_KEY": os.environ.get("INTEROP_VERIFYING_KEY", ""),
    **json.loads(os.environ.get("INTEROP_SIMPLE_JWT", "{}")),
}

# The app that keeps the gateway's users equal to Django's, and Django's admin, where users are deactivated.
if "INTEROP_EDGE_URL" in os.environ:
    INSTALLED_APPS += [
        "django.contrib.admin",
        "django.contrib.messages",
        "django.contrib.sessions",
        "simplejwt_edge",
    ]
    MIDDLEWARE += [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "simplejwt_edge.middleware.GatewayUsersMiddleware",
    ]
    TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ]
    STATIC_URL = "/static/"
    SIMPLEJWT_EDGE_URL = os.environ["INTEROP_EDGE_URL"]
    SIMPLEJWT_EDGE_KEY = os.environ["INTEROP_EDGE_KEY"]
    SIMPLEJWT_EDGE_OPTIONS = {"EXTRA": ["groups"]}
