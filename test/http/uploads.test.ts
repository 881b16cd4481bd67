// How much the bodies that are being read may hold together, and which of them have to make room.
import { describe, expect, test } from "vitest";
import { openUploads } from "../../src/http/uploads.ts";

const kibibyte = 1024;
const longest = 64 * kibibyte;
/** Each upload counts 8 KiB beside its bytes. */
const around = 8 * kibibyte;

describe("openUploads()", () => {
  test("holds what comes, in the order it came", () => {
    const upload = openUploads().begin(longest);
    for (const part of ["so", "me ", "", "x".repeat(5000)]) upload.append(new TextEncoder().encode(part));
    expect(new TextDecoder().decode(upload.bytes())).toBe(`some ${"x".repeat(5000)}`);
    expect([upload.length(), upload.isDropped()]).toEqual([5005, false]);
  });

  test("keeps nothing of a chunk but its bytes", () => {
    const upload = openUploads().begin(longest);
    const chunk = new Uint8Array([1, 2, 3]);
    upload.append(chunk);
    chunk.fill(9);
    expect([...upload.bytes()]).toEqual([1, 2, 3]);
  });

  test("drops the one that has been there longest when there is no more room, and its bytes with it", () => {
    const uploads = openUploads(3 * (longest + around));
    const all = Array.from({ length: 5 }, () => uploads.begin(longest));
    for (const upload of all) upload.append(new Uint8Array(longest));
    expect(all.map((upload) => upload.isDropped())).toEqual([true, true, false, false, false]);
    expect(all.map((upload) => upload.bytes().length)).toEqual([0, 0, longest, longest, longest]);
  });

  test("drops none for the sake of one that has ended, however often it ends", () => {
    const uploads = openUploads(2 * (longest + around));
    const first = uploads.begin(longest);
    first.append(new Uint8Array(longest));
    for (let times = 0; times < 100; times++) {
      const upload = uploads.begin(longest);
      upload.append(new Uint8Array(longest));
      upload.end();
      upload.end();
    }
    expect(first.isDropped()).toBe(false);
  });

  test("counts bodies that have hardly begun, too", () => {
    const uploads = openUploads(10 * (around + kibibyte));
    const all = Array.from({ length: 12 }, () => uploads.begin(longest));
    expect(all.map((upload) => upload.isDropped())).toEqual([true, true, ...Array(10).fill(false)]);
  });

  test("a dropped one takes no more bytes", () => {
    const uploads = openUploads(around + kibibyte);
    const first = uploads.begin(longest);
    const second = uploads.begin(longest);
    first.append(new Uint8Array(longest));
    expect([first.isDropped(), first.length(), second.isDropped()]).toEqual([true, 0, false]);
  });

  test("requests that were cancelled and never say so are the first to go", () => {
    const uploads = openUploads(3 * (longest + around));
    for (let times = 0; times < 1000; times++) uploads.begin(longest).append(new Uint8Array(1));
    const living = uploads.begin(longest);
    living.append(new Uint8Array(longest));
    expect([living.isDropped(), living.length()]).toEqual([false, longest]);
  });
});
