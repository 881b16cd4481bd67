// scripts/start/walk.ts: the commands that are printed, word for word.
import { describe, expect, it } from "vitest";
import { headerName, shellWord, type WalkFacts, walk } from "../../scripts/start/walk.ts";

const facts: WalkFacts = {
  gateway: "http://127.0.0.1:8787",
  tokenPrefix: "/api/token",
  endpoints: ["obtain", "refresh", "verify", "blacklist"],
  rotates: true,
  header: "Authorization",
  scheme: "Bearer",
  demo: true,
  username: "demo",
  password: "s3cret",
};

const commands = (changes: Partial<WalkFacts>): string[] =>
  walk({ ...facts, ...changes }).flatMap((step) => step.commands);

describe("walk()", () => {
  it("logs in, calls the demo with and without the token, refreshes, verifies and logs out", () => {
    expect(commands({})).toEqual([
      "PASSWORD=s3cret",
      'TOKENS=$(curl -s http://127.0.0.1:8787/api/token/ --data-urlencode username=demo --data-urlencode "password=$PASSWORD")',
      `ACCESS=$(printf %s "$TOKENS" | sed 's/.*"access": *"\\([^"]*\\)".*/\\1/')`,
      `REFRESH=$(printf %s "$TOKENS" | sed 's/.*"refresh": *"\\([^"]*\\)".*/\\1/')`,
      "curl -i http://127.0.0.1:8787/api/notes/; echo",
      "curl -i http://127.0.0.1:8787/api/public/; echo",
      'curl -i http://127.0.0.1:8787/api/notes/ -H "Authorization: Bearer $ACCESS"; echo',
      `curl -i http://127.0.0.1:8787/api/notes/ -H "Authorization: Bearer $ACCESS" -H 'Content-Type: application/json' -d '{"title":"Milk"}'; echo`,
      'TOKENS=$(curl -s http://127.0.0.1:8787/api/token/refresh/ --data-urlencode "refresh=$REFRESH")',
      `ACCESS=$(printf %s "$TOKENS" | sed 's/.*"access": *"\\([^"]*\\)".*/\\1/')`,
      `REFRESH=$(printf %s "$TOKENS" | sed 's/.*"refresh": *"\\([^"]*\\)".*/\\1/')`,
      'curl -i http://127.0.0.1:8787/api/token/verify/ --data-urlencode "token=$ACCESS"; echo',
      'curl -i http://127.0.0.1:8787/api/token/blacklist/ --data-urlencode "refresh=$REFRESH"; echo',
      'curl -i http://127.0.0.1:8787/api/token/refresh/ --data-urlencode "refresh=$REFRESH"; echo',
    ]);
  });

  it("names the password in one line alone, and not at all when it is not known", () => {
    expect(commands({}).filter((command) => command.includes("s3cret"))).toEqual(["PASSWORD=s3cret"]);
    expect(commands({ password: undefined })[0]).toBe("PASSWORD='the password of this user'");
  });

  it("keeps the old refresh token where refreshing gives no new one", () => {
    expect(commands({ rotates: false }).filter((command) => command.startsWith("REFRESH="))).toHaveLength(1);
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
    const all = commands({ demo: false, scheme: "JWT", header: "X-Access-Token", tokenPrefix: "/auth" });
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
