// The user in the response of log-in and refresh, with the fields that dj-rest-auth has, and when the access token expires.
import type { Hooks } from "../../src/hooks.ts";

export const userInResponse: Hooks = {
  responseFor(user, _tokens, claims) {
    const { id, username, email, first_name, last_name } = user;
    // Ids are strings here; where they are integers, the client expects a number.
    const pk = /^-?\d+$/.test(id) ? BigInt(id) : id;
    return {
      user: { pk, username, email, first_name, last_name },
      access_expiration: new Date(Number(claims.exp) * 1000),
    };
  },
};
