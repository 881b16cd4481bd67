// `npm run test:interop`: a real Django with DRF and Simple JWT, beside the gateway and behind it. `-- --users N` measures.
// Must never leave a process or a folder behind, whether it ends well, badly or by Ctrl-C.
import { EXIT } from "../../scripts/shared/failure.ts";
import { requirePackages } from "../../scripts/shared/project.ts";
import { run } from "../../scripts/shared/run.ts";
import { proveBehindGateway } from "./behind-gateway.ts";
import { openDjangoDatabase } from "./django.ts";
import { proveDjangoApp } from "./django-app.ts";
import { bundleGateway } from "./gateway-config.ts";
import { proveGoingBack } from "./going-back.ts";
import { proveIssuers } from "./issuers.ts";
import { proveManyUsers } from "./many-users.ts";
import { type Agreement, type Meeting, meet } from "./meeting.ts";
import { provePasswords, usersForPasswords } from "./passwords.ts";
import { proveProxying } from "./proxying.ts";
import { type Installed, requireDjango } from "./python.ts";
import { openReport, type Report } from "./report.ts";
import { proveRevocationByPassword } from "./revoked.ts";
import { type TemporaryFolder, withTemporaryFolder } from "./temporary-folder.ts";
import { proveTokens } from "./tokens.ts";

/** The exit code after Ctrl-C. */
const STOPPED = 130;
/** With --users N: only how long it takes to send and compare so many. */
const at = process.argv.indexOf("--users");
const manyUsers = at === -1 ? 0 : Number(process.argv[at + 1]);
const PASSWORD = "correct horse battery staple";

const first: Agreement = { name: "HS256", algorithm: "HS256", settings: {} };
const others: readonly Agreement[] = [
  { name: "RS256", algorithm: "RS256", settings: {} },
  { name: "ES256", algorithm: "ES256", settings: {} },
  {
    name: "HS256, AUDIENCE, ISSUER, USER_ID_FIELD, USER_ID_CLAIM",
    algorithm: "HS256",
    settings: { AUDIENCE: "interop", ISSUER: "https://auth.example", USER_ID_FIELD: "username", USER_ID_CLAIM: "uid" },
  },
];
/** Its claim is made of the stored hash, so both have to hold the same one: the gateway may not upgrade it. */
const byPassword: Agreement = {
  name: "HS256, CHECK_REVOKE_TOKEN",
  algorithm: "HS256",
  settings: { CHECK_REVOKE_TOKEN: true },
  gatewaySettings: { UPGRADE_PASSWORD_HASHES: false },
};

async function proveAll(report: Report, folder: TemporaryFolder, installed: Installed): Promise<void> {
  const { hashers, settings } = installed;
  const database = await openDjangoDatabase(folder.path);
  await database.makeUsers([{ username: "ada", password: PASSWORD }, ...usersForPasswords(hashers)]);
  const id = (await database.rows()).find(({ username }) => username === "ada")?.id ?? 0;
  const ada = { id, username: "ada", password: PASSWORD };
  const ground = { folder, bundle: await bundleGateway(folder.path), database, ada };

  const attempt = async (agreement: Agreement, work: (meeting: Meeting) => Promise<void>) => {
    try {
      await meet(ground, agreement, work);
    } catch (error) {
      report.fail(`${agreement.name}: everything can be tried`, error);
    }
  };
  await attempt(first, async (meeting) => {
    await proveTokens(report, meeting);
    await provePasswords(report, meeting, hashers);
    await proveProxying(report, meeting);
  });
  for (const agreement of others) await attempt(agreement, (meeting) => proveTokens(report, meeting));
  await proveGoingBack(report, folder.path, installed.versions.Django ?? "").catch((error: unknown) =>
    report.fail("going back: everything can be tried", error),
  );
  await proveIssuers(report, ground);
  await proveDjangoApp(report, folder.path);
  await proveBehindGateway(report, ground);
  if (!settings.includes("CHECK_REVOKE_TOKEN")) {
    return report.note("CHECK_REVOKE_TOKEN is not tried: this Simple JWT does not have it (5.3 brought it)");
  }
  await attempt(byPassword, async (meeting) => {
    await proveTokens(report, meeting);
    await proveRevocationByPassword(report, meeting);
  });
}

// Whatever was started and written is ended and removed by listeners of "exit".
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(STOPPED));

await run("test:interop", async () => {
  requirePackages();
  const installed = await requireDjango();
  const versions = Object.entries(installed.versions);
  console.log(versions.map(([name, version]) => `${name} ${version}`).join(", "));
  const report = openReport();
  if (!installed.hashers.includes("scrypt")) {
    report.note("this Django has no scrypt hasher (4.0 brought it): the test project adds one, as you would have to");
  }
  await withTemporaryFolder(async (folder) => {
    if (manyUsers === 0) return proveAll(report, folder, installed);
    await proveManyUsers(report, { folder, bundle: await bundleGateway(folder.path) }, manyUsers);
  });
  return report.finish() ? EXIT.ok : EXIT.failed;
});
