// Holds answers against an OpenAPI document: is the status described, and has the body the shape that is described?
// Must never take an answer for described because nothing is said about it.
import { Ajv2020 } from "ajv/dist/2020.js";

/** One answer, as it was recorded or just given. */
export interface Answer {
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly status: number;
  /** The JSON of the body; undefined for none. */
  readonly body: unknown;
}

/** What is wrong with an answer, in words; undefined for nothing. */
export type Judge = (answer: Answer) => string | undefined;

interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

/**
 * Methods that a path does not describe are expected to be refused (405, or 406 before it); HEAD and OPTIONS, which
 * every path has, may succeed.
 *
 * @param document OpenAPI 3.1, valid
 */
export function documentJudge(document: object): Judge {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(document, "document");
  const { paths } = document as {
    paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  };
  return ({ method, path, status, body }) => {
    const described = Object.hasOwn(paths, path) ? path : `${path}/`;
    const item = paths[described];
    if (!item) return "the path is not described";
    const verb = method.toLowerCase();
    const operation = Object.hasOwn(item, verb) ? item[verb] : undefined;
    if (!operation) {
      const asked = verb === "head" || verb === "options";
      return [405, 406, ...(asked ? [200] : [])].includes(status) ? undefined : `${method} is not described`;
    }
    const response = operation.responses[status];
    if (!response) return `${status} is not described`;
    if (!response.content) return body === undefined ? undefined : "a body is not described";
    if (body === undefined) return "the body is missing";
    const steps = ["paths", described, verb, "responses", status, "content", "application/json", "schema"];
    const pointer = steps.map((step) => String(step).replaceAll("~", "~0").replaceAll("/", "~1")).join("/");
    const validate = ajv.getSchema(`document#/${pointer}`);
    if (!validate) return "the body has no schema";
    return validate(body) ? undefined : ajv.errorsText(validate.errors, { dataVar: "body" });
  };
}
