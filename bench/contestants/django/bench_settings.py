"""The project of test/interop as a deployment that only answers: no compression, no conditional answers."""

import os

from project.settings import *  # noqa: F403
from project.settings import REST_FRAMEWORK

MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
LOGGING_CONFIG = None
ALLOWED_HOSTS = ["127.0.0.1", "api.example.com"]

if os.environ["BENCH_STATELESS"] == "1":
    REST_FRAMEWORK = {
        **REST_FRAMEWORK,
        "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTStatelessUserAuthentication"],
    }
