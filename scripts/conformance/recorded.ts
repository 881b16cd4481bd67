// The recorded answers of the token endpoints, each with the settings it was recorded under.
// Must never leave out a recording for its status.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readSettings } from "../../src/settings/read.ts";
import type { Settings } from "../../src/settings/settings.ts";
import type { Answer } from "./documented.ts";

/** A recorded answer, and what tells it apart. */
export interface Recorded extends Answer {
  readonly scenario: string;
  readonly step: number;
  readonly tags: readonly string[];
  readonly profile: string;
}

interface Expected {
  readonly id: string;
  readonly profile: string;
  readonly steps: ReadonlyArray<{
    readonly step: number;
    readonly request: string;
    readonly tags: readonly string[];
    readonly status: number;
    /** The body with marks for what differs each time. */
    readonly body?: unknown;
    /** The body's own text, where no words of a language are in it. */
    readonly text?: string;
  }>;
}

const readJson = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));

/** All answers below TOKEN_PREFIX in the suite's folder. */
export function recordedAnswers(suite: string): Recorded[] {
  const folder = join(suite, "expected");
  return readdirSync(folder).flatMap((file) => {
    const { id, profile, steps } = readJson(join(folder, file)) as Expected;
    return steps.flatMap(({ step, request, tags, status, body, text }) => {
      const [method = "", target = ""] = request.split(" ");
      const [path = ""] = target.split("?");
      if (!path.startsWith("/api/token")) return [];
      return [{ scenario: id, step, tags, profile, method, path, status, body: jsonOf(text ?? wordsIn(body)) }];
    });
  });
}

/** The body of a translated answer as text: any word stands for a mark of words. */
function wordsIn(body: unknown): string | undefined {
  return JSON.stringify(body, (_, value) => (Object.hasOwn(Object(value), "$translated") ? "words" : value));
}

/** Undefined for no body; what is no JSON comes as it is, which no schema here takes. */
function jsonOf(text: string | undefined): unknown {
  if (text === undefined || text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The settings of a profile. Keys stay the suite's placeholders: no document depends on them. */
export function profileSettings(suite: string, profile: string): Settings {
  const file = join(suite, "profiles", `${profile}.json`);
  const { settings, gateway } = readJson(file) as Readonly<Record<"settings" | "gateway", Record<string, unknown>>>;
  const blacklist = settings.TOKEN_BLACKLIST_ENABLED === true;
  const vars = Object.entries({
    ...settings,
    // What the original asks its user model for.
    ...gateway,
    TOKEN_BLACKLIST_ENABLED: blacklist,
    TOKEN_ENDPOINTS: ["obtain", "refresh", "verify", "sliding", ...(blacklist ? ["blacklist"] : [])],
  });
  return readSettings(Object.fromEntries(vars.map(([name, value]) => [name, value ?? ""]))).settings;
}
