// scripts/start/options.ts: the command line of `npm start`.
import { describe, expect, it, vi } from "vitest";
import { readStartOptions } from "../../scripts/start/options.ts";

/** The message and exit code with which a command line is refused. */
function refusal(...argv: string[]): unknown {
  try {
    return readStartOptions(argv);
  } catch (error) {
    return error instanceof Error && "exitCode" in error ? [error.exitCode, error.message] : error;
  }
}

describe("readStartOptions()", () => {
  it("means the demo on port 8787 when nothing is said", () => {
    expect(readStartOptions([])).toEqual({
      help: false,
      port: 8787,
      origin: undefined,
      verbosity: "normal",
      isVerbosityOfNpm: false,
    });
  });

  it("prints less or more when asked to, not both", () => {
    expect(readStartOptions(["--quiet"]).verbosity).toBe("quiet");
    expect(readStartOptions(["-q"]).verbosity).toBe("quiet");
    expect(readStartOptions(["--verbose"]).verbosity).toBe("verbose");
    expect(refusal("--quiet", "--verbose")).toEqual([2, "--quiet and --verbose exclude each other."]);
  });

  it("prints less or more when npm was asked to, unless its own flags say otherwise", () => {
    vi.stubEnv("npm_lifecycle_event", "start");
    vi.stubEnv("npm_config_loglevel", "warn");
    expect(readStartOptions([])).toMatchObject({ verbosity: "quiet", isVerbosityOfNpm: true });
    expect(readStartOptions(["--verbose"])).toMatchObject({ verbosity: "verbose", isVerbosityOfNpm: false });
    vi.stubEnv("npm_config_loglevel", "verbose");
    expect(readStartOptions([])).toMatchObject({ verbosity: "verbose", isVerbosityOfNpm: true });
    vi.unstubAllEnvs();
  });

  it.each([
    ["http://127.0.0.1:9000", "http://127.0.0.1:9000"],
    ["http://127.0.0.1:9000/", "http://127.0.0.1:9000"],
    ["https://api.example.com/base/", "https://api.example.com/base"],
    ["HTTP://LOCALHOST:9000", "http://localhost:9000"],
  ])("takes the origin %s as %s", (text, origin) => {
    expect(readStartOptions(["--origin", text]).origin).toBe(origin);
  });

  it.each(["9000", "127.0.0.1:9000", "ftp://a", "http://", "http://u:p@a", "http://a/?q", "http://a/#f", ""])(
    "refuses the origin %j with exit code 1, without repeating it",
    (text) => {
      expect(refusal("--origin", text)).toEqual([
        1,
        "--origin must be http(s)://host[:port][/base], such as http://127.0.0.1:9000.",
      ]);
    },
  );

  it("refuses its own address as the origin", () => {
    const message = "--origin is the gateway's own address, port 8801. Give one of them another port.";
    expect(refusal("--port", "8801", "--origin", "http://localhost:8801")).toEqual([1, message]);
    expect(refusal("--port", "8801", "--origin", "http://[::1]:8801/x")).toEqual([1, message]);
  });

  it.each(["0", "65536", "80a", "-1", ""])("refuses the port %j with exit code 2", (text) => {
    expect(refusal(`--port=${text}`)).toEqual([2, `--port must be a number from 1 to 65535; it is '${text}'.`]);
  });

  it("names what it does not know", () => {
    expect(refusal("--prot", "1")).toEqual([2, "Unknown option '--prot'. Did you mean --port? See --help."]);
    expect(refusal("extra")).toEqual([2, "Unexpected word 'extra'. See --help."]);
    expect(refusal("--origin")).toEqual([2, "Option '--origin <value>' argument missing. See --help."]);
  });
});
