"""Every change of a user is in the outbox, in the transaction of the change."""

from unittest.mock import patch

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.test import TestCase, TransactionTestCase, override_settings
from django.utils import timezone

from simplejwt_edge import changes
from simplejwt_edge.models import PasswordChange, UserChange

OLD_FORM = "django.contrib.auth.hashers.PBKDF2PasswordHasher"


def outbox():
    return {row.user_id: row.password_change for row in UserChange.objects.all()}


class Recording(TestCase):
    def setUp(self):
        self.ada = User.objects.create_user("ada", password="correct horse")
        self.key = str(self.ada.pk)
        self.group = Group.objects.create(name="editors")
        UserChange.objects.all().delete()

    def test_a_new_user_is_recorded(self):
        bob = User.objects.create_user("bob")
        self.assertEqual(outbox(), {str(bob.pk): PasswordChange.CHANGE})

    def test_a_renamed_user_is_recorded(self):
        self.ada.username = "countess"
        self.ada.save(update_fields=["username"])
        self.assertEqual(outbox(), {self.key: PasswordChange.NONE})

    def test_a_save_without_update_fields_may_have_changed_the_password(self):
        self.ada.save()
        self.assertEqual(outbox(), {self.key: PasswordChange.CHANGE})

    def test_a_log_in_is_no_change(self):
        self.ada.last_login = timezone.now()
        self.ada.save(update_fields=["last_login"])
        self.client.force_login(self.ada)
        self.assertEqual(outbox(), {})

    def test_a_deletion_is_recorded(self):
        self.ada.delete()
        self.assertEqual(outbox(), {self.key: PasswordChange.CHANGE})

    def test_a_deletion_of_a_query_set_is_recorded(self):
        User.objects.filter(pk=self.ada.pk).delete()
        self.assertEqual(outbox(), {self.key: PasswordChange.CHANGE})

    def test_a_row_of_the_outbox_has_neither_name_nor_hash(self):
        self.ada.save()
        values = UserChange.objects.values().get()
        self.assertEqual(set(values), {"user_id", "version", "password_change"})

    def test_the_password_in_another_form_is_a_rehash(self):
        User.objects.update(password=make_password("correct horse", hasher="pbkdf2_sha256"))
        ada = User.objects.get()
        self.assertTrue(ada.check_password("correct horse"))
        self.assertTrue(ada.password.startswith("md5$"))
        self.assertEqual(outbox(), {self.key: PasswordChange.REHASH})

    def test_another_password_is_no_rehash(self):
        ada = User.objects.get()
        ada.set_password("battery staple")
        ada.save(update_fields=["password"])
        self.assertEqual(outbox(), {self.key: PasswordChange.CHANGE})

    def test_a_hash_assigned_by_hand_is_no_rehash(self):
        ada = User.objects.get()
        ada.password = make_password("battery staple")
        ada.save(update_fields=["password"])
        self.assertEqual(outbox(), {self.key: PasswordChange.CHANGE})

    def test_a_hash_assigned_by_hand_after_a_rehash_is_no_rehash(self):
        User.objects.update(password=make_password("correct horse", hasher="pbkdf2_sha256"))
        ada = User.objects.get()
        ada.check_password("correct horse")
        UserChange.objects.all().delete()
        ada.password = make_password("battery staple")
        ada.save(update_fields=["password"])
        self.assertEqual(outbox(), {self.key: PasswordChange.CHANGE})

    def test_a_password_set_before_another_field_was_saved_is_no_rehash(self):
        # AbstractBaseUser.save resets _password, whatever it saved.
        ada = User.objects.get()
        ada.set_password("battery staple")
        ada.save(update_fields=["email"])
        ada.save(update_fields=["password"])
        self.assertEqual(outbox(), {self.key: PasswordChange.CHANGE})

    def test_an_unusable_password_is_no_rehash(self):
        ada = User.objects.get()
        ada.set_unusable_password()
        ada.save(update_fields=["password"])
        self.assertEqual(outbox(), {self.key: PasswordChange.CHANGE})

    def test_a_change_of_the_password_stays_one_whatever_comes_after(self):
        self.ada.set_password("battery staple")
        self.ada.save()
        changes.record_changes([self.key], using="default", password_change=PasswordChange.REHASH)
        changes.record_changes([self.key], using="default")
        self.assertEqual(outbox(), {self.key: PasswordChange.CHANGE})

    def test_groups_are_recorded_from_both_ends(self):
        for change in (
            lambda: self.ada.groups.add(self.group),
            lambda: self.ada.groups.remove(self.group),
            lambda: self.group.user_set.add(self.ada),
            lambda: self.group.user_set.clear(),
            lambda: self.ada.groups.set([self.group]),
            lambda: self.ada.groups.clear(),
        ):
            UserChange.objects.all().delete()
            change()
            self.assertEqual(outbox(), {self.key: PasswordChange.NONE})

    def test_a_renamed_and_a_deleted_group_are_changes_of_its_users(self):
        User.objects.create_user("bob")
        self.ada.groups.add(self.group)
        UserChange.objects.all().delete()
        self.group.name = "writers"
        self.group.save()
        self.assertEqual(outbox(), {self.key: PasswordChange.NONE})
        UserChange.objects.all().delete()
        self.group.delete()
        self.assertEqual(outbox(), {self.key: PasswordChange.NONE})

    def test_versions_grow_when_the_clock_is_set_back(self):
        with patch.object(changes, "microseconds", return_value=2_000_000):
            self.ada.save()
        with patch.object(changes, "microseconds", return_value=1_000_000):
            self.ada.save()
            self.ada.save()
        self.assertEqual(UserChange.objects.get().version, 2_000_002)

    def test_many_users_take_few_statements(self):
        users = User.objects.bulk_create([User(username=f"user{number}") for number in range(500)])
        self.assertEqual(outbox(), {})
        self.group.user_set.set(User.objects.filter(username__startswith="user"))
        UserChange.objects.all().delete()
        # One for the group, one for its users, and for each part of them an insertion, an update and, if need be, a lock.
        locks = 3 if connection.features.has_select_for_update else 0
        with self.assertNumQueries(8 + locks):
            with patch("simplejwt_edge.changes.CHUNK", 200):
                self.group.save()
        self.assertEqual(UserChange.objects.count(), len(users))


class InOneTransaction(TransactionTestCase):
    def test_what_is_rolled_back_is_not_recorded(self):
        with self.assertRaises(RuntimeError), transaction.atomic():
            User.objects.create_user("ada")
            raise RuntimeError
        self.assertEqual(outbox(), {})

    def test_a_user_is_not_saved_when_the_change_cannot_be_recorded(self):
        # Django commits a row before post_save where no transaction surrounds it.
        with patch("simplejwt_edge.receivers.record_changes", side_effect=RuntimeError):
            with self.assertRaises(RuntimeError):
                User.objects.create_user("ada")
        self.assertEqual(User.objects.count(), 0)

    @override_settings(SIMPLEJWT_EDGE_URL="", SIMPLEJWT_EDGE_KEY="")
    def test_changes_are_recorded_before_the_gateway_is_configured(self):
        User.objects.create_user("ada")
        self.assertEqual(len(outbox()), 1)
