// src/users/user-rules.ts: Django's rules for usernames, addresses and passwords.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readFields } from "../../src/http/fields.ts";
import {
  emailError,
  normalEmail,
  normalUsername,
  passwordError,
  passwordWeakness,
  usernameError,
} from "../../src/users/user-rules.ts";

const characters = "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.";

describe("usernameError()", () => {
  it.each(["ada", "a", "Ada.Lovelace", "a@b.c", "x+y-z_1", "grå", "Ада", "名前", "²", "a".repeat(150)])(
    "takes %s",
    (username) => {
      expect(usernameError(username)).toBeNull();
    },
  );
  it.each(["a b", "a\n", "o'b", "a/b", "😀", "a\u0301b", "\u200b", "a\0"])("refuses %j", (username) => {
    expect(usernameError(username)).toBe(characters);
  });
  it("refuses an empty one and one of 151 characters", () => {
    expect(usernameError("")).toBe("This field cannot be blank.");
    expect(usernameError("a".repeat(151))).toBe("Ensure this value has at most 150 characters.");
  });
});

describe("normalUsername()", () => {
  it("folds what looks alike, as Django does (NFKC)", () => {
    expect(normalUsername("ﬁn")).toBe("fin");
    expect(normalUsername("a\u030a")).toBe("å");
  });
});

describe("normalEmail()", () => {
  it("lowers the domain and leaves the rest", () => {
    expect(normalEmail(" Ada@Example.COM ")).toBe("Ada@example.com");
    expect(normalEmail("nobody")).toBe("nobody");
  });
});

describe("emailError()", () => {
  it.each(["", "a@b", "Ada@example.com"])("takes %j", (email) => {
    expect(emailError(email)).toBeNull();
  });
  it.each(["nobody", "a b@c", "a@b@c", `${"a".repeat(250)}@b.cd`])("refuses %j", (email) => {
    expect(emailError(email)).toBe("Enter a valid email address.");
  });
});

describe("passwordError()", () => {
  it("refuses an empty password", () => {
    expect(passwordError("")).toBe("The password must not be empty.");
  });
  it.each([" ", "        ", "\t\n", "\u00a0\u3000", "\u001c\u001d\u001e\u001f", "\u0085"])(
    "refuses one of nothing but what Python strips: %j",
    (password) => {
      expect(passwordError(password)).toBe(
        "The password must not be blank: a log-in takes blanks away, so nobody could log in with it.",
      );
    },
  );
  it.each([" correct horse", "correct horse ", "correct horse\n", "\u001ccorrect horse", "correct horse\u0085"])(
    "refuses one with white space at an end: %j",
    (password) => {
      expect(passwordError(password)).toBe(
        "The password must not begin or end with a blank, tab or line end: a log-in takes them away, so nobody could log in with it.",
      );
    },
  );
  it.each([
    ["\0correct horse", "a null character"],
    ["correct\0horse", "a null character"],
    ["correct\ud800horse", "half a surrogate pair"],
  ])("refuses what a log-in refuses: %j", (password, what) => {
    expect(passwordError(password)).toBe(
      `The password must not contain ${what}: a log-in refuses it, so nobody could log in with it.`,
    );
  });
  it.each([
    "correct horse",
    "a b",
    "\ufeffcorrect horse\ufeff",
    "\u200bcorrect horse",
    "Gr\u00fc\u00dfe \ud83d\udc0e!",
    "a\tb",
  ])("takes %j, which arrives as it is typed", (password) => {
    expect(passwordError(password)).toBeNull();
  });
  it("takes whatever the log-in's field reads unchanged, and nothing else", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 12 }), (password) => {
        let read: string | undefined;
        try {
          read = readFields(
            { kind: "json", numberText: () => undefined, exactValue: () => ({}), value: { password } },
            ["password"],
          ).password;
        } catch {
          read = undefined;
        }
        expect(passwordError(password) === null).toBe(read === password);
      }),
    );
  });
});

describe("passwordWeakness()", () => {
  it("names what is short or equal to the username", () => {
    expect(passwordWeakness("1234567", "ada")).toBe(
      "This password is too short. It must contain at least 8 characters.",
    );
    expect(passwordWeakness("AdaLovelace", "adalovelace")).toBe("The password is too similar to the username.");
    expect(passwordWeakness("12345678", "ada")).toBeNull();
  });
});
