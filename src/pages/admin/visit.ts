// One request to the admin page by somebody who is logged in, and the form that it may bring.
// Must never hold what was typed longer than the request.

import type { AdminDeps } from "../../administration/admin-deps.ts";
import type { Admin } from "../../administration/admin-session.ts";
import type { Act } from "../../administration/admin-users.ts";
import type { RequestContext } from "../../context.ts";
import { type Reason, refuse } from "../../errors.ts";
import { readBody } from "../../http/body.ts";
import type { UserId } from "../../users/user.ts";

export interface Visit {
  readonly deps: AdminDeps;
  readonly request: Request;
  readonly context: RequestContext;
  readonly admin: Admin;
  /** The number in the path; 0 where there is none. */
  readonly id: UserId;
  readonly query: URLSearchParams;
  /** What the request's form holds; read once. */
  readonly form: () => Promise<Form>;
}

/** A page that says why something was refused, with the reason for the log. */
export interface RefusedPage {
  readonly response: Response;
  readonly reason: Reason;
}

/** What a page's handler gives back. */
export type PageResult = Response | RefusedPage;

/** The visit as flows take it. */
export function actOf({ admin, context }: Visit): Act {
  return { admin, nowSeconds: context.nowSeconds };
}

/** What a form sent: text by name. A field that is missing is empty, and a checkbox that is not ticked is missing. */
export interface Form {
  text(name: string): string;
  isTicked(name: string): boolean;
  readonly names: readonly string[];
}

/** Reads a form that is not a file's, as the token endpoints read theirs. */
export async function readForm({ request, context }: Pick<Visit, "request" | "context">): Promise<Form> {
  const body = await readBody(request, context.uploads);
  if (body.kind !== "form") refuse("media_type_unsupported", { names: "application/json" });
  const text = (name: string) => {
    const value = body.fields.get(name);
    return typeof value === "string" ? value : "";
  };
  return { text, isTicked: (name) => text(name) === "on", names: [...body.fields.keys()] };
}
