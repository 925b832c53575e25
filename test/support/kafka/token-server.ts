/** Gives tokens to a client who has its secret, as the authorization server of an organization does. Nobody signs them. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface TokenServer {
  readonly url: string;
  /** Tokens that were given. */
  readonly given: number;
  close(): Promise<void>;
}

/** @param lifeSeconds after which a token is no good any more */
export async function startTokenServer(id: string, secret: string, lifeSeconds: number): Promise<TokenServer> {
  const expected = `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
  let given = 0;
  const server = createServer((request, response) => {
    request.resume();
    if (request.headers.authorization !== expected) {
      response.writeHead(401, { "Content-Type": "application/json" }).end('{"error":"invalid_client"}');
      return;
    }
    given++;
    const now = Math.floor(Date.now() / 1000);
    const part = (content: object) => Buffer.from(JSON.stringify(content)).toString("base64url");
    const token = `${part({ alg: "none" })}.${part({ sub: id, iat: now, exp: now + lifeSeconds })}.`;
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ access_token: token, token_type: "Bearer", expires_in: lifeSeconds }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    get given() {
      return given;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
