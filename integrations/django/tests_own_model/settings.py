"""The same with another user model."""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests_own_model.apps.PeopleConfig"]
AUTH_USER_MODEL = "people.Person"
SIMPLE_JWT = {"USER_ID_FIELD": "number"}
SIMPLEJWT_EDGE_OPTIONS = {"EXTRA": ["phone", "company_id"]}
