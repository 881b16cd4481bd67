// A browser's part in Django's admin: cookies, and a form that is sent as it was shown but for some fields.
import { equal } from "node:assert/strict";
import type { Answer, Side } from "./side.ts";

const entities: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#x27;": "'",
};
const unescaped = (text: string) =>
  text.replaceAll(/&(?:amp|lt|gt|quot|#x27);/g, (entity) => entities[entity] ?? entity);

function attribute(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
  return value === undefined ? undefined : unescaped(value);
}

/** The fields of a page's forms as a browser would send them. */
export function formFields(html: string): URLSearchParams {
  const fields = new URLSearchParams();
  for (const [tag] of html.matchAll(/<input\b[^>]*>/g)) {
    const [name, type] = [attribute(tag, "name"), attribute(tag, "type")];
    if (name === undefined || type === "submit") continue;
    if (type === "checkbox" && !/\schecked\b/.test(tag)) continue;
    fields.append(name, attribute(tag, "value") ?? (type === "checkbox" ? "on" : ""));
  }
  for (const [, select = "", options = ""] of html.matchAll(/(<select\b[^>]*>)([\s\S]*?)<\/select>/g)) {
    const name = attribute(select, "name");
    for (const [option] of options.matchAll(/<option\b[^>]*\sselected\b[^>]*>/g)) {
      if (name !== undefined) fields.append(name, attribute(option, "value") ?? "");
    }
  }
  return fields;
}

/** A browser that is logged in at Django's admin. */
export interface AdminBrowser {
  /** Opens a page's form, changes it, and sends it. */
  submit(path: string, change: (fields: URLSearchParams) => void): Promise<Answer>;
}

export async function logInAtAdmin(side: Side, username: string, password: string): Promise<AdminBrowser> {
  const cookies = new Map<string, string>();
  const ask = async (path: string, body?: URLSearchParams): Promise<Answer> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await side.ask(path, { headers: { cookie }, ...(body === undefined ? {} : { body }) });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    return answer;
  };
  const submit: AdminBrowser["submit"] = async (path, change) => {
    const page = await ask(path);
    equal(page.status, 200, `${side.name} answers ${path} with ${page.status}`);
    const fields = formFields(page.text);
    change(fields);
    const answer = await ask(path, fields);
    equal(answer.status, 302, `the form of ${path} was not taken: ${answer.text.slice(0, 2000)}`);
    return answer;
  };
  await submit("/admin/login/", (fields) => {
    fields.set("username", username);
    fields.set("password", password);
    fields.set("next", "/admin/");
  });
  return { submit };
}
