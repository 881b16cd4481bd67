// A memory that forgets its oldest entry: like a Map that is asked for its first key.
import fc from "fast-check";
import { expect, test } from "vitest";
import { oldestFirst } from "../src/oldest-first.ts";

test("gives values by key, and counts them", () => {
  const memory = oldestFirst<number>();
  memory.set("a", 1);
  memory.set("b", 2);
  memory.set("a", 3);
  expect([memory.get("a"), memory.get("b"), memory.get("c"), memory.size()]).toEqual([3, 2, undefined, 2]);
  expect([memory.delete("a"), memory.delete("a"), memory.get("a"), memory.size()]).toEqual([true, false, undefined, 1]);
});

test("forgets in the order in which keys were set last", () => {
  const memory = oldestFirst<number>();
  for (const key of ["a", "b", "c", "a"]) memory.set(key, 0);
  memory.delete("c");
  memory.set("c", 0);
  expect(Array.from({ length: 4 }, () => memory.forgetOldest())).toEqual(["b", "a", "c", undefined]);
  expect(memory.size()).toBe(0);
});

test("does the same as a Map, whatever is done with it", () => {
  const key = fc.constantFrom("a", "b", "c", "d", "e");
  const step = fc.oneof(
    fc.record({ set: key, value: fc.nat() }),
    fc.record({ delete: key }),
    fc.constant({ forget: true as const }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const [memory, map] = [oldestFirst<number>(), new Map<string, number>()];
      for (const one of steps) {
        if ("set" in one) {
          map.delete(one.set);
          map.set(one.set, one.value);
          memory.set(one.set, one.value);
        } else if ("delete" in one) expect(memory.delete(one.delete)).toBe(map.delete(one.delete));
        else {
          const first = map.keys().next().value;
          if (first !== undefined) map.delete(first);
          expect(memory.forgetOldest()).toBe(first);
        }
        expect(memory.size()).toBe(map.size);
      }
      for (const name of ["a", "b", "c", "d", "e"]) expect(memory.get(name)).toBe(map.get(name));
    }),
  );
});
