// Finds out about ports of 127.0.0.1, before wrangler quietly takes another one.
// Must never listen on any other address, nor keep a port.
import { createServer } from "node:net";
import { Failure, reasonOf } from "../shared/failure.ts";

/** Listens for a moment and gives the port; 0 asks for any free one. */
const tryPort = (port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : port));
    });
  });

/** A port that nobody uses at this moment. */
export const freePort = (): Promise<number> => tryPort(0);

/** Fails with the cure when somebody uses the port. */
export async function requireFreePort(port: number): Promise<void> {
  try {
    await tryPort(port);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EADDRINUSE")
      throw new Failure(
        `Port ${port} is in use. Stop what uses it, or choose another: npm start -- --port ${port + 3}`,
      );
    throw new Failure(`Cannot listen on port ${port}: ${reasonOf(error)}. Choose another: npm start -- --port 8790`);
  }
}
