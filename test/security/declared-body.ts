// A request whose body is declared and never comes: what is refused by its length is refused before it is read.
// Must never send the body: a client that does may lose the answer with the connection.
import { openSocket, parseAnswer } from "../support/sockets.ts";

/** Status and body of the answer to a JSON POST of so many bytes, of which only the first is sent. */
export async function declaredBody(host: string, path: string, bytes: number): Promise<readonly [number, string]> {
  const socket = openSocket(host);
  const lines = [
    `POST ${path} HTTP/1.1`,
    `Host: ${host}`,
    "Content-Type: application/json",
    `Content-Length: ${bytes}`,
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n{`);
  const received: Buffer[] = [];
  await new Promise<void>((done, failed) => {
    socket.on("error", failed);
    socket.on("close", () => done());
    socket.on("data", (chunk: Buffer) => {
      received.push(chunk);
      if (Buffer.concat(received).includes("}")) done();
    });
  });
  socket.destroy();
  const { status, body } = parseAnswer(Buffer.concat(received));
  return [status, body.toString()];
}
