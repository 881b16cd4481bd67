// An Express API that says who is calling, for as long as whoever started it keeps standard input open.
import express from "express";
import { createRemoteJWKSet } from "jose";
import { gatewayCaller } from "./gateway-caller.js";

const { PORT, GATEWAY_KEY, GATEWAY_JWKS_URL, GATEWAY_ALGORITHM, GATEWAY_AUDIENCE } = process.env;
const key = GATEWAY_JWKS_URL ? createRemoteJWKSet(new URL(GATEWAY_JWKS_URL)) : new TextEncoder().encode(GATEWAY_KEY);

const app = express();
app.use(gatewayCaller({ key, algorithm: GATEWAY_ALGORITHM, audience: GATEWAY_AUDIENCE }));
app.use("/open", (request, response) => void response.json({ caller: request.caller ?? null }));
app.use((request, response) => {
  if (request.caller) response.json({ caller: request.caller });
  else response.status(401).json({ detail: "Who are you?" });
});
app.listen(Number(PORT), "127.0.0.1");
process.stdin.resume().on("end", () => process.exit());
