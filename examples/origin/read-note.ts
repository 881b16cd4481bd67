// Turns a request's body into a note's fields, or into the 400 or 415 that DRF would give.
// Must never trust a shape: the body is unknown until every field has been looked at.
import type { Body } from "./answers.ts";
import type { NoteFields } from "./notes.ts";

type Read =
  | { readonly ok: true; readonly note: NoteFields }
  | { readonly ok: false; readonly status: 400 | 415; readonly body: Body };

type Rule = { readonly required: boolean; readonly maxCharacters: number };

const RULES: Readonly<Record<keyof NoteFields, Rule>> = {
  title: { required: true, maxCharacters: 100 },
  text: { required: false, maxCharacters: 10_000 },
};

const bad = (body: Body): Read => ({ ok: false, status: 400, body });

/** The field's text without the white space around it, or what is wrong with it. */
function readText(value: unknown, rule: Rule): { text: string } | { error: string } {
  if (value === undefined) return rule.required ? { error: "This field is required." } : { text: "" };
  if (value === null) return { error: "This field may not be null." };
  if (typeof value !== "string") return { error: "Not a valid string." };
  const text = value.trim();
  if (text === "" && rule.required) return { error: "This field may not be blank." };
  if ([...text].length > rule.maxCharacters)
    return { error: `Ensure this field has no more than ${rule.maxCharacters} characters.` };
  return { text };
}

function nameOfKind(value: unknown): string {
  if (Array.isArray(value)) return "list";
  if (value === null) return "NoneType";
  return { string: "str", number: "int", boolean: "bool" }[String(typeof value)] ?? typeof value;
}

/** Reads `{"title": …, "text": …}` from a JSON body; other fields are ignored, as DRF ignores them. */
export async function readNote(request: Request): Promise<Read> {
  const type = request.headers.get("Content-Type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type))
    return { ok: false, status: 415, body: { detail: `Unsupported media type "${type}" in request.` } };

  let value: unknown;
  try {
    value = JSON.parse(await request.text());
  } catch {
    return bad({ detail: "JSON parse error" });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return bad({ non_field_errors: [`Invalid data. Expected a dictionary, but got ${nameOfKind(value)}.`] });

  const fields: Record<string, unknown> = { ...value };
  const title = readText(fields.title, RULES.title);
  const text = readText(fields.text, RULES.text);
  if ("text" in title && "text" in text) return { ok: true, note: { title: title.text, text: text.text } };
  return bad({
    ...("error" in title ? { title: [title.error] } : {}),
    ...("error" in text ? { text: [text.error] } : {}),
  });
}
