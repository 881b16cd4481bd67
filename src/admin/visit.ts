// One request to the admin page by somebody who is logged in, and the form that it may bring.
// Must never hold what was typed longer than the request.
import { refuse } from "../errors.ts";
import type { AdminDeps } from "../flows/admin-deps.ts";
import type { Admin } from "../flows/admin-session.ts";
import type { Act } from "../flows/admin-users.ts";
import { readBody } from "../http/body.ts";
import type { Exchange } from "../http/exchange.ts";

export interface Visit {
  readonly deps: AdminDeps;
  readonly request: Request;
  readonly exchange: Exchange;
  readonly admin: Admin;
  /** The number in the path; 0 where there is none. */
  readonly id: number;
  readonly query: URLSearchParams;
  /** What the request's form holds; read once. */
  readonly form: () => Promise<Form>;
}

/** The visit as flows take it. */
export function actOf({ admin, exchange }: Visit): Act {
  return { admin, nowSeconds: exchange.nowSeconds };
}

/** What a form sent: text by name. A field that is missing is empty, and a checkbox that is not ticked is missing. */
export interface Form {
  text(name: string): string;
  isTicked(name: string): boolean;
  readonly names: readonly string[];
}

/** Forms here hold some names and a password. */
const longestFormBytes = 64 * 1024;

/** Reads a form that is not a file's. */
export async function readForm(request: Request): Promise<Form> {
  const body = await readBody(request, longestFormBytes);
  if (body.kind !== "form") refuse("media_type_unsupported", { names: "application/json" });
  const text = (name: string) => {
    const value = body.fields.get(name);
    return typeof value === "string" ? value : "";
  };
  return { text, isTicked: (name) => text(name) === "on", names: [...body.fields.keys()] };
}
