"""A project with this app and nothing that it does not need."""

SECRET_KEY = "only for tests, only for tests, only for tests"
ALLOWED_HOSTS = ["api.example.com", "testserver"]
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "rest_framework",
    "simplejwt_edge",
    "tests",
]
MIDDLEWARE = ["simplejwt_edge.middleware.GatewayUsersMiddleware"]
ROOT_URLCONF = "tests.urls"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": ":memory:",
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
SIMPLEJWT_EDGE_URL = "http://127.0.0.1:1"
SIMPLEJWT_EDGE_KEY = "0123456789abcdef0123456789abcdef"
SIMPLEJWT_EDGE_OPTIONS = {
    "EXTRA": ["groups"],
    "ASSERTION_KEY": "fedcba9876543210fedcba9876543210",
    "ASSERTION_AUDIENCE": "https://api.example.com",
}
