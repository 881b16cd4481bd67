import { describe, expect, test } from "vitest";
import { readBody as readBodyOf } from "../../src/http/body.ts";
import { openUploads } from "../../src/http/uploads.ts";
import { reasonOf, refusalOf } from "../support/context.ts";

const limitBytes = 64 * 1024;
const readBody = (request: Request) => readBodyOf(request, openUploads());
type Body = string | Uint8Array | FormData | ReadableStream;

function post(body: Body, contentType?: string, more: Readonly<Record<string, string>> = {}): Request {
  const headers = contentType === undefined ? more : { "content-type": contentType, ...more };
  return new Request("https://gateway.example/api/token/", { method: "POST", body, headers });
}
async function formOf(request: Request): Promise<Record<string, string | File>> {
  const body = await readBody(request);
  if (body.kind !== "form") throw new Error("not a form");
  return Object.fromEntries(body.fields);
}
const jsonOf = async (request: Request) => {
  const body = await readBody(request);
  return body.kind === "json" ? body.value : "not JSON";
};

describe("readBody() of JSON", () => {
  test.each([
    ["application/json"],
    ["Application/JSON"],
    ["application/json; charset=utf-8"],
    [' application/json ;charset="UTF-8"'],
  ])("takes %j", async (type) => {
    expect(await jsonOf(post('{"username":"Zoë"}', type))).toEqual({ username: "Zoë" });
  });

  test("goes by the charset", async () => {
    const latin1 = Uint8Array.from([...Buffer.from('{"a":"Zo'), 0xeb, ...Buffer.from('"}')]);
    expect(await jsonOf(post(latin1, "application/json; charset=iso-8859-1"))).toEqual({ a: "Zoë" });
    const utf16 = Uint8Array.from(Buffer.from('\ufeff{"a":"Zoë"}', "utf16le"));
    expect(await jsonOf(post(utf16, "application/json; charset=utf-16"))).toEqual({ a: "Zoë" });
  });

  test("keeps the text of numbers", async () => {
    const body = await readBody(post('{"a":1.50}', "application/json"));
    expect(body.kind === "json" && body.numberText("a")).toBe("1.50");
  });

  test.each([
    ["{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"],
    ["username=a", "Expecting value: line 1 column 1 (char 0)"],
    ["  ", "Expecting value: line 1 column 3 (char 2)"],
    ["\ufeff{}", "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)"],
  ])("refuses %j and says where it breaks off", async (text, error) => {
    const refusal = await refusalOf(() => readBody(post(text, "application/json")));
    expect(refusal.reason).toBe("json_unreadable");
    expect(refusal.more).toEqual({ names: error });
  });

  test("refuses bytes that are not of the charset", async () => {
    const refusal = await refusalOf(() => readBody(post(Uint8Array.from([0x22, 0xff, 0x22]), "application/json")));
    expect(refusal.reason).toBe("json_unreadable");
    expect(refusal.more).toEqual({ names: "'utf-8' codec can't decode byte 0xff in position 1: invalid start byte" });
  });
});

describe("readBody() of a form", () => {
  const type = "application/x-www-form-urlencoded";

  test.each([
    ["username=wanda&password=secret", { username: "wanda", password: "secret" }],
    ["a=1+2%203&b=%26%3D", { a: "1 2 3", b: "&=" }],
    ["a=Zo%C3%AB", { a: "Zoë" }],
    ["a=Zoë", { a: "Zoë" }],
    ["a=1&a=2", { a: "2" }],
    ["a&b=&=c&&", { a: "", b: "", "": "c" }],
    ["a=b=c", { a: "b=c" }],
    ["a=100%&b=%zz&c=%4", { a: "100%", b: "%zz", c: "%4" }],
    ["a=%ff", { a: "\ufffd" }],
    ["a;b=1", { "a;b": "1" }],
    ["__proto__=x", Object.fromEntries([["__proto__", "x"]])],
  ])("reads %s", async (text, fields) => {
    expect(await formOf(post(text, type))).toEqual(fields);
  });

  test.each([
    ["utf-8", "a=%41é%C3%A9%", "Aéé%"],
    ["utf-8", "a=é%A9%C3é", "é\ufffd\ufffdé"],
    ["utf-8", "a=%E2%82é%AC%e2%82%ac", "\ufffdé\ufffd€"],
    ["utf-8", "a=%25%32%35%2525+%2B", "%25%25 +"],
    ["utf-8", "a=%4%41%4g%G1%%41", "%4A%4g%G1%A"],
    ["utf-8", "a=%EF%BB%BFx", "\ufeffx"],
    ["unheard-of", "a=%C3%A9é%A9", "éé\ufffd"],
    ["shift_jis", "a=%82%A0%83A", "あア"],
  ])("decodes as Python's unquote() does, in %s: %s", async (charset, text, value) => {
    expect(await formOf(post(text, `${type}; charset=${charset}`))).toEqual({ a: value });
  });

  test("takes 1,000 fields, as Django does, and not one more", async () => {
    const pairs = (count: number) => Array.from({ length: count }, (_, at) => `f${at}=1`).join("&");
    expect(Object.keys(await formOf(post(pairs(1000), type)))).toHaveLength(1000);
    expect(await reasonOf(() => readBody(post(pairs(1001), type)))).toBe("request_malformed");
    expect(await reasonOf(() => readBody(post("&".repeat(1000), type)))).toBe("request_malformed");
  });

  test("takes so many escapes beside other letters as a form may need, and no more, but in UTF-8 any", async () => {
    const mixed = (count: number, charset: string) => post("é%E9".repeat(count), `${type}; charset=${charset}`);
    expect(Object.keys(await formOf(mixed(2000, "latin-1")))).toHaveLength(1);
    expect(await reasonOf(() => readBody(mixed(2001, "latin-1")))).toBe("request_malformed");
    expect(Object.keys(await formOf(mixed(10_000, "utf-8")))).toHaveLength(1);
  });

  test("goes by the charset, in %XX too", async () => {
    expect(await formOf(post("a=Zo%EB", `${type}; charset=latin-1`))).toEqual({ a: "Zoë" });
    expect(await formOf(post(Uint8Array.from([0x61, 0x3d, 0xeb]), `${type};charset=latin-1`))).toEqual({ a: "ë" });
  });
});

describe("readBody() of a multipart form", () => {
  test("reads fields and files, the last of each name", async () => {
    const form = new FormData();
    form.append("username", "first");
    form.append("username", "Zoë");
    form.append("photo", new File(["bytes"], "photo.png"));
    const fields = await formOf(post(form));
    expect(fields.username).toBe("Zoë");
    expect(fields.photo).toBeInstanceOf(File);
  });

  test.each([
    ["no boundary", "multipart/form-data", "--x\r\n\r\n"],
    ["a boundary that does not occur", "multipart/form-data; boundary=y", "--x\r\n\r\nz\r\n--x--"],
    [
      "a boundary of more than 201 characters",
      `multipart/form-data; boundary=${"b".repeat(202)}`,
      `--${"b".repeat(202)}--\r\n`,
    ],
    ["no end", "multipart/form-data; boundary=x", '--x\r\ncontent-disposition: form-data; name="a"\r\n\r\nb'],
  ])("refuses one with %s", async (_, type, text) => {
    const refusal = await refusalOf(() => readBody(post(text, type)));
    expect(refusal.reason).toBe("form_unreadable");
    expect(refusal.more).toEqual({ names: "Invalid multipart body." });
  });
});

test("readBody() takes 1,000 fields of a multipart form, and not one more", async () => {
  const form = (count: number) =>
    `${Array.from({ length: count }, (_, at) => `--x\r\nContent-Disposition: form-data; name="${at}"\r\n\r\n\r\n`).join("")}--x--\r\n`;
  expect(Object.keys(await formOf(post(form(1000), "multipart/form-data; boundary=x")))).toHaveLength(1000);
  const refused = await reasonOf(() => readBody(post(form(1001), "multipart/form-data; boundary=x")));
  expect(refused).toBe("request_malformed");
});

describe("readBody() of other types", () => {
  test.each([["text/plain"], ["application/xml"], ["application/json+x"], ["json"], ["multipart/mixed; boundary=x"]])(
    "refuses %s and names it",
    async (type) => {
      const refusal = await refusalOf(() => readBody(post("x", type)));
      expect(refusal.reason).toBe("media_type_unsupported");
      expect(refusal.more).toEqual({ names: type });
    },
  );

  test("refuses a body without a type", async () => {
    const refusal = await refusalOf(() => readBody(post(Uint8Array.from([1]))));
    expect(refusal.reason).toBe("media_type_unsupported");
    expect(refusal.more).toEqual({ names: "" });
  });

  test("names no more than 200 characters of it", async () => {
    const refusal = await refusalOf(() => readBody(post("x", `text/${"x".repeat(1000)}`)));
    expect(refusal.more).toEqual({ names: `text/${"x".repeat(195)}` });
  });

  test.each([["text/plain"], ["application/json"], ["multipart/form-data"], [undefined]])(
    "takes nothing of type %s for a form without fields",
    async (type) => {
      expect(await formOf(post("", type))).toEqual({});
      const bodiless = new Request("https://gateway.example/", {
        method: "POST",
        headers: type ? { "content-type": type } : {},
      });
      expect(await formOf(bodiless)).toEqual({});
    },
  );
});

describe("readBody() of a body that is too large", () => {
  test("refuses by the length that is declared, before it reads a byte", async () => {
    const request = post("{}", "application/json", { "content-length": String(limitBytes + 1) });
    expect(await reasonOf(() => readBody(request))).toBe("body_too_large");
    expect(request.bodyUsed).toBe(false);
  });

  test("refuses a stream once it has sent too much, and reads no further", async () => {
    let sent = 0;
    const stream = new ReadableStream({
      pull(controller) {
        sent += 16 * 1024;
        controller.enqueue(new Uint8Array(16 * 1024));
      },
    });
    expect(await reasonOf(() => readBody(post(stream, "application/json")))).toBe("body_too_large");
    expect(sent).toBeLessThan(2 * limitBytes);
  });

  test("takes as much as the limit", async () => {
    const text = `{"a":"${"x".repeat(limitBytes - 8)}"}`;
    expect(text).toHaveLength(limitBytes);
    expect(await jsonOf(post(text, "application/json"))).toEqual({ a: "x".repeat(limitBytes - 8) });
    expect(await reasonOf(() => readBody(post(`${text} `, "application/json")))).toBe("body_too_large");
  });
});

describe("readBody() of a body that comes bit by bit", () => {
  const bitByBit = (bits: readonly Uint8Array[], type?: "bytes") => {
    const left = [...bits];
    const pull = (controller: ReadableByteStreamController | ReadableStreamDefaultController) => {
      const bit = left.shift();
      if (bit) controller.enqueue(bit);
      else controller.close();
    };
    return (type ? new ReadableStream({ type, pull }) : new ReadableStream({ pull })) as ReadableStream;
  };
  const bitsOf = (text: string) => [...new TextEncoder().encode(text)].map((byte) => Uint8Array.of(byte));

  test.each([["bytes" as const], [undefined]])("puts it together, from a stream of type %s", async (type) => {
    const text = `{"username":"Zoë","filler":"${"x".repeat(5000)}"}`;
    const value = (await jsonOf(post(bitByBit(bitsOf(text), type), "application/json"))) as { username: string };
    expect(value.username).toBe("Zoë");
  });

  test("refuses one whose connection breaks", async () => {
    const broken = new ReadableStream({
      pull(controller) {
        controller.error(new Error("connection lost"));
      },
    });
    expect(await reasonOf(() => readBody(post(broken, "application/json")))).toBe("client_gone");
  });

  test("gives its room back, whether it was read or refused", async () => {
    const uploads = openUploads(200 * 1024);
    for (let times = 0; times < 10; times++) {
      await readBodyOf(post(`"${"x".repeat(limitBytes - 2)}"`, "application/json"), uploads);
      await reasonOf(() => readBodyOf(post("x".repeat(limitBytes + 1), "application/json"), uploads));
    }
    const witness = uploads.begin(limitBytes);
    await readBodyOf(post(`"${"x".repeat(limitBytes - 2)}"`, "application/json"), uploads);
    expect(witness.isDropped()).toBe(false);
  });
});
