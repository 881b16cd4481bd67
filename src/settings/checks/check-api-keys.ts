// Checks API_KEYS with the routes and settings that go with it.
import { servedEndpoints } from "../derived.ts";
import { isRecord } from "../readers.ts";
import type { Settings } from "../settings.ts";

/** The word before a key in the header `Authorization`, in small letters. */
const scheme = "api-key";

/** Adds to the errors and warnings of readSettings(). Routes are not read yet: what is no table is an error of its own. */
export function checkApiKeys(settings: Settings, errors: string[], warnings: string[]): void {
  const { API_KEYS, AUTH_HEADER_TYPES, ROUTES, PROVISIONING_KEY } = settings;
  const introspects = servedEndpoints(settings).includes("introspect");
  if (introspects && !API_KEYS && PROVISIONING_KEY === "") {
    errors.push(
      'TOKEN_ENDPOINTS has "introspect", which needs API_KEYS = true or PROVISIONING_KEY: nobody could ask otherwise.',
    );
  }
  const admitting = [...ROUTES.entries()].filter(([, route]) => isRecord(route) && (route.api_keys ?? false) !== false);
  if (!API_KEYS) {
    for (const [index] of admitting) errors.push(`ROUTES[${index}].api_keys needs API_KEYS = true.`);
    return;
  }
  if (AUTH_HEADER_TYPES.some((type) => type.toLowerCase() === scheme)) {
    errors.push("AUTH_HEADER_TYPES must not have Api-Key while API_KEYS is true: it is the scheme of API keys.");
  }
  if (admitting.length === 0 && !introspects)
    warnings.push("API_KEYS is true, but no route has api_keys: no API key opens anything.");
}
