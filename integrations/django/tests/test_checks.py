"""manage.py check names what is wrong."""

from django.test import SimpleTestCase, override_settings

from simplejwt_edge.checks import check_settings


class Checks(SimpleTestCase):
    def found(self, **settings):
        with override_settings(**settings):
            return [message.id.split(".")[1] for message in check_settings()]

    def test_a_project_as_it_should_be(self):
        self.assertEqual(self.found(), [])
        self.assertEqual(self.found(SIMPLEJWT_EDGE_URL="https://api.example.com/"), [])

    def test_an_app_that_is_not_configured(self):
        self.assertEqual(self.found(SIMPLEJWT_EDGE_URL="", SIMPLEJWT_EDGE_KEY=""), ["W001"])

    def test_urls(self):
        for url in (
            "",
            "api.example.com",
            "http://api.example.com",
            "https://a:b@c.example",
            "https://a.example/?x=1",
        ):
            self.assertEqual(self.found(SIMPLEJWT_EDGE_URL=url), ["E001"])

    def test_keys(self):
        key = "0123456789abcdef0123456789abcdef"
        self.assertEqual(self.found(SIMPLEJWT_EDGE_KEY=f"{key} {key[::-1]}"), [])
        for wrong in ("", "short", f"{key} short", f"{key} {key} {key}"):
            self.assertEqual(self.found(SIMPLEJWT_EDGE_KEY=wrong), ["E002"])
        self.assertEqual(self.found(SIMPLEJWT_EDGE_KEY=key, SIMPLE_JWT={"SIGNING_KEY": key}), ["E003"])

    def test_options(self):
        self.assertEqual(self.found(SIMPLEJWT_EDGE_OPTIONS={"EXTRAS": []}), ["E004"])
        for extra in ("groups", ["nothing"], ["password"]):
            self.assertEqual(self.found(SIMPLEJWT_EDGE_OPTIONS={"EXTRA": extra}), ["E005"])
        self.assertEqual(
            self.found(SIMPLEJWT_EDGE_OPTIONS={"ASSERTION_AUDIENCE": "https://a.example"}),
            ["E006"],
        )

    def test_the_middleware(self):
        self.assertEqual(self.found(MIDDLEWARE=[]), ["W002"])
