/**
 * A TCP proxy in front of a broker, that does to connections what networks do. It follows Kafka's framing only as far as
 * it must to lose a chosen reply: a 4-byte length, then in a request api key (2 bytes), version (2) and correlation id (4), in
 * a reply the correlation id alone.
 */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { frames, LENGTH_BYTES } from "./frames.js";

/** Requests that tests lose the reply of, by Kafka's api key. */
export const ApiKey = { addOffsetsToTxn: 25, endTxn: 26, txnOffsetCommit: 28 } as const;
export type ApiName = keyof typeof ApiKey;

interface Link {
  readonly client: Socket;
  readonly broker: Socket;
  /** Whether the client is left alone with its side. */
  abandoned: boolean;
}

/** One port before one broker. */
export class TcpProxy {
  readonly port: number;
  readonly #brokerPort: number;
  readonly #server: Server;
  readonly #links = new Set<Link>();
  #delayMs = 0;
  #hole = false;
  #losing: { readonly apiKey: number; rest: number } | undefined;
  #lost = 0;

  private constructor(port: number, brokerPort: number) {
    this.port = port;
    this.#brokerPort = brokerPort;
    this.#server = createServer((client) => this.#accept(client));
  }

  /** Listens on `port` of 127.0.0.1 and passes everything to `brokerPort`, until told otherwise. */
  static async listen(port: number, brokerPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(port, brokerPort);
    proxy.#server.listen(port, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#links.size;
  }

  /** Replies lost by {@link loseReplies}. */
  get lost(): number {
    return this.#lost;
  }

  /** Ends every connection with a TCP reset; new ones are let through. */
  reset(): void {
    for (const { client, broker } of this.#links) {
      client.resetAndDestroy();
      broker.resetAndDestroy();
    }
  }

  /** Every byte arrives this much later, in both directions; 0 ends it. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /**
   * Swallows every byte of connections that are open and of new ones: nothing is refused, nothing answers.
   * What was swallowed is gone, so that ending it resets the connections.
   */
  blackHole(on: boolean): void {
    this.#hole = on;
    if (!on) this.reset();
  }

  /**
   * Half-open connections: the broker's side of each is gone and the client is never told, it has to find out. New
   * connections are let through.
   */
  halfOpen(): void {
    for (const link of this.#links) {
      link.abandoned = true;
      link.broker.resetAndDestroy();
    }
  }

  /** The broker does what the next `count` requests of this kind ask, and the connection breaks in place of the reply. */
  loseReplies(api: ApiName, count: number): void {
    this.#losing = { apiKey: ApiKey[api], rest: count };
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.reset();
    await closed;
  }

  #accept(client: Socket): void {
    const broker = connect(this.#brokerPort, "127.0.0.1");
    const link: Link = { client, broker, abandoned: false };
    this.#links.add(link);
    const apiKeyOf = new Map<number, number>();
    const toBroker = this.#writer(broker);
    const toClient = this.#writer(client);
    const requests = frames((frame) => apiKeyOf.set(frame.readInt32BE(8), frame.readInt16BE(4)));
    client.on("data", (bytes) => {
      requests(bytes);
      toBroker(bytes);
    });
    const replies = frames((frame) => {
      const correlationId = frame.readInt32BE(LENGTH_BYTES);
      const apiKey = apiKeyOf.get(correlationId);
      apiKeyOf.delete(correlationId);
      if (apiKey !== undefined && this.#loses(apiKey)) {
        client.resetAndDestroy();
        broker.destroy();
      } else toClient(frame);
    });
    broker.on("data", replies);
    // An error is followed by close; what matters is that the other side hears of it.
    client.on("error", () => {});
    broker.on("error", () => {});
    client.on("close", () => {
      this.#links.delete(link);
      broker.destroy();
    });
    broker.on("close", () => {
      if (!link.abandoned && !this.#hole) client.destroy();
    });
  }

  #loses(apiKey: number): boolean {
    if (this.#losing === undefined || this.#losing.apiKey !== apiKey || this.#losing.rest === 0) return false;
    this.#losing.rest--;
    this.#lost++;
    return true;
  }

  /** Writes to a socket in the order of the calls, each after the delay of its moment. */
  #writer(to: Socket): (bytes: Buffer) => void {
    const waiting: { readonly bytes: Buffer; readonly dueMs: number }[] = [];
    const write = (bytes: Buffer) => {
      if (!to.destroyed && !this.#hole) to.write(bytes);
    };
    const writeDue = () => {
      while (waiting.length > 0 && waiting[0].dueMs <= performance.now())
        write(waiting.shift()?.bytes ?? Buffer.alloc(0));
      if (waiting.length > 0) setTimeout(writeDue, Math.max(1, waiting[0].dueMs - performance.now()));
    };
    return (bytes) => {
      if (this.#hole) return;
      if (this.#delayMs === 0 && waiting.length === 0) return write(bytes);
      waiting.push({ bytes, dueMs: performance.now() + this.#delayMs });
      if (waiting.length === 1) setTimeout(writeDue, Math.max(1, this.#delayMs));
    };
  }
}
