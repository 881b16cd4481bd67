// Checks TENANT_DOMAIN: a domain as hosts are compared with it.
import { isRecord, shown } from "../readers.ts";
import type { Settings } from "../settings.ts";

/** Adds to the errors and warnings of readSettings(). */
export function checkTenants({ TENANT_DOMAIN, ROUTES }: Settings, errors: string[], warnings: string[]): void {
  if (TENANT_DOMAIN === null) return;
  if (!/^(?!-)[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(TENANT_DOMAIN) || /(^|\.)[0-9]+$/.test(TENANT_DOMAIN)) {
    errors.push(
      `TENANT_DOMAIN must be a domain in lower case, such as example.com, without a port, other alphabets in Punycode; it is ${shown(TENANT_DOMAIN)}.`,
    );
  } else if (!ROUTES.some(namesSubdomain)) {
    warnings.push("TENANT_DOMAIN is not used: no route has $subdomain in its require.");
  }
}

const namesSubdomain = (route: unknown): boolean =>
  isRecord(route) && isRecord(route.require) && Object.values(route.require).includes("$subdomain");
