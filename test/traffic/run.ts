// `npm run test:traffic`: uploads of 100 and 400 MB and downloads of 1 GB through the whole Worker, and what memory they take.
// Must never hold a body itself: what is measured is workerd, and this process shares the machine with it.
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { startGateway } from "../support/gateway-over-http.ts";
import { drain, startOrigin, zeros } from "../support/http-origin.ts";

const MEGABYTE = 1_000_000;
/** More growth than this would mean that a body is held. Counting makes garbage, which V8 collects when it pleases. */
const LARGEST_GROWTH = { native: 64 * MEGABYTE, counted: 200 * MEGABYTE };

const origin = await startOrigin(async (request, response) => {
  if (request.method === "POST") return response.end(JSON.stringify(await drain(request)));
  const piece = Buffer.alloc(MEGABYTE);
  for (let sent = 0; sent < 1000; sent++) if (!response.write(piece)) await once(response, "drain");
  return response.end();
});
const routes = [{ path: "/*", auth: "public" }];
const gateway = await startGateway({ ORIGIN_URL: origin.url, ROUTES: routes });
const limited = await startGateway({ ORIGIN_URL: origin.url, ROUTES: routes, MAX_BODY: "500MB" });

async function upload(url: URL, size: number): Promise<number> {
  const response = await fetch(url, { method: "POST", body: zeros(size), duplex: "half" } as RequestInit);
  const { bytes, whole } = (await response.json()) as { bytes: number; whole: boolean };
  return whole ? bytes : 0;
}

async function download(url: URL): Promise<number> {
  let bytes = 0;
  for await (const chunk of (await fetch(url)).body ?? []) bytes += chunk.length;
  return bytes;
}

/** Resident bytes of all workerd processes of this one; Linux only. */
function residentBytes(): number {
  const children = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && parentOf(name) === process.pid);
  return children.reduce((sum, pid) => sum + 1024 * numberIn(pid, /^VmRSS:\s+(\d+) kB/m), 0);
}
const parentOf = (pid: string) => numberIn(pid, /^PPid:\s+(\d+)/m);
function numberIn(pid: string, shape: RegExp): number {
  try {
    return Number(shape.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

const inMegabytes = (bytes: number) => `${Math.round(bytes / MEGABYTE)} MB`;
let failures = 0;

async function measure(
  what: string,
  way: keyof typeof LARGEST_GROWTH,
  wantedBytes: number,
  work: () => Promise<number>,
): Promise<void> {
  const before = residentBytes();
  let highest = before;
  const watch = setInterval(() => {
    highest = Math.max(highest, residentBytes());
  }, 20);
  const bytes = await work();
  clearInterval(watch);
  const good = bytes === wantedBytes && highest - before < LARGEST_GROWTH[way];
  if (!good) failures++;
  const memory = `workerd ${inMegabytes(before)} before, ${inMegabytes(highest)} at most`;
  console.log(`${good ? "ok" : "FAILED"}  ${what}: ${inMegabytes(bytes)} arrived; ${memory}`);
}

await measure("chunked upload", "native", 100 * MEGABYTE, () => upload(gateway.url, 100 * MEGABYTE));
await measure("chunked upload with MAX_BODY", "counted", 400 * MEGABYTE, () => upload(limited.url, 400 * MEGABYTE));
await measure("download", "native", 1000 * MEGABYTE, () => download(gateway.url));
await Promise.all([gateway.close(), limited.close()]);
origin.close();
console.log(`${3 - failures} passed, ${failures} failed`);
process.exitCode = failures === 0 ? 0 : 1;
