"""The app with a user model of the project's own. Run with tests_own_model.settings."""

import uuid
from unittest.mock import patch

from django.core.management import call_command
from django.test import TestCase, override_settings

from simplejwt_edge import lines, push
from simplejwt_edge.checks import check_settings
from simplejwt_edge.models import PasswordChange, UserChange

from tests.stand_in import StandIn

from .models import ActivePerson, Company, Employee, Person

KEY = "0123456789abcdef0123456789abcdef"


class OwnModel(TestCase):
    def setUp(self):
        self.company = Company.objects.create(name="Analytical Engines")
        self.ada = Person.objects.create_user(
            "ada@example.com", "correct horse", number=2**60, phone="1", company=self.company
        )
        self.key = str(self.ada.pk)

    def test_the_settings_are_right(self):
        self.assertEqual(check_settings(), [])

    def test_the_line_has_what_the_model_has(self):
        [line] = lines.lines_of([self.key], using="default")
        self.assertEqual(
            line.values,
            {
                "id": self.key,
                "version": line.version,
                "password": self.ada.password,
                "email": "ada@example.com",
                "is_active": True,
                "is_staff": False,
                "number": "1152921504606846976",
                "extra": {"phone": "1", "company_id": self.company.pk},
            },
        )

    def test_a_property_among_the_fields_makes_every_save_a_change(self):
        UserChange.objects.all().delete()
        self.ada.is_admin = True
        self.ada.save(update_fields=["is_admin"])
        self.assertEqual(UserChange.objects.get().password_change, PasswordChange.NONE)
        self.assertIs(lines.lines_of([self.key], using="default")[0].values["is_staff"], True)

    def test_but_a_log_in_is_none(self):
        UserChange.objects.all().delete()
        self.ada.save(update_fields=["last_login"])
        self.assertEqual(UserChange.objects.count(), 0)

    def test_child_and_proxy_models_are_users(self):
        employee = Employee.objects.create(email="bob@example.com", desk="7")
        self.assertEqual(UserChange.objects.count(), 2)
        UserChange.objects.all().delete()
        employee.delete(keep_parents=True)
        self.assertEqual(UserChange.objects.count(), 0)
        ActivePerson.objects.get(pk=self.ada.pk).save()
        self.assertEqual([row.pk for row in UserChange.objects.all()], [self.key])
        UserChange.objects.all().delete()
        ActivePerson.objects.get(pk=self.ada.pk).delete()
        self.assertEqual([row.pk for row in UserChange.objects.all()], [self.key])

    def test_everybody_is_sent_and_compared_in_parts(self):
        gateway = StandIn(KEY)
        self.addCleanup(gateway.close)
        for number in range(10):
            Person.objects.create_user(f"{number}@example.com", number=number)
        with override_settings(SIMPLEJWT_EDGE_URL=gateway.url), patch.object(push, "CHUNK", 4):
            call_command("push_users", "--all", verbosity=0)
            self.assertEqual(len(gateway.users), 11)
            stranger = str(uuid.uuid4())
            gateway.users[stranger] = {"id": stranger, "version": 1, "is_active": True}
            del gateway.users[self.key]
            call_command("push_users", "--compare", verbosity=0)
        self.assertEqual(sorted(gateway.users), sorted(str(one.pk) for one in Person.objects.all()))
