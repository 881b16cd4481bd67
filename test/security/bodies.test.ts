// Bodies that are made to cost: what a token endpoint reads, for how long, and how much at the same time.
import { request } from "node:http";
import type { Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { openSocket, parseAnswer, type SocketAnswer, valuesOf } from "../support/sockets.ts";
import { declaredBody } from "./declared-body.ts";
import { type RecordingOrigin, startRecordingOrigin } from "./recording-origin.ts";

const kibibyte = 1024;
const limitBytes = 64 * kibibyte;
const tooLarge = '{"detail":"Request body is too large."}';
const wrong = '{"detail":"No active account found with the given credentials"}';

let origin: RecordingOrigin;
let gateway: Gateway;
/** Its timers run ten times as fast: 20 seconds are two. */
let fast: Gateway;
const withFastTimers = (script: string) =>
  `const timer = setTimeout; globalThis.setTimeout = (work, after, ...rest) => timer(work, after / 10, ...rest);\n${script}`;
beforeAll(async () => {
  origin = await startRecordingOrigin();
  const vars = {
    ORIGIN_URL: origin.url,
    ROUTES: [{ path: "/*", auth: "public" }],
    TOKEN_ENDPOINTS: ["obtain", "refresh", "verify", "blacklist", "sliding"],
    ADMIN: true,
  };
  gateway = await startGateway(vars);
  fast = await startGateway(vars, { surrounded: withFastTimers });
});
afterAll(async () => {
  await Promise.all([gateway.close(), fast.close()]);
  origin.close();
});

/** JSON credentials, filled up to so many bytes by a member that nobody asks for. */
function filled(bytes: number): string {
  const text = (filler: string) => `{"username":"a","password":"b","filler":"${filler}"}`;
  return text("x".repeat(bytes - text("").length));
}

async function sent(path: string, body: string, type = "application/json"): Promise<readonly [number, string]> {
  const answer = await fetch(new URL(path, gateway.url.href), {
    method: "POST",
    body,
    headers: { "content-type": type },
  });
  return [answer.status, await answer.text()];
}

/** A request with chunks of a size that is given, of which the last is never sent unless `ends`. */
function chunked(
  path: string,
  chunks: readonly string[],
  ends: boolean,
  to = gateway,
): { socket: Socket; answer: Promise<SocketAnswer> } {
  const socket = openSocket(to.url.host);
  socket.on("error", () => {});
  const head = `POST ${path} HTTP/1.1\r\nHost: ${to.url.host}\r\nConnection: close\r\n`;
  socket.write(`${head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`);
  socket.write(chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join(""));
  if (ends) socket.write("0\r\n\r\n");
  const received: Buffer[] = [];
  socket.on("data", (bytes: Buffer) => received.push(bytes));
  const answer = new Promise<SocketAnswer>((done) =>
    socket.once("close", () => done(parseAnswer(Buffer.concat(received)))),
  );
  return { socket, answer };
}

const endpoints = [
  "/api/token/",
  "/api/token/refresh/",
  "/api/token/verify/",
  "/api/token/blacklist/",
  "/api/token/sliding/",
];

describe("a token endpoint reads 64 KiB:", () => {
  it("a body of that size is taken", async () => {
    expect(await sent("/api/token/", filled(limitBytes))).toEqual([401, wrong]);
  });
  it.each([...endpoints, "/api/token/sliding/refresh/"])("%s refuses a body of one byte more", async (path) => {
    expect(await sent(path, filled(limitBytes + 1))).toEqual([413, tooLarge]);
  });
  it.each([limitBytes + 1, 4_194_304, 4_000_000_000])(
    "one that is declared with %d bytes is refused before it comes",
    async (bytes) => {
      expect(await declaredBody(gateway.url.host, "/api/token/", bytes)).toEqual([413, tooLarge]);
    },
  );
  it("one without a length is refused at the first byte over, and not waited for to its end", async () => {
    const { answer } = chunked("/api/token/", [filled(limitBytes), "x"], false);
    const { status, body } = await answer;
    expect([status, body.toString()]).toEqual([413, tooLarge]);
  });
  it("whatever its type is, before anything is parsed", async () => {
    for (const type of ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""]) {
      expect(await sent("/api/token/", "x".repeat(limitBytes + 1), type)).toEqual([413, tooLarge]);
    }
  });
  it("chunks of one byte are read, and cost no buffer each", async () => {
    const { answer } = chunked("/api/token/", [...filled(4 * kibibyte)], true);
    expect((await answer).status).toBe(401);
  });
  it("the admin page likewise", async () => {
    // Not by fetch(), which says of itself that it is no navigation.
    const status = (bytes: number) =>
      new Promise<number | undefined>((done, fail) => {
        const headers = {
          "content-type": "application/x-www-form-urlencoded",
          origin: gateway.url.origin,
          "sec-fetch-site": "same-origin",
        };
        const url = new URL("/_gateway/admin/login", gateway.url.href).href;
        const sending = request(url, { method: "POST", headers }, (response) => {
          response.resume();
          done(response.statusCode);
        });
        sending.on("error", fail);
        sending.end(`username=a&password=${"x".repeat(bytes - 20)}`);
      });
    expect(await status(limitBytes)).toBe(401);
    expect(await status(limitBytes + 1)).toBe(413);
  });
});

describe("bodies that are costly to parse are answered like any other:", () => {
  const most = (unit: string, around: (text: string) => string = (text) => text) =>
    around(unit.repeat(Math.floor((limitBytes - around("").length) / unit.length)));
  const json = (text: string) => ({ type: "application/json", text });
  const form = (text: string, charset = "") => ({ type: `application/x-www-form-urlencoded${charset}`, text });

  it.each([
    ["a list of numbers", json(most("1,", (text) => `[${text}1]`)), 400],
    ["lists in lists", json("[".repeat(limitBytes / 2) + "]".repeat(limitBytes / 2)), 400],
    ["lists in lists, in a field", json(`{"username":${"[".repeat(30_000)}${"]".repeat(30_000)}}`), 400],
    ["lists that are not closed", json("[".repeat(limitBytes)), 400],
    ["objects that are not closed", json(most('{"":')), 400],
    ["ten thousand members", json(`{${Array.from({ length: 6500 }, (_, at) => `"${at}":1`).join()},"x":1}`), 400],
    ["one number of many digits", json(most("1", (text) => `{"username":${text},"password":1}`)), 401],
    ["backslashes", json(most("\\\\", (text) => `{"username":"${text}`)), 400],
    ["a name that ends nowhere", json(most('\\"', (text) => `{"${text}`)), 400],
    ["blanks", json(most(" ", (text) => `{"username":"${text}","password":"x"}`)), 400],
    ["escapes in a form", form(most("%41a")), 400],
    [
      "escapes in a form of another charset",
      form(
        most("%E9a", (text) => `username=${text}&password=x`),
        "; charset=shift_jis",
      ),
      401,
    ],
    ["escapes beside other letters", form("é%E9".repeat(limitBytes / 5), "; charset=latin-1"), 400],
    ["many fields", form(most("a&")), 400],
    ["plus signs", form(most("+", (text) => `username=a&password=${text}b`)), 401],
    [
      "many parts",
      {
        type: "multipart/form-data; boundary=x",
        text: most('--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'),
      },
      400,
    ],
    [
      "a boundary of dashes",
      { type: `multipart/form-data; boundary=${"-".repeat(70)}x`, text: "-".repeat(limitBytes) },
      400,
    ],
    [
      "a boundary without end",
      { type: `multipart/form-data; boundary=${"-".repeat(5000)}`, text: "-".repeat(limitBytes) },
      400,
    ],
    ["a token of dots", json(most(".", (text) => `{"username":"${text}","password":"x"}`)), 401],
  ])("%s", async (_what, { type, text }, status) => {
    expect((await sent("/api/token/", text, type))[0]).toBe(status);
  });

  it("tokens of 64 KiB, in bodies", async () => {
    for (const unit of ["a", "a.", ".", "="]) {
      const body = (field: string) => most(unit, (text) => `{"${field}":"${text}"}`);
      expect((await sent("/api/token/refresh/", body("refresh")))[0]).toBe(401);
      expect((await sent("/api/token/verify/", body("token")))[0]).toBe(401);
    }
  });
});

describe("uploads that are half sent:", () => {
  const half = () => chunked("/api/token/", [filled(60 * kibibyte)], false);
  const settled = (answer: Promise<SocketAnswer>) => answer.then((one) => [one.status, valuesOf(one, "retry-after")]);

  it("forty of them keep nobody out", async () => {
    const uploads = Array.from({ length: 40 }, half);
    expect(await sent("/api/token/", filled(kibibyte))).toEqual([401, wrong]);
    expect(await sent("/api/token/", filled(limitBytes))).toEqual([401, wrong]);
    for (const { socket } of uploads) socket.destroy();
  });
  it("of two hundred those that wait longest are told to come again, and nobody else is kept out", async () => {
    const uploads: Array<ReturnType<typeof half>> = [];
    for (let wave = 0; wave < 10; wave++) {
      uploads.push(...Array.from({ length: 20 }, half));
      expect(await sent("/api/token/", filled(kibibyte))).toEqual([401, wrong]);
    }
    expect(await settled((uploads[0] as ReturnType<typeof half>).answer)).toEqual([503, ["5"]]);
    expect(await sent("/api/token/", filled(limitBytes))).toEqual([401, wrong]);
    for (const { socket } of uploads) socket.destroy();
    expect(await sent("/api/token/", filled(limitBytes))).toEqual([401, wrong]);
  });
  it("one that comes to its end after a while is answered", async () => {
    const { socket, answer } = chunked("/api/token/", ['{"username":"a",'], false, fast);
    await new Promise((done) => setTimeout(done, 250));
    const rest = '"password":"b"}';
    socket.write(`${rest.length.toString(16)}\r\n${rest}\r\n0\r\n\r\n`);
    expect((await answer).status).toBe(401);
  });
  it("one that stops is given up", async () => {
    const { answer } = chunked("/api/token/", ['{"username":"a",'], false, fast);
    const { status, body } = await answer;
    expect([status, body.toString()]).toEqual([408, '{"detail":"Request body took too long."}']);
  });
});
