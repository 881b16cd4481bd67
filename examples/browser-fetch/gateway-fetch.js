// Calls an API behind the gateway with the cookies of AUTH_COOKIE. All tabs of this origin share one refresh.
const KEY = "gateway-session"; // what the last refresh came to, with a random part; no token
const headers = { "content-type": "application/json" };

const send = (path, init) => fetch(path, { credentials: "same-origin", ...init });
const post = (path, body = {}) => send(`/api/token${path}`, { method: "POST", headers, body: JSON.stringify(body) });

export const logIn = (username, password) => post("/", { username, password });
export const logOut = () => post("/blacklist/");

/** Holds the lock. Refreshes, unless somebody has done so since the call began that was refused. */
async function refresh(seen) {
  const latest = localStorage.getItem(KEY);
  if (latest !== seen) return latest?.startsWith("ok") === true;
  const { ok, status } = await post("/refresh/");
  const ended = status === 400 || status === 401; // other statuses may pass: 429, 503
  if (!ok && !ended) return false;
  localStorage.setItem(KEY, `${ok ? "ok" : "ended"} ${crypto.randomUUID()}`);
  await new Promise((resolve) => setTimeout(resolve, 50)); // other tabs read the entry a moment later
  return ok;
}

/** As fetch. After a 401 it refreshes and calls again; still 401: show the log-in. `init.body` must not be a stream. */
export async function gatewayFetch(path, init) {
  const seen = localStorage.getItem(KEY);
  const response = await send(path, init);
  if (response.status !== 401) return response;
  const refreshed = await navigator.locks.request(KEY, () => refresh(seen));
  return refreshed ? send(path, init) : response;
}
