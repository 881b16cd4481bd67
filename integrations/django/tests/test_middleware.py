"""X-Gateway-Users: what a request changed, sealed for the gateway and bound to the request."""

import json
from unittest.mock import patch

from django.contrib.auth.models import User
from django.test import TransactionTestCase, override_settings

from simplejwt_edge.models import UserChange
from simplejwt_edge.protocol import seal_users, sealed_bytes

from .stand_in import open_sealed, unpadded

KEY = "0123456789abcdef0123456789abcdef"
REQUEST_ID = "4b825dc6-42cb-4a6b-8e0a-123456789abc"


class Header(TransactionTestCase):
    def ask(self, path):
        return self.client.post(path, HTTP_X_REQUEST_ID=REQUEST_ID)

    def assert_tells_of_ada(self, response):
        told = open_sealed(response["X-Gateway-Users"], KEY)
        ada, row = User.objects.get(), UserChange.objects.get()
        self.assertEqual(told["rid"], REQUEST_ID)
        self.assertIsInstance(told["iat"], int)
        [line] = told["users"]
        self.assertEqual(
            (line["id"], line["version"], line["username"], line["password"]),
            (str(ada.pk), row.version, "ada", ada.password),
        )

    def test_a_sign_up_is_told(self):
        response = self.ask("/sign-up/")
        self.assertEqual(response.status_code, 201)
        self.assert_tells_of_ada(response)

    def test_a_streaming_response_has_it(self):
        response = self.ask("/stream/")
        self.assert_tells_of_ada(response)
        self.assertEqual(b"".join(response.streaming_content), b"onetwo")

    async def test_an_asynchronous_view_has_it(self):
        response = await self.async_client.post("/async-sign-up/", **{"x-request-id": REQUEST_ID})
        told = open_sealed(response["X-Gateway-Users"], KEY)
        self.assertEqual([line["username"] for line in told["users"]], ["ada"])

    def test_atomic_requests_are_committed_before(self):
        with patch.dict("django.db.connection.settings_dict", ATOMIC_REQUESTS=True):
            self.assert_tells_of_ada(self.ask("/sign-up/"))

    def test_what_was_rolled_back_is_not_told(self):
        self.assertNotIn("X-Gateway-Users", self.ask("/roll-back/"))

    def test_a_request_that_changes_nobody_has_none_and_asks_no_database(self):
        with self.assertNumQueries(0):
            self.assertNotIn("X-Gateway-Users", self.ask("/nothing/"))

    def test_without_a_request_id_there_is_none(self):
        self.assertNotIn("X-Gateway-Users", self.client.post("/sign-up/"))
        self.assertEqual(UserChange.objects.count(), 1)

    @override_settings(SIMPLEJWT_EDGE_KEY="")
    def test_without_a_key_there_is_none(self):
        self.assertNotIn("X-Gateway-Users", self.ask("/sign-up/"))

    @override_settings(SIMPLEJWT_EDGE_KEY="the-new-key-of-32-bytes-or-more!! " + KEY)
    def test_the_first_key_seals(self):
        told = open_sealed(self.ask("/sign-up/")["X-Gateway-Users"], "the-new-key-of-32-bytes-or-more!!")
        self.assertEqual(len(told["users"]), 1)

    def test_users_that_do_not_fit_are_left_to_the_push(self):
        header = self.ask("/many/")["X-Gateway-Users"]
        self.assertLessEqual(len(header), 3072)
        told = open_sealed(header, KEY)["users"]
        self.assertGreaterEqual(len(told), 4)
        self.assertEqual(UserChange.objects.count(), 12)

    def test_a_failure_costs_the_header_and_not_the_response(self):
        with patch("simplejwt_edge.middleware.seal_users", side_effect=RuntimeError):
            with self.assertLogs("simplejwt_edge", "ERROR"):
                response = self.ask("/sign-up/")
        self.assertEqual(response.status_code, 201)
        self.assertNotIn("X-Gateway-Users", response)

    def test_a_request_does_not_tell_what_another_changed(self):
        self.ask("/sign-up/")
        self.assertNotIn("X-Gateway-Users", self.ask("/nothing/"))


class Sealing(TransactionTestCase):
    def test_the_length_is_known_before(self):
        for size in range(100, 140):
            sealed = seal_users(KEY, request_id="r", now=1, lines=[b"1" * size])
            plaintext = unpadded(sealed.split(".")[3])
            self.assertEqual(sealed_bytes(len(plaintext)), len(sealed))

    def test_a_line_that_does_not_fit_does_not_keep_the_next_one_out(self):
        long, short = json.dumps("a" * 3000).encode(), b'"b"'
        sealed = seal_users(KEY, request_id="r", now=1, lines=[long, short])
        self.assertEqual(open_sealed(sealed, KEY), {"rid": "r", "iat": 1, "users": ["b"]})
        self.assertIsNone(seal_users(KEY, request_id="r", now=1, lines=[long]))
