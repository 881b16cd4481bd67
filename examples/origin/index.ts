// The demo origin: a small notes API that has never heard of tokens and learns who asks from X-User-Id.
// Must never be reachable but through the gateway: whoever can set that header is that user.
import { answer, type Body, refuse } from "./answers.ts";
import { createNote, deleteNote, findNote, listNotes, noteCounts, replaceNote } from "./notes.ts";
import { readNote } from "./read-note.ts";
import { countRequest, requestCounts } from "./requests.ts";

type Env = { readonly DB: D1Database };

/** What a handler is given. `owner` is empty and `id` is 0 where the path has no use for them. */
type Call = { readonly db: D1Database; readonly request: Request; readonly owner: string; readonly id: number };

type Route = {
  readonly path: RegExp;
  readonly needsOwner: boolean;
  readonly methods: Readonly<Record<string, (call: Call) => Promise<Response>>>;
};

const NOT_THROUGH_GATEWAY = "No X-User-Id header: this request did not come through the gateway.";
const COUNTS_PATH = "/api/public/requests/";

const nowText = (): string => new Date().toISOString();
const noteOr404 = (note: Body | null): Response => (note === null ? refuse(404, "Not found.") : answer(200, note));

const ROUTES: readonly Route[] = [
  {
    path: /^\/api\/notes\/$/,
    needsOwner: true,
    methods: {
      GET: async ({ db, owner }) => answer(200, await listNotes(db, owner)),
      POST: async ({ db, request, owner }) => {
        const read = await readNote(request);
        if (!read.ok) return answer(read.status, read.body);
        const note = await createNote(db, owner, read.note, nowText());
        return answer(201, note, { Location: `/api/notes/${note.id}/` });
      },
    },
  },
  {
    path: /^\/api\/notes\/([1-9][0-9]{0,14})\/$/,
    needsOwner: true,
    methods: {
      GET: async ({ db, owner, id }) => noteOr404(await findNote(db, owner, id)),
      PUT: async ({ db, request, owner, id }) => {
        // As in DRF, the note is looked up before the body is judged: somebody else's note is 404 whatever is sent.
        if ((await findNote(db, owner, id)) === null) return refuse(404, "Not found.");
        const read = await readNote(request);
        if (!read.ok) return answer(read.status, read.body);
        return noteOr404(await replaceNote(db, owner, id, read.note, nowText()));
      },
      DELETE: async ({ db, owner, id }) =>
        (await deleteNote(db, owner, id)) ? new Response(null, { status: 204 }) : refuse(404, "Not found."),
    },
  },
  {
    path: /^\/api\/public\/$/,
    needsOwner: false,
    methods: {
      GET: async ({ db }) => answer(200, { motd: "Notes, kept apart by user.", ...(await noteCounts(db)) }),
    },
  },
  {
    path: /^\/api\/public\/requests\/$/,
    needsOwner: false,
    methods: { GET: async ({ db }) => answer(200, await requestCounts(db)) },
  },
];

async function serve(db: D1Database, request: Request, path: string): Promise<Response> {
  // Comes first: it is what makes the tables of a new database. Reading the counter does not move it, so that two
  // readings can be compared.
  if (path !== COUNTS_PATH) await countRequest(db, path);

  for (const route of ROUTES) {
    const match = route.path.exec(path);
    if (match === null) continue;
    const owner = request.headers.get("X-User-Id") ?? "";
    if (route.needsOwner && owner === "") return refuse(403, NOT_THROUGH_GATEWAY);

    const names = Object.keys(route.methods).flatMap((name) => (name === "GET" ? ["GET", "HEAD"] : [name]));
    const allow = { Allow: [...names, "OPTIONS"].join(", ") };
    if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: allow });
    const handle = route.methods[request.method === "HEAD" ? "GET" : request.method];
    if (handle === undefined) return refuse(405, `Method "${request.method}" not allowed.`, allow);
    return handle({ db, request, owner, id: Number(match[1] ?? 0) });
  }

  // Django's APPEND_SLASH: a reader who forgot the last slash is sent on, a writer is not.
  const slashed = `${path}/`;
  if (request.method === "GET" && ROUTES.some((route) => route.path.test(slashed)))
    return new Response(null, { status: 301, headers: { Location: slashed + new URL(request.url).search } });
  return refuse(404, "Not found.");
}

export default {
  fetch: (request: Request, env: Env): Promise<Response> => serve(env.DB, request, new URL(request.url).pathname),
};
