"""Prints what is installed, as JSON. Needs no settings, and fails when a package is missing."""

import json
import platform
from importlib import import_module

import cryptography
import django
import jwt
import rest_framework
import rest_framework_simplejwt
from django.conf import global_settings, settings

settings.configure(SECRET_KEY="only so that settings can be read")
from rest_framework_simplejwt.settings import DEFAULTS


def usable(path):
    """The algorithm of a hasher, or None when the library that it needs is not there."""
    module, name = path.rsplit(".", 1)
    hasher = getattr(import_module(module), name)()
    try:
        hasher._load_library() if getattr(hasher, "library", None) else None
    except ValueError:
        return None
    return hasher.algorithm


print(
    json.dumps(
        {
            "versions": {
                "Python": platform.python_version(),
                "Django": django.__version__,
                "DRF": rest_framework.__version__,
                "Simple JWT": rest_framework_simplejwt.__version__,
                "PyJWT": jwt.__version__,
                "cryptography": cryptography.__version__,
            },
            "hashers": [name for name in map(usable, global_settings.PASSWORD_HASHERS) if name],
            "settings": sorted(DEFAULTS),
        }
    )
)
