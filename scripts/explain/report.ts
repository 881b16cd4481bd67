// The explanation as lines for people: request, token, every check, outcome.
// Must never contain the token, its signature or a control character.
import { styled } from "../shared/terminal.ts";
import type { Check, Verdict } from "./checks.ts";
import { shown } from "./decode-token.ts";
import type { Explanation, Outcome } from "./explain-request.ts";

/** A detail may quote several values, each of which is cut by itself. */
const longestDetail = 400;

const colours: Readonly<Record<Verdict, "green" | "red" | "yellow" | "dim">> = {
  passed: "green",
  failed: "red",
  "passed over": "yellow",
  "not asked": "dim",
  "not reached": "dim",
};

/** @param about lines about request and token, shown above the checks */
export function reportLines(
  { checks, outcome }: Explanation,
  about: readonly string[],
  stream = process.stdout,
): string[] {
  const widths = {
    verdict: Math.max(...Object.keys(colours).map((verdict) => verdict.length)),
    check: Math.max(...checks.map(({ check }) => check.length)),
  };
  const line = ({ check, verdict, detail, reason }: Check): string => {
    const because = reason === undefined ? "" : ` [${reason}]`;
    const text = `${check.padEnd(widths.check)}  ${shown(detail, longestDetail)}${because}`.trimEnd();
    return `  ${styled(colours[verdict], verdict.padEnd(widths.verdict), stream)}  ${text}`;
  };
  return [...about, "", ...checks.map(line), "", ...outcomeLines(outcome, stream)];
}

function outcomeLines(outcome: Outcome, stream: typeof process.stdout): string[] {
  if (outcome.kind === "own") return [`Answered by the gateway (${outcome.what}); ROUTES does not apply.`];
  if (outcome.kind === "refused") {
    return [
      styled("red", `Refused with ${outcome.status} (${outcome.reason}). The client gets:`, stream),
      ...(outcome.challenge === null ? [] : [`  WWW-Authenticate: ${outcome.challenge}`]),
      `  ${JSON.stringify(outcome.body)}`,
    ];
  }
  const shadowed =
    outcome.shadowed === null
      ? ""
      : ` as anonymous, because enforce is false (it would be refused for ${outcome.shadowed})`;
  return [
    styled("green", `Forwarded to ${shown(outcome.url)}${shadowed} with:`, stream),
    ...Object.entries(outcome.headers).map(([name, value]) => `  ${name}: ${value}`),
    ...(Object.keys(outcome.headers).length === 0 ? ["  no header that identifies the caller"] : []),
  ];
}
