"""What the gateway says in X-Gateway-Assertion. Needs PyJWT, and cryptography for a public key."""

from jwt import InvalidTokenError
from jwt.api_jwt import decode_complete


def read_assertion(assertion, *, key, algorithm, audience, issuer="simplejwt-edge"):
    """The claims of an assertion. Raises jwt.PyJWTError for anything else.

    key: ASSERTION_KEY with algorithm "HS256", or the gateway's public key as PEM with its own algorithm.
    audience: this API as the gateway calls it: "https://api.example.com".
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
        raise InvalidTokenError("a token of another kind")
    return token["payload"]
