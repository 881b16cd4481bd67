// As much of Cloudflare's API as wrangler asks for in `d1 execute --remote` and `kv key put --remote` and `kv bulk put --remote`, on a real SQLite.
// Must never be taken for D1: it has none of its limits but the length of a statement.
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { DatabaseSync } from "node:sqlite";

/** A KV entry as it was put. */
export interface KvEntry {
  readonly value: string;
  readonly expiration: number;
}

export interface CloudflareApi {
  /** What wrangler needs in its environment to talk to this one and to nobody else. */
  readonly env: Readonly<Record<string, string>>;
  readonly db: DatabaseSync;
  readonly kv: ReadonlyMap<string, KvEntry>;
  /** The files that were imported into D1, in order. */
  readonly imports: readonly string[];
  close(): Promise<void>;
}

const longestStatementBytes = 100_000;

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
};

/** Listens on a port of its own on 127.0.0.1. */
export async function startCloudflareApi(): Promise<CloudflareApi> {
  const db = new DatabaseSync(":memory:");
  const kv = new Map<string, KvEntry>();
  const imports: string[] = [];
  const uploads = new Map<string, string>();
  let base = "";

  const answer = (method: string, url: URL, body: string): unknown => {
    const path = url.pathname.replace(/^\/accounts\/[^/]+/, "");
    if (path === "/d1/database/simplejwt-edge") return { uuid: "db-1", name: "simplejwt-edge" };
    if (path.endsWith("/query")) return queried(db, (JSON.parse(body) as { sql: string }).sql);
    if (path.endsWith("/import")) {
      const { action, etag } = JSON.parse(body) as { action: string; etag: string };
      if (action === "init") return { filename: etag, upload_url: `${base}/upload/${etag}` };
      return imported(db, imports, uploads.get(etag) ?? "");
    }
    if (path.endsWith("/settings"))
      return { bindings: [{ type: "kv_namespace", name: "BLACKLIST", namespace_id: "kv-1" }] };
    if (method === "PUT" && path === "/storage/kv/namespaces/kv-1/bulk") {
      const entries = JSON.parse(body) as ReadonlyArray<KvEntry & { readonly key: string }>;
      for (const { key, value, expiration } of entries) kv.set(key, { value, expiration });
      return { successful_key_count: entries.length, unsuccessful_keys: [] };
    }
    const key = /^\/storage\/kv\/namespaces\/kv-1\/values\/(.+)$/.exec(path)?.[1];
    if (method === "PUT" && key !== undefined) {
      kv.set(decodeURIComponent(key), { value: body, expiration: Number(url.searchParams.get("expiration")) });
      return null;
    }
    throw new Error(`no answer for ${method} ${path}`);
  };

  const server: Server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    const url = new URL(request.url ?? "/", base);
    if (url.pathname.startsWith("/upload/")) {
      const etag = createHash("md5").update(body).digest("hex");
      uploads.set(etag, body);
      response.setHeader("etag", `"${etag}"`).end();
      return;
    }
    response.setHeader("content-type", "application/json");
    try {
      const result = answer(request.method ?? "GET", url, body);
      response.end(JSON.stringify({ success: true, errors: [], messages: [], result }));
    } catch (error) {
      const message = error instanceof Error ? error.message : "unknown";
      response.statusCode = 400;
      response.end(JSON.stringify({ success: false, errors: [{ code: 7500, message }], messages: [], result: null }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  base = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
  const env = {
    CLOUDFLARE_API_BASE_URL: base,
    CLOUDFLARE_ACCOUNT_ID: "0123456789abcdef0123456789abcdef",
    CLOUDFLARE_API_TOKEN: "no-token-at-all",
  };
  return {
    env,
    db,
    kv,
    imports,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The statements of one query are a transaction, and each has results. */
function queried(db: DatabaseSync, sql: string): unknown {
  // A statement ends with its line, outside of a text.
  const statements = sql.split(/;\n(?=(?:[^']*'[^']*')*[^']*$)/);
  db.exec("BEGIN");
  try {
    const results = statements.map((statement) => {
      if (Buffer.byteLength(statement) > longestStatementBytes) throw new Error("statement too long: SQLITE_TOOBIG");
      return { results: db.prepare(statement).all(), success: true, meta: { duration: 1 } };
    });
    db.exec("COMMIT");
    return results;
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
}

/** D1's promise for a file: all of it, or the database is as it was. */
function imported(db: DatabaseSync, imports: string[], sql: string): unknown {
  imports.push(sql);
  for (const statement of sql.split(/;\n/)) {
    if (Buffer.byteLength(statement) > longestStatementBytes) throw new Error("statement too long: SQLITE_TOOBIG");
  }
  db.exec("BEGIN");
  try {
    db.exec(sql);
    db.exec("COMMIT");
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
  const meta = { duration: 1, rows_read: 0, rows_written: 0, size_after: 0 };
  const result = { num_queries: 1, final_bookmark: "0", meta };
  return { success: true, type: "import", status: "complete", messages: [], result };
}
