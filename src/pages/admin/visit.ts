// One request to the admin page by somebody who is logged in, and the form that it may bring.
// Must never hold what was typed longer than the request.

import type { Administration } from "../../administration/administration.ts";
import type { Admin } from "../../administration/sessions.ts";
import type { RequestContext } from "../../context.ts";
import { type Reason, refuse } from "../../errors.ts";
import { readBody } from "../../http/body.ts";
import type { Settings } from "../../settings/settings.ts";
import type { UserId } from "../../users/user.ts";

/** What the admin page is made with. */
export interface AdminPageServices {
  readonly settings: Settings;
  readonly administration: Administration;
}

export interface Visit {
  readonly deps: AdminPageServices;
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
