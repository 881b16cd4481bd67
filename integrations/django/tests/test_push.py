"""manage.py push_users against a stand-in for the gateway."""

import io
from unittest.mock import patch

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import TestCase, TransactionTestCase, override_settings

from simplejwt_edge import changes, client, lines, push
from simplejwt_edge.client import Gateway, GatewayError
from simplejwt_edge.models import GatewayUser, UserChange

from .stand_in import StandIn

KEY = "0123456789abcdef0123456789abcdef"


def push_users(*flags):
    output = io.StringIO()
    call_command("push_users", *flags, stdout=output, stderr=output)
    return output.getvalue()


class Pushing(TestCase):
    def setUp(self):
        self.gateway = StandIn(KEY)
        self.addCleanup(self.gateway.close)
        setting = override_settings(SIMPLEJWT_EDGE_URL=self.gateway.url)
        setting.enable()
        self.addCleanup(setting.disable)
        self.ada = User.objects.create_user(
            "ada", "ada@example.com", "correct horse", first_name="Ada", last_name="Lovelace"
        )
        self.key = str(self.ada.pk)

    def at_gateway(self):
        return self.gateway.users[self.key]

    def test_an_outbox_is_sent_and_emptied(self):
        self.ada.groups.add(Group.objects.create(name="editors"))
        row = UserChange.objects.get()
        self.assertEqual(push_users(), "1 applied, 0 unchanged, 0 refused\n")
        joined = self.ada.date_joined.isoformat().replace("+00:00", "Z")
        self.assertEqual(
            self.at_gateway(),
            {
                "id": self.key,
                "version": row.version,
                "password": self.ada.password,
                "username": "ada",
                "first_name": "Ada",
                "last_name": "Lovelace",
                "email": "ada@example.com",
                "is_active": True,
                "is_staff": False,
                "is_superuser": False,
                "date_joined": joined,
                "extra": {"groups": ["editors"]},
            },
        )
        self.assertEqual(UserChange.objects.count(), 0)
        self.assertEqual(push_users(), "0 applied, 0 unchanged, 0 refused\n")
        self.assertEqual(len(self.gateway.requests), 1)

    def test_what_the_gateway_has_by_the_header_is_confirmed(self):
        [line] = lines.lines_of([self.key], using="default")
        self.gateway.apply(line.values)
        self.assertEqual(push_users(), "0 applied, 1 unchanged, 0 refused\n")
        self.assertEqual(UserChange.objects.count(), 0)

    def test_a_change_during_the_push_stays_in_the_outbox(self):
        send = Gateway.send

        def send_and_change(gateway, encoded):
            results = send(gateway, encoded)
            self.ada.save()
            return results

        with patch.object(Gateway, "send", send_and_change):
            push_users()
        self.assertEqual(UserChange.objects.count(), 1)
        push_users()
        self.assertEqual(UserChange.objects.count(), 0)

    def test_a_user_who_changes_while_the_line_is_made_is_left_to_the_next_run(self):
        read = lines._users

        def read_and_change(user_ids, using):
            users = read(user_ids, using)
            User.objects.get().save()
            return users

        with patch.object(lines, "_users", read_and_change):
            self.assertEqual(push_users(), "0 applied, 0 unchanged, 0 refused\n")
        self.assertEqual(UserChange.objects.count(), 1)

    def test_a_rehash_says_so_and_a_later_change_does_not(self):
        push_users()
        User.objects.update(password=make_password("correct horse", hasher="pbkdf2_sha256"))
        User.objects.get().check_password("correct horse")
        push_users()
        self.assertIs(self.at_gateway()["rehash"], True)
        del self.gateway.users[self.key]["rehash"]
        self.ada.set_password("battery staple")
        self.ada.save()
        push_users()
        self.assertNotIn("rehash", self.at_gateway())
        self.assertEqual(self.at_gateway()["password"], self.ada.password)

    def test_a_deleted_user_is_deleted_and_one_of_the_same_id_is_made_again(self):
        push_users()
        self.ada.delete()
        push_users()
        self.assertEqual(self.gateway.users, {})
        User.objects.create_user("bob", pk=int(self.key))
        push_users()
        self.assertEqual(self.at_gateway()["username"], "bob")

    def test_a_version_behind_the_gateways_is_raised_and_sent_again(self):
        # A server whose clock is ahead made the change before.
        push_users()
        ahead = changes.microseconds() + 5_000_000
        self.gateway.users[self.key]["version"] = ahead
        self.ada.first_name = "Augusta"
        self.ada.save()
        self.assertEqual(push_users(), "1 applied, 0 unchanged, 0 refused, 1 sent again with a later version\n")
        self.assertEqual(self.at_gateway()["version"], ahead + 1)
        self.assertEqual(self.at_gateway()["first_name"], "Augusta")
        self.assertEqual(UserChange.objects.count(), 0)

    def test_refused_users_are_named_stay_and_keep_no_other_from_being_sent(self):
        bob = User.objects.create_user("bob")
        self.gateway.refuse.add(self.key)
        output = io.StringIO()
        with self.assertRaisesMessage(CommandError, "The gateway refused users.") as refused:
            call_command("push_users", stdout=output, stderr=output)
        self.assertEqual(refused.exception.returncode, 3)
        self.assertEqual(
            output.getvalue(),
            f"1 applied, 0 unchanged, 1 refused\nrefused: user {self.key}: email: too long\n",
        )
        self.assertEqual(list(self.gateway.users), [str(bob.pk)])
        self.assertEqual([row.pk for row in UserChange.objects.all()], [self.key])
        for flag in ("--all", "--compare"):
            with self.assertRaises(CommandError), patch.object(self.gateway, "requests", []) as requests:
                push_users(flag)
            self.assertEqual([method for method, _, _ in requests].count("POST"), 1)

    def test_of_many_refused_users_the_first_are_named_and_more_when_asked(self):
        for number in range(11):
            self.gateway.refuse.add(str(User.objects.create_user(f"user{number}").pk))
        for flags, named, end in (
            ((), 10, "refused: 1 more, with --verbosity 2\n"),
            (("--verbosity", "2"), 11, "email: too long\n"),
        ):
            output = io.StringIO()
            with self.assertRaises(CommandError):
                call_command("push_users", *flags, stdout=output, stderr=output)
            self.assertEqual(output.getvalue().count("refused: user "), named)
            self.assertTrue(output.getvalue().endswith(end))

    def test_a_user_is_named_once_also_when_several_steps_of_a_run_send_it(self):
        self.gateway.refuse.add(self.key)
        for flag in ("--all", "--compare"):
            output = io.StringIO()
            with self.assertRaises(CommandError):
                call_command("push_users", flag, stdout=output, stderr=output)
            self.assertEqual(output.getvalue().count(f"refused: user {self.key}: email: too long\n"), 1)

    def test_a_user_whose_line_cannot_be_sent_counts_as_refused_and_keeps_no_other_from_being_sent(self):
        bob = User.objects.create_user("bob", first_name="x" * 800)
        cyd = User.objects.create_user("cyd")
        values = lines.user_values

        def with_a_set(user, *args):
            return {**values(user, *args), **({"extra": {"tags": {1}}} if user.pk == cyd.pk else {})}

        output = io.StringIO()
        with patch.object(push, "MOST_BYTES", 900), patch.object(lines, "user_values", with_a_set):
            with self.assertRaises(CommandError) as refused:
                call_command("push_users", stdout=output, stderr=output)
        self.assertEqual(refused.exception.returncode, 3)
        self.assertEqual(list(self.gateway.users), [self.key])
        self.assertIn(f"refused: user {bob.pk}: longer than 899 bytes\n", output.getvalue())
        self.assertIn(f"refused: user {cyd.pk}: Object of type set is not JSON serializable\n", output.getvalue())

    def test_a_refused_deletion_stays_until_it_is_given_up(self):
        self.gateway.refuse.add("not-a-number")
        UserChange.objects.create(user_id="not-a-number", version=5)
        for _ in range(2):
            with self.assertRaises(CommandError) as refused:
                push_users()
            self.assertEqual(refused.exception.returncode, 3)
        self.assertEqual(push_users("--forget", "not-a-number", "unknown"), "1 forgotten\n")
        self.assertEqual(push_users(), "0 applied, 0 unchanged, 0 refused\n")

    def test_a_run_ends_when_the_gateway_refuses_very_many(self):
        self.gateway.refuse.add(self.key)
        with patch.object(push, "MOST_REFUSED", 0):
            with self.assertRaisesMessage(CommandError, f"such as user {self.key}: email: too long"):
                push_users("--all")

    def test_a_refused_line_whose_id_the_gateway_cannot_read(self):
        self.gateway.answer_with = (200, '{"id":null,"version":null,"result":"refused","error":"id is not a UUID"}')
        with self.assertRaisesMessage(CommandError, "The gateway refused users."):
            push_users()
        self.assertEqual(UserChange.objects.count(), 1)

    def test_requests_have_at_most_450_lines_and_four_mebibytes(self):
        self.assertEqual((client.MOST_LINES, client.MOST_BYTES), (450, 4 * 1024 * 1024))
        for number in range(7):
            User.objects.create_user(f"user{number}")
        with patch.object(push, "MOST_LINES", 3):
            push_users()
        self.assertEqual([size > 0 for _, _, size in self.gateway.requests], [True] * 3)
        self.gateway.requests.clear()
        with patch.object(push, "MOST_BYTES", 700):
            push_users("--all")
        self.assertGreater(len(self.gateway.requests), 3)
        self.assertTrue(all(size <= 700 for _, _, size in self.gateway.requests))
        self.assertEqual(len(self.gateway.users), 8)

    def test_all_sends_what_no_signal_told(self):
        push_users()
        User.objects.update(email="countess@example.com", is_active=False)
        push_users()
        self.assertEqual(self.at_gateway()["email"], "ada@example.com")
        self.assertEqual(push_users("--all"), "1 applied, 0 unchanged, 0 refused\n")
        self.assertEqual(self.at_gateway()["email"], "countess@example.com")

    def test_all_sends_what_no_signal_told_of_a_user_whom_the_gateway_has_by_the_header(self):
        [line] = lines.lines_of([self.key], using="default")
        self.gateway.apply(line.values)
        User.objects.update(is_active=False)
        self.assertEqual(push_users("--all"), "1 applied, 0 unchanged, 0 refused\n")
        self.assertIs(self.at_gateway()["is_active"], False)
        self.assertEqual(UserChange.objects.count(), 0)

    def test_all_sends_deletions_too(self):
        push_users()
        self.ada.delete()
        push_users("--all")
        self.assertEqual(self.gateway.users, {})

    def test_all_overtakes_a_later_version(self):
        push_users()
        self.gateway.users[self.key]["version"] = changes.microseconds() + 5_000_000
        User.objects.update(email="countess@example.com")
        push_users("--all")
        self.assertEqual(self.at_gateway()["email"], "countess@example.com")
        self.assertEqual(UserChange.objects.count(), 0)

    def test_a_comparison_sends_only_whom_the_gateway_lacks_or_has_otherwise(self):
        others = [User.objects.create_user(f"user{number}") for number in range(8)]
        push_users("--all")
        del self.gateway.users[self.key]
        User.objects.filter(pk=others[0].pk).update(is_active=False)
        self.gateway.users[str(others[1].pk)]["version"] = None
        self.assertEqual(push_users("--compare"), "3 applied, 0 unchanged, 0 refused\n")
        self.assertIn(self.key, self.gateway.users)
        self.assertIs(self.gateway.users[str(others[0].pk)]["is_active"], False)
        self.assertEqual(push_users("--compare"), "0 applied, 0 unchanged, 0 refused\n")

    def test_a_comparison_deletes_whom_only_the_gateway_has_but_not_its_own_users(self):
        push_users()
        self.gateway.users["999"] = {"id": "999", "version": 5, "is_active": True}
        self.gateway.users["-1"] = {"id": "-1", "version": None, "is_active": True}
        self.assertEqual(
            push_users("--compare"),
            "1 applied, 0 unchanged, 0 refused (1 deleted); " "1 users of the gateway never came from here and stay\n",
        )
        self.assertEqual(sorted(self.gateway.users), sorted(["-1", self.key]))

    def test_a_comparison_names_whom_only_the_gateway_has_when_asked(self):
        push_users()
        self.gateway.users["-1"] = {"id": "-1", "version": None, "is_active": True}
        self.assertTrue(push_users("--compare", "--verbosity", "2").endswith(" stay\nonly at the gateway: -1\n"))
        self.assertNotIn("only at the gateway", push_users("--compare"))

    def test_a_comparison_does_not_delete_most_users_unless_that_is_said(self):
        for number in range(1000, 1020):
            self.gateway.users[str(number)] = {"id": str(number), "version": 5, "is_active": True}
        with self.assertRaisesMessage(CommandError, "20 of the gateway's 21 users are not in this database"):
            push_users("--compare")
        self.assertEqual(len(self.gateway.users), 21)
        push_users("--compare", "--force")
        self.assertEqual(list(self.gateway.users), [self.key])

    def test_a_user_deleted_at_the_gateway_is_not_sent_back_until_changed_here(self):
        push_users()
        del self.gateway.users[self.key]
        GatewayUser.objects.create(user_id=self.key, sequence=7, deleted=True)
        push_users("--compare")
        push_users("--all")
        self.assertEqual(self.gateway.users, {})
        self.ada.save()
        push_users()
        self.assertEqual(list(self.gateway.users), [self.key])
        self.assertIs(GatewayUser.objects.get().deleted, False)

    def test_a_hash_older_than_the_gateways_is_not_sent(self):
        push_users()
        GatewayUser.objects.create(user_id=self.key, sequence=7, password_changed=True)
        self.gateway.users[self.key]["password"] = "changed at the gateway"
        self.ada.first_name = "Augusta"
        self.ada.save(update_fields=["first_name"])
        push_users()
        push_users("--all")
        self.assertEqual(self.at_gateway()["password"], "changed at the gateway")
        self.assertEqual(self.at_gateway()["first_name"], "Augusta")
        self.ada.set_password("battery staple")
        self.ada.save()
        push_users()
        self.assertEqual(self.at_gateway()["password"], self.ada.password)
        self.assertIs(GatewayUser.objects.get().password_changed, False)


class Failing(TestCase):
    def setUp(self):
        self.gateway = StandIn(KEY)
        self.addCleanup(self.gateway.close)
        User.objects.create_user("ada")

    def assert_fails(self, text):
        with override_settings(SIMPLEJWT_EDGE_URL=self.gateway.url):
            with self.assertRaisesMessage(CommandError, text) as failure:
                push_users()
        self.assertEqual(failure.exception.returncode, 1)
        self.assertEqual(UserChange.objects.count(), 1)

    def test_another_key(self):
        with override_settings(SIMPLEJWT_EDGE_KEY="another key of 32 bytes or more!".replace(" ", "-")):
            self.assert_fails("401 the key is another one than PROVISIONING_KEY")

    def test_provisioning_that_is_off(self):
        self.gateway.answer_with = (404, '{"detail":"Not found."}')
        self.assert_fails("404 PROVISIONING_KEY is not set at the gateway")

    def test_a_gateway_that_fails(self):
        self.gateway.answer_with = (503, '{"detail":"Service unavailable."}')
        self.assert_fails('503 {"detail":"Service unavailable."}')

    def test_a_redirect_is_not_followed(self):
        self.gateway.answer_with = (302, "")
        self.assert_fails("302 Found")

    def test_html(self):
        self.gateway.answer_with = (200, "<!doctype html>")
        self.assert_fails("The gateway's answer is not NDJSON of results")

    def test_an_answer_with_too_few_lines(self):
        self.gateway.answer_with = (200, "")
        self.assert_fails("The gateway answered 1 lines with 0.")

    def test_results_of_other_users(self):
        self.gateway.answer_with = (200, '{"id":"0","version":1,"result":"applied"}')
        self.assert_fails("The gateway's results are not in the order of the lines.")

    def test_no_gateway(self):
        self.gateway.close()
        with patch.object(self.gateway, "close"):
            self.assert_fails("no answer")

    @override_settings(SIMPLEJWT_EDGE_URL="")
    def test_no_settings(self):
        with self.assertRaisesMessage(GatewayError, "are not set"):
            Gateway()

    def test_a_list_that_does_not_end(self):
        self.gateway.answer_with = (200, '{"users":[],"next":"1"}')
        with override_settings(SIMPLEJWT_EDGE_URL=self.gateway.url):
            with self.assertRaisesMessage(GatewayError, "does not end"):
                list(Gateway().users())


class WithoutTables(TransactionTestCase):
    """Before `migrate`: DDL does not run in the transaction of a TestCase."""

    def setUp(self):
        setting = override_settings(SIMPLEJWT_EDGE_URL="http://127.0.0.1:1")
        setting.enable()
        self.addCleanup(setting.disable)
        call_command("migrate", "simplejwt_edge", "zero", verbosity=0)
        self.addCleanup(call_command, "migrate", "simplejwt_edge", verbosity=0)

    def test_the_command_says_to_migrate(self):
        for flags in ((), ("--all",), ("--compare",), ("--forget", "1")):
            with self.subTest(flags):
                with self.assertRaises(CommandError) as failure:
                    push_users(*flags)
                self.assertEqual(
                    str(failure.exception),
                    "These tables are missing: simplejwt_edge_gatewayuser, simplejwt_edge_userchange. "
                    "Run: manage.py migrate",
                )
                self.assertEqual(failure.exception.returncode, 1)

    def test_another_fault_of_the_database_is_not_taken_for_that(self):
        call_command("migrate", "simplejwt_edge", verbosity=0)
        with patch.object(push.Push, "outbox", side_effect=OperationalError("disk I/O error")):
            with self.assertRaisesMessage(OperationalError, "disk I/O error"):
                push_users()
