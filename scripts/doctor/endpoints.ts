// Whether the endpoints that a gateway describes in its OpenAPI document are those that the files here make.
// Must never take for a difference what the files cannot say: the hooks, and a key that is not here.
import { isDeepStrictEqual } from "node:util";
import { openApiDocument } from "../../src/api/openapi/openapi.ts";
import type { Configuration } from "../../src/configuration.ts";
import { type Finding, reporting } from "./findings.ts";

type Json = Readonly<Record<string, unknown>>;

const jwks = "/.well-known/jwks.json";
const isRecord = (value: unknown): value is Json => typeof value === "object" && value !== null;
const recordIn = (value: unknown): Json => (isRecord(value) ? value : {});

/**
 * @param document what `/_gateway/openapi.json` answered; undefined where that is no JSON object
 * @param knowsKeys whether the configuration has the real signing key, and not a placeholder
 */
export function endpointFindings(
  document: Json | undefined,
  { settings }: Configuration,
  { knowsKeys, publishesKeys }: { readonly knowsKeys: boolean; readonly publishesKeys: boolean },
): readonly Finding[] {
  const endpoints = reporting("endpoints");
  const there = recordIn(document?.paths);
  if (Object.keys(there).length === 0) {
    return [endpoints.skipped("/_gateway/openapi.json does not answer with a document, so nothing was compared.")];
  }
  // A hook may add members to responses. As JSON has it: without what is undefined.
  const [plain, withMembers] = [false, true].map((addsMembers): Json => {
    return JSON.parse(JSON.stringify(openApiDocument(settings, publishesKeys, addsMembers)));
  });
  const [version, ours] = [String(recordIn(document?.info).version), String(recordIn(plain?.info).version)];
  if (version !== ours) {
    return [
      endpoints.warning(
        `Version ${version} is deployed, and this is ${ours}: their endpoints were not compared.`,
        "npm run deploy, or use the version that is deployed.",
      ),
    ];
  }
  const variants = [recordIn(plain?.paths), recordIn(withMembers?.paths)];
  const [here = {}] = variants;
  const isCompared = (path: string) => knowsKeys || path !== jwks;
  const all = [...new Set([...Object.keys(here), ...Object.keys(there)])].filter(isCompared);
  const named = (paths: readonly string[]) => paths.join(", ");
  const [missing, strange, other] = [
    all.filter((path) => !Object.hasOwn(there, path)),
    all.filter((path) => !Object.hasOwn(here, path)),
    all.filter(
      (path) =>
        Object.hasOwn(there, path) &&
        Object.hasOwn(here, path) &&
        !variants.some((paths) => isDeepStrictEqual(paths[path], there[path])),
    ),
  ];
  const texts = [
    ...(missing.length > 0 ? [`does not serve ${named(missing)}, which it does by the files here`] : []),
    ...(strange.length > 0 ? [`serves ${named(strange)}, which it does not by the files here`] : []),
    ...(other.length > 0 ? [`describes ${named(other)} in another way`] : []),
  ];
  if (texts.length === 0) return [endpoints.ok("The gateway's endpoints are those of the files here.")];
  return [
    endpoints.error(
      `What is deployed is not what is here: the gateway ${texts.join(", and ")}.`,
      "npm run deploy, or use the files from which was deployed last.",
    ),
  ];
}
