// Express: request.caller has the claims of the gateway's assertion, or is undefined.
import { jwtVerify } from "jose";

/**
 * `key` is new TextEncoder().encode(ASSERTION_KEY) with algorithm "HS256", or, with the gateway's own algorithm,
 * createRemoteJWKSet(new URL("https://gateway.example.com/.well-known/jwks.json")).
 * `audience` is this API's scheme, host and port, as in ORIGIN_URL: "https://api.example.com".
 */
export function gatewayCaller({ key, algorithm, audience, issuer = "simplejwt-edge" }) {
  const expected = { algorithms: [algorithm], audience, issuer, typ: "gateway-assertion+jwt", clockTolerance: 5 };
  return async (request, response, next) => {
    request.caller = undefined;
    const assertion = request.get("X-Gateway-Assertion");
    if (assertion === undefined) return next();
    try {
      const { payload } = await jwtVerify(assertion, key, { ...expected, requiredClaims: ["sub", "iat", "exp"] });
      request.caller = payload;
    } catch {
      return response.status(401).json({ detail: "This did not come through the gateway." });
    }
    return next();
  };
}
