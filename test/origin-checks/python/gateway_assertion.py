"""Verifies X-Gateway-Assertion. Needs PyJWT, and cryptography for a public key."""

from jwt import InvalidTokenError
from jwt.api_jwt import decode_complete


def read_assertion(assertion, *, key, algorithm, audience, issuer="simplejwt-edge"):
    """Returns the claims of a valid assertion. Raises jwt.PyJWTError otherwise.

    key: ASSERTION_KEY with algorithm "HS256", or the gateway's public key as PEM with its own algorithm.
    audience: this API's scheme, host and port, as in ORIGIN_URL: "https://api.example.com".
    """
    token = decode_complete(
        assertion,
        key,
        algorithms=[algorithm],
        audience=audience,
        issuer=issuer,
        leeway=5,
        options={"require": ["iss", "aud", "sub", "iat", "exp"]},
    )
    if token["header"].get("typ") != "gateway-assertion+jwt":
        raise InvalidTokenError("not an assertion")
    return token["payload"]
