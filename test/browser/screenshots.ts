// Takes the pictures of docs/console.md anew: `npm run screenshots`, which also takes those of docs/admin.md (run.ts).
// Must never picture a real token, user or API.
import { join, resolve } from "node:path";
import type { BrowserContextOptions } from "playwright-core";
import { startDemoOrigin, startGateway } from "../support/gateway-over-http.ts";
import { launchChromium } from "./chromium.ts";
import { consolePath, logIn, press, saying, send } from "./console.ts";
import { visiting } from "./visit.ts";

const folder = resolve(import.meta.dirname, "../../docs/images");
const person = { username: "ada", password: "correct horse battery staple" };
const wide = { viewport: { width: 1200, height: 1000 } };
const pictures: ReadonlyArray<readonly [name: string, options: BrowserContextOptions]> = [
  ["console-light.png", { ...wide, colorScheme: "light" }],
  ["console-dark.png", { ...wide, colorScheme: "dark" }],
  ["console-360.png", { viewport: { width: 360, height: 740 }, colorScheme: "light" }],
];

process.env.WRANGLER_SEND_METRICS = "false";
process.env.WRANGLER_HIDE_BANNER = "true";
const api = await startDemoOrigin();
const gateway = await startGateway({
  CONSOLE: true,
  ORIGIN_URL: api.url,
  BLACKLIST_ENDS_SESSION: true,
  SESSION_METADATA: true,
});
const browser = await launchChromium();
try {
  await gateway.addUser({ id: 1, ...person });
  const login = await gateway.post("/api/token/", person, { "user-agent": "okhttp/5.1.0" });
  const { access } = (await login.json()) as { access: string };
  await gateway.post("/api/notes/", { title: "Milk", text: "two bottles" }, { authorization: `Bearer ${access}` });
  for (const [name, options] of pictures) {
    const take = async ({ page }: Parameters<Parameters<typeof visiting>[2]>[0]): Promise<void> => {
      await logIn(page, person);
      await saying(page, "200 OK: logged in as ada");
      await press(page, "Load the list");
      await saying(page, "200 OK: sessions listed");
      await send(page, "/api/notes/", "Send without token");
      await saying(page, "401 Unauthorized: Authentication credentials were not provided.");
      await send(page, "/api/notes/");
      await saying(page, "200 OK");
      await page.evaluate("document.activeElement.blur(); document.getElementById('page').scrollTo(0, 0)");
      await page.screenshot({ path: join(folder, name) });
      console.log(name);
    };
    await visiting({ browser, gateway, ...person }, consolePath, take, options);
  }
} finally {
  await browser.close();
  await gateway.close();
  await api.close();
}
