// The D1 and the KV of a test file: real ones, local, shared by all tests of the file.
import { env } from "cloudflare:workers";

export const { DB, BLACKLIST } = env as unknown as { readonly DB: D1Database; readonly BLACKLIST: KVNamespace };
