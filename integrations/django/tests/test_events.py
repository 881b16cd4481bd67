"""Events of the gateway: verified, applied once, and never pushed back."""

import time
from datetime import datetime, timedelta, timezone

import jwt
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.test import TestCase, override_settings

from simplejwt_edge.models import GatewayUser, UserChange
from simplejwt_edge.signals import gateway_event

KEY = "0123456789abcdef0123456789abcdef"
URL = "https://testserver/simplejwt-edge/events/"


class Receiving(TestCase):
    def setUp(self):
        self.ada = User.objects.create_user("ada", "ada@example.com", "correct horse")
        UserChange.objects.all().delete()
        self.at = int(time.time()) - 60

    def send(self, event="login", sequence=1, key=KEY, typ="event+jwt", algorithm="HS256", **claims):
        now = int(time.time())
        claims = {
            **{"iat": now, "jti": str(sequence), "aud": URL, "sub": str(self.ada.pk)},
            **{"sequence": sequence, "event": event, "at": self.at, "data": {}, **claims},
        }
        token = jwt.encode(claims, key, algorithm=algorithm, headers={"typ": typ})
        return self.client.post("/simplejwt-edge/events/", token, content_type="application/jwt")

    def assert_refused(self, **changes):
        with self.assertLogs("simplejwt_edge", "WARNING"):
            response = self.send(**changes)
        self.assertEqual(response.status_code, 401)
        self.assertEqual(response.json(), {"detail": "This is not an event of the gateway."})
        self.assertEqual(GatewayUser.objects.count(), 0)

    def test_a_log_in_sends_user_logged_in_and_writes_its_time(self):
        seen = []

        def receive(sender, request, user, **kwargs):
            seen.append((sender, user.pk, request.path))

        user_logged_in.connect(receive)
        self.addCleanup(user_logged_in.disconnect, receive)
        self.assertEqual(self.send().status_code, 204)
        self.assertEqual(seen, [(User, self.ada.pk, "/simplejwt-edge/events/")])
        self.ada.refresh_from_db()
        self.assertEqual(self.ada.last_login, datetime.fromtimestamp(self.at, timezone.utc))

    def test_an_earlier_log_in_does_not_set_the_time_back(self):
        later = datetime.fromtimestamp(self.at, timezone.utc) + timedelta(seconds=5)
        User.objects.update(last_login=later)
        self.send()
        self.ada.refresh_from_db()
        self.assertEqual(self.ada.last_login, later)

    def test_a_receiver_that_fails_does_not_bring_the_event_back(self):
        def fail(**kwargs):
            raise RuntimeError

        user_logged_in.connect(fail)
        self.addCleanup(user_logged_in.disconnect, fail)
        with self.assertLogs("simplejwt_edge", "ERROR"):
            self.assertEqual(self.send().status_code, 204)

    def test_older_events_are_dropped(self):
        seen = []

        def receive(claims, **kwargs):
            seen.append(claims["sequence"])

        gateway_event.connect(receive)
        self.addCleanup(gateway_event.disconnect, receive)
        for sequence in (5, 5, 4, 6):
            self.assertEqual(self.send(sequence=sequence).status_code, 204)
        self.assertEqual(seen, [5, 6])
        self.assertEqual(GatewayUser.objects.get().sequence, 6)

    def test_sequences_are_counted_for_each_user(self):
        bob = User.objects.create_user("bob")
        self.send(sequence=9)
        self.send("user_changed", sequence=8, sub=str(bob.pk), data={"first_name": "Bob"})
        bob.refresh_from_db()
        self.assertEqual(bob.first_name, "Bob")

    def test_changed_fields_are_applied_and_not_pushed_back(self):
        data = {
            "username": "countess",
            "first_name": "Augusta",
            "is_active": False,
            "is_staff": True,
        }
        self.send("user_changed", data=data)
        self.ada.refresh_from_db()
        self.assertEqual({name: getattr(self.ada, name) for name in data}, data)
        self.assertEqual(UserChange.objects.count(), 0)

    def test_a_change_here_after_an_event_is_pushed(self):
        self.send("user_changed", data={"first_name": "Augusta"})
        User.objects.get().save()
        self.assertEqual(UserChange.objects.count(), 1)

    def test_secret_unknown_and_mistyped_fields_are_not_set(self):
        data = {
            "password": "!",
            "last_login": "x",
            "pk": "5",
            "email": 7,
            "is_active": "no",
            "groups": [],
        }
        before = User.objects.values().get()
        self.assertEqual(self.send("user_changed", data=data).status_code, 204)
        self.assertEqual(User.objects.values().get(), before)

    def test_a_name_that_another_user_has_leaves_the_row(self):
        User.objects.create_user("bob")
        with self.assertLogs("simplejwt_edge", "ERROR"):
            response = self.send("user_changed", data={"username": "bob", "first_name": "Augusta"})
        self.assertEqual(response.status_code, 204)
        self.ada.refresh_from_db()
        self.assertEqual((self.ada.username, self.ada.first_name), ("ada", ""))

    def test_a_password_changed_at_the_gateway_is_noted(self):
        self.send("user_changed", data={"password_changed": True})
        self.assertIs(GatewayUser.objects.get().password_changed, True)

    def test_a_user_deleted_at_the_gateway_is_deactivated(self):
        self.send("user_deleted")
        self.ada.refresh_from_db()
        self.assertIs(self.ada.is_active, False)
        self.assertEqual(UserChange.objects.count(), 0)

    @override_settings(SIMPLEJWT_EDGE_OPTIONS={"DELETE_USERS": True})
    def test_or_deleted(self):
        self.send("user_deleted")
        self.assertEqual(User.objects.count(), 0)
        self.assertEqual(UserChange.objects.count(), 0)

    def test_an_event_of_a_user_who_is_not_here_is_taken(self):
        for sequence, event in enumerate(("login", "user_changed", "user_deleted", "logout", "new"), 1):
            response = self.send(event, sequence, sub="not-a-number", data={"first_name": "x"})
            self.assertEqual(response.status_code, 204)

    def test_another_key_type_audience_or_time_is_refused(self):
        self.assert_refused(key="another-key-of-32-bytes-or-more!")
        self.assert_refused(typ="JWT")
        self.assert_refused(typ="provisioning+jwt")
        self.assert_refused(algorithm="HS512")
        self.assert_refused(aud="https://testserver/other/")
        self.assert_refused(aud="queue")
        self.assert_refused(aud=[URL])
        self.assert_refused(iat=int(time.time()) - 310)
        self.assert_refused(iat=int(time.time()) + 310)

    def test_claims_of_another_kind_are_refused(self):
        self.assert_refused(sequence="1")
        self.assert_refused(sequence=True)
        self.assert_refused(sequence=2**53)
        self.assert_refused(at=10**15)
        self.assert_refused(sub="x" * 256)
        self.assert_refused(data=[])

    def test_clocks_90_seconds_apart_are_taken(self):
        self.assertEqual(self.send(iat=int(time.time()) + 90).status_code, 204)

    @override_settings(SIMPLEJWT_EDGE_KEY="the-new-key-of-32-bytes-or-more!! " + KEY)
    def test_both_keys_verify(self):
        self.assertEqual(self.send().status_code, 204)
        self.assertEqual(self.send(key="the-new-key-of-32-bytes-or-more!!", sequence=2).status_code, 204)

    @override_settings(SIMPLEJWT_EDGE_OPTIONS={"EVENTS_URL": "https://internal.example.com/events/"})
    def test_the_audience_of_the_options(self):
        self.assert_refused()
        self.assertEqual(self.send(aud="https://internal.example.com/events/").status_code, 204)

    def test_what_is_no_event_is_refused(self):
        post = lambda body: self.client.post("/simplejwt-edge/events/", body, content_type="application/jwt")
        with self.assertLogs("simplejwt_edge", "WARNING"):
            self.assertEqual(post(b"\xff.x.y").status_code, 401)
            self.assertEqual(post("").status_code, 401)
        self.assertEqual(post("x" * 70_000).status_code, 413)
        self.assertEqual(self.client.get("/simplejwt-edge/events/").status_code, 405)
