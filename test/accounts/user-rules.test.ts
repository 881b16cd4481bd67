// src/accounts/user-rules.ts: Django's rules for usernames, addresses and passwords.
import { describe, expect, it } from "vitest";
import {
  emailFault,
  normalEmail,
  normalUsername,
  passwordFault,
  passwordWeakness,
  usernameFault,
} from "../../src/accounts/user-rules.ts";

const characters = "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.";

describe("usernameFault()", () => {
  it.each(["ada", "a", "Ada.Lovelace", "a@b.c", "x+y-z_1", "grå", "Ада", "名前", "²", "a".repeat(150)])(
    "takes %s",
    (username) => {
      expect(usernameFault(username)).toBeNull();
    },
  );
  it.each(["a b", "a\n", "o'b", "a/b", "😀", "a\u0301b", "\u200b", "a\0"])("refuses %j", (username) => {
    expect(usernameFault(username)).toBe(characters);
  });
  it("refuses an empty one and one of 151 characters", () => {
    expect(usernameFault("")).toBe("This field cannot be blank.");
    expect(usernameFault("a".repeat(151))).toBe("Ensure this value has at most 150 characters.");
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

describe("emailFault()", () => {
  it.each(["", "a@b", "Ada@example.com"])("takes %j", (email) => {
    expect(emailFault(email)).toBeNull();
  });
  it.each(["nobody", "a b@c", "a@b@c", `${"a".repeat(250)}@b.cd`])("refuses %j", (email) => {
    expect(emailFault(email)).toBe("Enter a valid email address.");
  });
});

describe("passwordFault()", () => {
  it("refuses nothing but an empty password", () => {
    expect(passwordFault("")).toBe("The password must not be empty.");
    expect(passwordFault(" ")).toBeNull();
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
