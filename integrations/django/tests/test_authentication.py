"""request.user of Django REST framework from X-Gateway-Assertion."""

import time

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.test import TestCase, override_settings

KEY = "fedcba9876543210fedcba9876543210"
AUDIENCE = "https://api.example.com"


class Authentication(TestCase):
    def setUp(self):
        self.ada = User.objects.create_user("ada")

    def ask(self, key=KEY, algorithm="HS256", typ="gateway-assertion+jwt", without=(), path="/whoami/", **claims):
        now = int(time.time())
        claims = {
            **{"iss": "simplejwt-edge", "aud": AUDIENCE, "sub": str(self.ada.pk)},
            **{"request_id": "r", "iat": now, "exp": now + 60, **claims},
        }
        claims = {name: value for name, value in claims.items() if name not in without}
        assertion = jwt.encode(claims, key, algorithm=algorithm, headers={"typ": typ})
        return self.client.get(path, HTTP_X_GATEWAY_ASSERTION=assertion)

    def assert_refused(self, detail, **changes):
        response = self.ask(**changes)
        self.assertEqual((response.status_code, response.json()), (401, {"detail": detail}))
        self.assertEqual(response["WWW-Authenticate"], 'Bearer realm="api"')

    def test_the_user_and_the_claims(self):
        response = self.ask(email="ada@example.com")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json()["user"], self.ada.pk)
        self.assertEqual(response.json()["claims"]["email"], "ada@example.com")

    def test_without_an_assertion_the_caller_is_anonymous(self):
        response = self.client.get("/whoami/", HTTP_X_USER_ID=str(self.ada.pk))
        self.assertEqual(response.json(), {"user": None, "claims": None})

    def test_what_the_gateway_did_not_sign_for_this_api_is_refused(self):
        refused = "This did not come through the gateway."
        self.assert_refused(refused, key="another-key-of-32-bytes-or-more!")
        self.assert_refused(refused, typ="JWT")
        self.assert_refused(refused, aud="https://other.example.com")
        self.assert_refused(refused, iss="other")
        self.assert_refused(refused, exp=int(time.time()) - 10)
        self.assert_refused(refused, algorithm="HS512")
        for name in ("iss", "aud", "sub", "iat", "exp"):
            self.assert_refused(refused, without=[name])

    def test_an_api_key_is_nobody_with_claims(self):
        response = self.ask(without=["sub"], api_key="4fT9xQ2b", scope="reports")
        self.assertEqual(response.status_code, 200)
        self.assertIsNone(response.json()["user"])
        self.assertEqual(response.json()["claims"]["api_key"], "4fT9xQ2b")

    def test_a_statement_about_a_user_and_a_key_is_refused(self):
        self.assert_refused("This did not come through the gateway.", api_key="4fT9xQ2b")

    def test_a_view_for_api_keys_wants_all_its_scopes_and_no_user(self):
        def status(**changes):
            return self.ask(path="/reports/", **changes).status_code

        key = {"without": ["sub"], "api_key": "4fT9xQ2b"}
        self.assertEqual(status(**key, scope="exports other reports"), 200)
        self.assertEqual(status(**key, scope="reports"), 403)
        self.assertEqual(status(**key), 403)
        self.assertEqual(status(scope="reports exports"), 403)
        self.assertEqual(self.client.get("/reports/").status_code, 401)

    def test_a_user_who_is_gone_or_inactive_is_refused(self):
        self.assert_refused("User not found", sub="999999")
        self.assert_refused("User not found", sub="not-a-number")
        User.objects.update(is_active=False)
        self.assert_refused("User is inactive")

    @override_settings(SIMPLE_JWT={"USER_ID_FIELD": "username"})
    def test_the_field_that_tokens_name_users_by(self):
        self.assertEqual(self.ask(sub="ada").json()["user"], self.ada.pk)

    def test_a_public_key(self):
        key = ec.generate_private_key(ec.SECP256R1())
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        options = {
            "ASSERTION_KEY": public,
            "ASSERTION_ALGORITHM": "ES256",
            "ASSERTION_AUDIENCE": AUDIENCE,
        }
        with override_settings(SIMPLEJWT_EDGE_OPTIONS=options):
            self.assertEqual(self.ask(key=key, algorithm="ES256").status_code, 200)
            self.assert_refused("This did not come through the gateway.")

    @override_settings(SIMPLEJWT_EDGE_OPTIONS={})
    def test_missing_options_are_an_error_of_the_project(self):
        with self.assertRaises(ImproperlyConfigured):
            self.ask()
