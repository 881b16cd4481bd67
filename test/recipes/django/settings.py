"""A Django project with one of the packages: RECIPE is djoser, dj-rest-auth or allauth."""

import os
from pathlib import Path

RECIPE = os.environ["RECIPE"]
FOLDER = Path(os.environ["RECIPE_FOLDER"])

SECRET_KEY = "recipes-only-recipes-only-recipes-only-recipes"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": FOLDER / "django.sqlite3"}}
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = FOLDER / "mail"
AUTH_USER_MODEL = "accounts.Member"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "rest_framework",
    "accounts",
]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
}
SIMPLE_JWT = {"SIGNING_KEY": os.environ["RECIPE_SIGNING_KEY"]}

if RECIPE == "djoser":
    INSTALLED_APPS += ["djoser"]
    SIMPLE_JWT["AUTH_HEADER_TYPES"] = ["JWT"]
    DJOSER = {
        "SEND_ACTIVATION_EMAIL": True,
        "ACTIVATION_URL": "activate/{uid}/{token}",
        "PASSWORD_RESET_CONFIRM_URL": "reset/{uid}/{token}",
    }

if RECIPE == "dj-rest-auth":
    INSTALLED_APPS += ["dj_rest_auth", "dj_rest_auth.registration", "allauth", "allauth.account", "allauth.socialaccount"]
    REST_AUTH = {"USE_JWT": True, "JWT_AUTH_HTTPONLY": False, "SESSION_LOGIN": False, "TOKEN_MODEL": None}
    REST_AUTH["REGISTER_SERIALIZER"] = "accounts.serializers.Registration"

if RECIPE == "allauth":
    INSTALLED_APPS += ["allauth", "allauth.account", "allauth.headless"]

if "allauth" in INSTALLED_APPS:
    MIDDLEWARE += [
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "allauth.account.middleware.AccountMiddleware",
    ]
    AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
    ACCOUNT_USER_MODEL_USERNAME_FIELD = None
    ACCOUNT_LOGIN_METHODS = {"email"}
    ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
    ACCOUNT_EMAIL_VERIFICATION = "none"

if RECIPE == "allauth":
    HEADLESS_ONLY = True
    HEADLESS_CLIENTS = ["app"]
    HEADLESS_TOKEN_STRATEGY = "allauth.headless.tokens.strategies.jwt.JWTTokenStrategy"
    HEADLESS_JWT_ALGORITHM = "RS256"
    HEADLESS_JWT_PRIVATE_KEY = os.environ["RECIPE_SIGNING_KEY"]
    REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"] = [
        "allauth.headless.contrib.rest_framework.authentication.JWTTokenAuthentication"
    ]

if os.environ.get("RECIPE_PROVISIONING_KEY"):
    INSTALLED_APPS += ["simplejwt_edge"]
    MIDDLEWARE += ["simplejwt_edge.middleware.GatewayUsersMiddleware"]
    SIMPLEJWT_EDGE_URL = os.environ["RECIPE_GATEWAY"]
    SIMPLEJWT_EDGE_KEY = os.environ["RECIPE_PROVISIONING_KEY"]
