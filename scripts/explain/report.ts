// The explanation as lines for people: what was asked, what the token says, every check, what comes of it.
// Must never have the token, its signature or a control character in it.
import { styled } from "../shared/style.ts";
import type { Check, Verdict } from "./checks.ts";
import type { Explanation, Outcome } from "./explain-request.ts";
import { shown } from "./peek.ts";

/** A detail may quote several values, each of which is cut by itself. */
const longestDetail = 400;

const colours: Readonly<Record<Verdict, "green" | "red" | "yellow" | "dim">> = {
  passed: "green",
  failed: "red",
  "passed over": "yellow",
  "not asked": "dim",
  "not reached": "dim",
};

/** @param about lines on the request and the token that stand above the checks */
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
    const told = `${check.padEnd(widths.check)}  ${shown(detail, longestDetail)}${because}`.trimEnd();
    return `  ${styled(colours[verdict], verdict.padEnd(widths.verdict), stream)}  ${told}`;
  };
  return [...about, "", ...checks.map(line), "", ...outcomeLines(outcome, stream)];
}

function outcomeLines(outcome: Outcome, stream: typeof process.stdout): string[] {
  if (outcome.kind === "own") return [`The gateway answers itself (${outcome.what}); no rule of ROUTES is asked.`];
  if (outcome.kind === "refused") {
    return [
      styled("red", `Refused with ${outcome.status}, for ${outcome.reason}. The client gets:`, stream),
      ...(outcome.challenge === null ? [] : [`  WWW-Authenticate: ${outcome.challenge}`]),
      `  ${JSON.stringify(outcome.body)}`,
    ];
  }
  const shadowed =
    outcome.shadowed === null
      ? ""
      : ` as anonymous, because enforce is false (it would be refused for ${outcome.shadowed})`;
  return [
    styled("green", `Goes on to ${shown(outcome.url)}${shadowed} with:`, stream),
    ...Object.entries(outcome.headers).map(([name, value]) => `  ${name}: ${value}`),
    ...(Object.keys(outcome.headers).length === 0 ? ["  nothing that says who is calling"] : []),
  ];
}
