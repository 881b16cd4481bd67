// By hand: Django and FastAPI with the files of docs/securing-your-origin.md, the servers that run them, and Django Channels, behind
// the gateway.
// Must never leave a process behind: an origin ends when its standard input does.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { EXIT } from "../../scripts/shared/failure.ts";
import { requirePackages } from "../../scripts/shared/project.ts";
import { run } from "../../scripts/shared/run.ts";
import { PYTHON, pythonArguments, requireDjango } from "../interop/python.ts";
import { openReport, type Report } from "../interop/report.ts";
import { type ChannelsGround, channelsSentences, channelsVersion, withChannels } from "./channels.ts";
import { agreementOn, meet, sentences } from "./meeting.ts";
import { controls, isThere, servers, sentences as steeringSentences, withServer } from "./steering.ts";

const folder = join(import.meta.dirname, "python");

async function prove(report: Report, framework: string, file: string): Promise<void> {
  for (const algorithm of ["HS256", "RS256"] as const) {
    const agreement = agreementOn(algorithm);
    const meeting = await meet(agreement, [PYTHON, ...pythonArguments([join(folder, file)])]);
    try {
      for (const [sentence, work] of sentences) {
        await report.prove(`${framework}, ${algorithm}: ${sentence}`, () => work({ agreement, meeting }));
      }
    } finally {
      await meeting.end();
    }
  }
}

/** Servers with one API, and clients that try to lead them to another path, host, scheme, method or user. */
async function proveSteering(report: Report): Promise<void> {
  for (const server of servers) {
    if (!isThere(server)) {
      report.note(`${server.name} is not tried. By hand, as root: apt-get install ${server.debianPackage}`);
      continue;
    }
    const prove = async (ground: Parameters<(typeof steeringSentences)[number][1]>[0]) => {
      for (const [sentence, work] of [...(server.misled ? controls : []), ...steeringSentences]) {
        await report.prove(`${server.name}: ${sentence}`, () => work(ground));
      }
    };
    await withServer(server, prove).catch((error) => report.fail(`${server.name}: starts`, error));
  }
}

/** WebSockets of Django Channels. */
async function proveChannels(report: Report): Promise<void> {
  const version = channelsVersion();
  if (version === undefined) {
    return report.note("Channels is not tried. By hand, as root: apt-get install daphne python3-django-channels");
  }
  const prove = async (ground: ChannelsGround) => {
    for (const [sentence, work] of channelsSentences) {
      await report.prove(`Channels ${version}: ${sentence}`, () => work(ground));
    }
  };
  await withChannels(prove).catch((error) => report.fail("Channels: starts", error));
}

/** The version of FastAPI, if it is there. */
function fastApiVersion(): string | undefined {
  const code = "import fastapi, uvicorn; print(fastapi.__version__)";
  const { status, stdout } = spawnSync(PYTHON, pythonArguments(["-c", code]), { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

await run("origin-checks", async () => {
  requirePackages();
  const { versions } = await requireDjango();
  const fastApi = fastApiVersion();
  console.log(`Django ${versions.Django}, PyJWT ${versions.PyJWT}, FastAPI ${fastApi ?? "not there"}`);
  const report = openReport();
  await prove(report, "Django", "serve_django.py");
  if (fastApi) await prove(report, "FastAPI", "serve_fastapi.py");
  else report.note("FastAPI is not tried. By hand, as root: apt-get install python3-fastapi python3-uvicorn");
  await proveSteering(report);
  await proveChannels(report);
  return report.finish() ? EXIT.ok : EXIT.failed;
});
