// Cookies next to the gateway's own, over bare sockets, in front of an API that shows their bytes.
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { rawRequest } from "../support/sockets.ts";

let origin: Server;
let cookies: string[] = [];
let withCookies: Gateway;
let without: Gateway;
let access: string;
beforeAll(async () => {
  origin = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      const lines = bytes.toString("latin1").split("\r\n");
      cookies = lines.filter((line) => /^cookie:/i.test(line)).map((line) => line.replace(/^cookie: ?/i, ""));
      socket.end("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
    });
  });
  await new Promise<void>((done) => origin.listen(0, "127.0.0.1", done));
  const vars = {
    ORIGIN_URL: `http://127.0.0.1:${(origin.address() as AddressInfo).port}`,
    ROUTES: [
      { path: "/open/*", auth: "public" },
      { path: "/*", auth: "token" },
    ],
  };
  withCookies = await startGateway({ ...vars, AUTH_COOKIE: true, ADMIN: true });
  without = await startGateway(vars);
  await without.addUser({ id: 7, username: "ada", password: "correct horse" });
  const login = await without.post("/api/token/", { username: "ada", password: "correct horse" });
  access = ((await login.json()) as { access: string }).access;
});
beforeEach(() => {
  cookies = [];
});
afterAll(async () => {
  await Promise.all([withCookies.close(), without.close()]);
  origin.close();
});

/** @param cookie one character for each byte */
async function arrived(gateway: Gateway, path: string, cookie: string): Promise<string[]> {
  const answer = await rawRequest(Number(gateway.url.port), path, { headers: [`Cookie: ${cookie}`] });
  expect(answer.status).toBe(200);
  return cookies;
}

const latin = "l=Zo\xeb";
const utf8 = "u=Zo\xc3\xab";
const ours = ["__Host-access=x.y.z", "__Secure-refresh=x.y.z", "__Host-admin=x"];

describe("cookies arrive byte for byte", () => {
  it.each([
    ["that are not UTF-8", latin],
    ["that are", utf8],
    ["of every byte above ASCII", `b=${String.fromCharCode(...Array.from({ length: 128 }, (_, at) => 128 + at))}`],
    ["with odd spaces and empty parts", 'a=1;b = 2 ;;  c="x y"; d'],
  ])("%s, while none of ours is among them", async (_, cookie) => {
    expect(await arrived(without, "/open/x", cookie)).toEqual([cookie]);
    expect(await arrived(withCookies, "/open/x", cookie)).toEqual([cookie]);
  });

  it.each(ours)("in UTF-8, also where %s is taken out from among them", async (one) => {
    expect(await arrived(withCookies, "/open/x", `a=1; ${one}; ${utf8}; q="x y"`)).toEqual([`a=1; ${utf8}; q="x y"`]);
  });

  it("all of them while AUTH_COOKIE and ADMIN are off", async () => {
    expect(await arrived(without, "/open/x", `${latin}; ${ours.join("; ")}`)).toEqual([`${latin}; ${ours.join("; ")}`]);
  });
});

describe("where one of ours is taken out, the runtime has already decoded the header:", () => {
  it.each(ours)("next to %s, each byte that is no UTF-8 arrives as U+FFFD", async (one) => {
    expect(await arrived(withCookies, "/open/x", `${latin}; ${one}; a=1`)).toEqual(["l=Zo\xef\xbf\xbd; a=1"]);
  });

  it("the same on a route that the cookie opens", async () => {
    const cookie = `${latin}; __Host-access=${access}; ${utf8}`;
    expect(await arrived(withCookies, "/notes/", cookie)).toEqual([`l=Zo\xef\xbf\xbd; ${utf8}`]);
  });
});
