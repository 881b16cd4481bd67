// The lists of users and tokens as CSV files.
// Must never contain a password or its hash.
import type { Exported } from "../../administration/exports.ts";
import { refuse } from "../../errors.ts";
import { ownHeaders } from "../../http/answer.ts";
import { isFormNavigation } from "../../http/csrf.ts";
import type { AdminToken } from "../../stores/admin-contract.ts";
import type { User } from "../../users/user.ts";
import { type CsvValue, csvText } from "../csv.ts";
import { stateOf, tokenQueryOf } from "./tokens-page.ts";
import { userQueryOf } from "./users-page.ts";
import type { Visit } from "./visit.ts";

type Columns<T> = Readonly<Record<string, (row: T) => CsvValue>>;

const userColumns: Columns<User> = {
  id: ({ id }) => id,
  username: ({ username }) => username,
  email: ({ email }) => email,
  first_name: (user) => user.first_name,
  last_name: (user) => user.last_name,
  is_active: (user) => user.is_active,
  is_staff: (user) => user.is_staff,
  is_superuser: (user) => user.is_superuser,
  date_joined: (user) => user.date_joined,
  last_login: (user) => user.last_login,
};

const tokenColumns = (nowSeconds: number): Columns<AdminToken> => ({
  jti: ({ jti }) => jti,
  type: ({ type }) => type,
  user_id: ({ user }) => user?.id,
  username: ({ user }) => user?.username,
  session: ({ session }) => session,
  state: (token) => stateOf(token, nowSeconds),
  issued: ({ createdAtSeconds }) => isoTime(createdAtSeconds),
  expires: ({ expiresAtSeconds }) => isoTime(expiresAtSeconds),
  blacklisted: ({ blacklistedAtSeconds }) => isoTime(blacklistedAtSeconds),
  client: ({ client }) => client,
  address: ({ address }) => address,
});

export async function exportUsers(visit: Visit): Promise<Response> {
  const { deps, context, admin } = visit;
  const query = userQueryOf(visit.query);
  return answerFile(visit, "users", userColumns, () => deps.administration.exportUsers(context, admin, query));
}

export async function exportTokens(visit: Visit): Promise<Response> {
  const { deps, context, admin } = visit;
  const query = tokenQueryOf(visit);
  const columns = tokenColumns(context.nowSeconds);
  return answerFile(visit, "tokens", columns, () => deps.administration.exportTokens(context, admin, query));
}

/** A file to be saved. One that does not have all that was asked for says so in its name. */
async function answerFile<T>(
  { request, context }: Visit,
  name: string,
  columns: Columns<T>,
  readRows: () => Promise<Exported<T>>,
): Promise<Response> {
  // Whole lists are for people: no script of another page on this host, and no frame.
  if (!isFormNavigation(request.headers)) refuse("csrf_refused");
  const isHead = context.method === "HEAD";
  const { rows, complete } = isHead ? { rows: [], complete: true } : await readRows();
  const day = new Date(context.nowSeconds * 1000).toISOString().slice(0, 10);
  const file = `${name}-${day}${complete ? "" : "-incomplete"}.csv`;
  const values = rows.map((row) => Object.values(columns).map((read) => read(row)));
  const headers = {
    ...ownHeaders(context),
    "content-disposition": `attachment; filename="${file}"`,
    "content-language": "en",
    "content-type": "text/csv; charset=utf-8",
    "cross-origin-resource-policy": "same-origin",
    vary: "Cookie",
  };
  return new Response(isHead ? null : csvText(Object.keys(columns), values), { headers });
}

const isoTime = (seconds: number | undefined): string | undefined =>
  seconds === undefined ? undefined : new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
