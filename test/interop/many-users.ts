// `npm run test:interop -- --users N`: so many users are sent to the gateway and compared, with time and memory of the command.
import { equal, match } from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../../scripts/shared/failure.ts";
import { killAtExit } from "../../scripts/shared/processes.ts";
import { type BehindGround, withDjangoBehind } from "./behind-gateway.ts";
import { DJANGO_DIRECTORY, manage, PYTHON, pythonArguments } from "./python.ts";
import type { Report } from "./report.ts";

/** One run of a command of manage.py. */
interface Measured {
  readonly said: string;
  readonly seconds: number;
  /** The most that was resident, in MiB. */
  readonly mebibytes: number;
}

/** By SQL, which sends no signal; all users have one hash: what is measured is sending and comparing. */
const makeUsers = (count: number) => `
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
with transaction.atomic(), connection.cursor() as cursor:
    cursor.execute(
        """
        INSERT INTO auth_user (password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
        WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ${count})
        SELECT %s, 0, 'user' || number, 'Ada', 'Lovelace ' || number, 'user' || number || '@example.com', 0, 1,
          '2026-11-29 12:00:00' FROM numbers
        """,
        [make_password("correct horse")],
    )
`;

export async function proveManyUsers(report: Report, ground: BehindGround, count: number): Promise<void> {
  await withDjangoBehind(report, ground, { name: "many users", settings: {} }, async ({ gateway, database }) => {
    await manage(["shell", "-c", makeUsers(count)], database.env);
    const prove = (sentence: string, work: () => Promise<void>) => report.prove(`${count} users: ${sentence}`, work);
    const run = async (...flags: string[]): Promise<string> => {
      const { said, seconds, mebibytes } = await measure(["push_users", ...flags], database.env);
      report.note(
        `push_users ${flags.join(" ")}: ${seconds.toFixed(0)} s, ${mebibytes.toFixed(0)} MiB; ${said.trim()}`,
      );
      return said;
    };
    const rows = () => gateway.database.prepare("SELECT COUNT(*) AS count FROM users").first<number>("count");

    await prove("all are sent", async () => {
      equal(await run("--all"), `${count} applied, 0 unchanged, 0 refused\n`);
      equal(await rows(), count);
    });
    await prove("a comparison that finds no difference sends nobody", async () => {
      equal(await run("--compare"), "0 applied, 0 unchanged, 0 refused\n");
    });
    await prove(
      "a comparison sends a thousand who differ, a thousand who are missing, and deletes a thousand",
      async () => {
        await gateway.database.prepare("DELETE FROM users WHERE CAST(id AS INTEGER) <= 1000").run();
        const program =
          "from django.contrib.auth.models import User; " +
          "User.objects.filter(pk__gt=1000, pk__lte=2000).update(is_active=False); " +
          "User.objects.filter(pk__gt=2000, pk__lte=3000)._raw_delete('default')";
        await manage(["shell", "-c", program], database.env);
        match(await run("--compare"), /^3000 applied, 0 unchanged, 0 refused \(1000 deleted\)\n$/);
        equal(await rows(), count - 1000);
      },
    );
  });
}

async function measure(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Measured> {
  const began = performance.now();
  const child = spawn(PYTHON, pythonArguments(["manage.py", ...args]), {
    cwd: DJANGO_DIRECTORY,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const forget = killAtExit(child);
  let [said, errors, kibibytes] = ["", "", 0];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once("close", resolve);
  });
  while (child.exitCode === null && child.signalCode === null) {
    const status = await readFile(`/proc/${child.pid}/status`, "utf8").catch(() => "");
    kibibytes = Math.max(kibibytes, Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0));
    await Promise.race([ended, sleep(200)]);
  }
  forget();
  if ((await ended) !== 0) throw new Failure(errors.slice(-2000));
  return { said, seconds: (performance.now() - began) / 1000, mebibytes: kibibytes / 1024 };
}
