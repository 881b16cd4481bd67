// scripts/start/walk.ts: the commands that are printed, word for word.
import { describe, expect, it } from "vitest";
import { headerName, pasteLines, shellWord, type WalkFacts, walk } from "../../scripts/start/walk.ts";

const facts: WalkFacts = {
  gateway: "http://127.0.0.1:8787",
  paths: {
    obtain: "/api/token/",
    refresh: "/api/token/refresh/",
    verify: "/api/token/verify/",
    blacklist: "/api/token/blacklist/",
  },
  endpoints: ["obtain", "refresh", "verify", "blacklist"],
  rotates: true,
  header: "Authorization",
  scheme: "Bearer",
  demo: true,
  usernameField: "username",
  username: "demo",
  password: "s3cret",
  isFull: true,
};

const commands = (changes: Partial<WalkFacts>): string[] =>
  walk({ ...facts, ...changes }).flatMap((step) => step.commands);

describe("walk()", () => {
  it("logs in, calls the demo with and without the token, refreshes, verifies and logs out", () => {
    expect(commands({})).toEqual([
      "export PASSWORD=s3cret",
      'export TOKENS="$(curl -s http://127.0.0.1:8787/api/token/ --data-urlencode username=demo --data-urlencode "password=$PASSWORD")"',
      `export ACCESS="$(printf %s "$TOKENS" | sed 's/.*"access": *"\\([^"]*\\)".*/\\1/')"`,
      `export REFRESH="$(printf %s "$TOKENS" | sed 's/.*"refresh": *"\\([^"]*\\)".*/\\1/')"`,
      "curl -i http://127.0.0.1:8787/api/notes/; echo",
      "curl -i http://127.0.0.1:8787/api/public/; echo",
      'curl -i http://127.0.0.1:8787/api/notes/ -H "Authorization: Bearer $ACCESS"; echo',
      `curl -i http://127.0.0.1:8787/api/notes/ -H "Authorization: Bearer $ACCESS" -H 'Content-Type: application/json' -d '{"title":"Milk"}'; echo`,
      'export TOKENS="$(curl -s http://127.0.0.1:8787/api/token/refresh/ --data-urlencode "refresh=$REFRESH")"',
      `export ACCESS="$(printf %s "$TOKENS" | sed 's/.*"access": *"\\([^"]*\\)".*/\\1/')"`,
      `export REFRESH="$(printf %s "$TOKENS" | sed 's/.*"refresh": *"\\([^"]*\\)".*/\\1/')"`,
      'curl -i http://127.0.0.1:8787/api/token/verify/ --data-urlencode "token=$ACCESS"; echo',
      'curl -i http://127.0.0.1:8787/api/token/blacklist/ --data-urlencode "refresh=$REFRESH"; echo',
      'curl -i http://127.0.0.1:8787/api/token/refresh/ --data-urlencode "refresh=$REFRESH"; echo',
    ]);
  });

  it("names the password in one line alone", () => {
    expect(commands({}).filter((command) => command.includes("s3cret"))).toEqual(["export PASSWORD=s3cret"]);
  });

  it("has nothing to fill in: without a password, only what needs none", () => {
    expect(commands({ password: undefined })).toEqual([
      "curl -i http://127.0.0.1:8787/api/notes/; echo",
      "curl -i http://127.0.0.1:8787/api/public/; echo",
    ]);
    expect(commands({ password: undefined, demo: false })).toEqual([]);
  });

  it("is short unless it is to be full: log in, then call without and with the token", () => {
    const short = commands({ isFull: false });
    expect(short.map((command) => command.split(/[ =]/, 2).join(" "))).toEqual([
      ...["export PASSWORD", "export TOKENS", "export ACCESS", "curl -i", "curl -i"],
    ]);
    expect(short.at(-1)).toBe('curl -i http://127.0.0.1:8787/api/notes/ -H "Authorization: Bearer $ACCESS"; echo');
  });

  it("has titles that a shell prints, and no comment, which interactive zsh does not know", () => {
    const lines = pasteLines(walk(facts), true);
    expect(lines.filter((line) => line.startsWith("echo "))[0]).toBe("echo '--- log in as demo'");
    expect(lines.filter((line) => line.includes("#") || /^[A-Z]+=/.test(line))).toEqual([]);
    expect(pasteLines(walk(facts), false).filter((line) => line.startsWith("echo "))).toEqual([]);
  });

  it("keeps the old refresh token where refreshing gives no new one", () => {
    expect(commands({ rotates: false }).filter((command) => command.startsWith("export REFRESH="))).toHaveLength(1);
  });

  it("says nothing of endpoints that are not served", () => {
    const some = commands({ endpoints: ["obtain", "verify"] }).join("\n");
    expect(some).not.toContain("/refresh/");
    expect(some).not.toContain("/blacklist/");
    expect(commands({ endpoints: ["sliding"] })).toEqual([
      "curl -i http://127.0.0.1:8787/api/notes/; echo",
      "curl -i http://127.0.0.1:8787/api/public/; echo",
    ]);
  });

  it("knows nothing of an API that is not the demo", () => {
    const paths = {
      obtain: "/auth/login/",
      refresh: "/auth/refresh/",
      verify: "/auth/verify/",
      blacklist: "/auth/logout/",
    };
    const all = commands({ demo: false, scheme: "JWT", header: "X-Access-Token", paths });
    expect(all.join("\n")).not.toContain("/api/");
    expect(all).toContain('curl -i http://127.0.0.1:8787/ -H "X-Access-Token: JWT $ACCESS"; echo');
    expect(all).toContain('curl -i http://127.0.0.1:8787/auth/verify/ --data-urlencode "token=$ACCESS"; echo');
  });
});

describe("headerName()", () => {
  it("reads Django's spelling and a header's own", () => {
    expect(headerName("HTTP_AUTHORIZATION")).toBe("Authorization");
    expect(headerName("HTTP_X_ACCESS_TOKEN")).toBe("X-Access-Token");
    expect(headerName("X-Access-Token")).toBe("X-Access-Token");
  });
});

describe("shellWord()", () => {
  it("quotes what the shell would take apart", () => {
    expect(shellWord("username=demo")).toBe("username=demo");
    expect(shellWord("a b")).toBe("'a b'");
    expect(shellWord("it's $HOME")).toBe("'it'\\''s $HOME'");
    expect(shellWord("")).toBe("''");
  });
});
