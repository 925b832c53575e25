/**
 * A broker that answers what a test tells it to, for answers that a real one gives seldom or never: Kafka's protocol as far as a
 * client that looks for topics and groups needs it. It has no topics, and is every group's coordinator.
 */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { frames } from "./frames.js";

/** Kafka's api keys of what it can be asked. */
const Api = {
  metadata: 3,
  offsetFetch: 9,
  findCoordinator: 10,
  describeGroups: 15,
  listGroups: 16,
  apiVersions: 18,
} as const;
/** Each with its newest version: those of Kafka 1.0, whose answers are the simplest. Some stand for what it only claims to know. */
const APIS: readonly (readonly [key: number, newest: number])[] = [
  ...([0, 1, 2, 8, 11, 12, 13, 14] as const).map((key) => [key, key < 2 ? 3 : 0] as const),
  [Api.metadata, 2],
  [Api.offsetFetch, 2],
  [Api.findCoordinator, 0],
  [Api.describeGroups, 0],
  [Api.listGroups, 0],
  [Api.apiVersions, 0],
];
const NODE = 1;
const UNKNOWN_TOPIC = 3;
const UNSUPPORTED_VERSION = 35;
/** Of a request, after its length: api key, version, correlation id, and the length of the client's id. */
const HEADER_BYTES = 10;

export interface ToldAnswers {
  /** Error code of every group that is described; by default each is there and has no members. */
  readonly groupError?: number;
  /** Error code of every group whose positions are asked for. */
  readonly positionsError?: number;
  /** Groups that it lists. */
  readonly listed?: readonly string[];
  /** Whether it keeps silent when it is asked for topics. */
  readonly hidesTopics?: boolean;
}

export interface ToldBroker {
  readonly brokers: string;
  /** How often it was asked for a group, or for a group's positions. */
  readonly groupQuestions: number;
  close(): Promise<void>;
}

/** Listens on 127.0.0.1 until it is closed. */
export async function openToldBroker(answers: ToldAnswers): Promise<ToldBroker> {
  const sockets = new Set<Socket>();
  let groupQuestions = 0;
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}).on("close", () => sockets.delete(socket)));
    const onRequest = (request: Buffer) => {
      const key = request.readInt16BE(4);
      if (key === Api.describeGroups || key === Api.offsetFetch) groupQuestions++;
      if (key === Api.metadata && answers.hidesTopics === true) return;
      const body = answerTo(request.subarray(4), port, answers);
      if (body === undefined) socket.destroy();
      else socket.write(Buffer.concat([int32(4 + body.length), request.subarray(8, 12), body]));
    };
    socket.on("data", frames(onRequest));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    brokers: `127.0.0.1:${port}`,
    get groupQuestions() {
      return groupQuestions;
    },
    close: async () => {
      const closed = once(server.close(), "close");
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** The body of the answer to a request; undefined where it only claims to know that kind. */
function answerTo(request: Buffer, port: number, answers: ToldAnswers): Buffer | undefined {
  const [key, version] = [request.readInt16BE(0), request.readInt16BE(2)];
  const asked = request.subarray(HEADER_BYTES + Math.max(0, request.readInt16BE(8)));
  const node = [int32(NODE), string("127.0.0.1"), int32(port)];
  switch (key) {
    case Api.apiVersions: {
      const apis = APIS.flatMap(([api, newest]) => [api, 0, newest].map(int16));
      return Buffer.concat([int16(version === 0 ? 0 : UNSUPPORTED_VERSION), int32(APIS.length), ...apis]);
    }
    case Api.metadata: {
      const topics = namesOf(asked).map((name) =>
        Buffer.concat([int16(UNKNOWN_TOPIC), string(name), Buffer.of(0), int32(0)]),
      );
      const [rack, cluster] = [int16(-1), int16(-1)];
      return Buffer.concat([int32(1), ...node, rack, cluster, int32(NODE), int32(topics.length), ...topics]);
    }
    case Api.findCoordinator:
      return Buffer.concat([int16(0), ...node]);
    case Api.describeGroups: {
      // Code, id, state, type and data of the protocol, no members.
      const groups = namesOf(asked).map((name) =>
        Buffer.concat([int16(answers.groupError ?? 0), ...[name, "", "", ""].map(string), int32(0)]),
      );
      return Buffer.concat([int32(groups.length), ...groups]);
    }
    case Api.offsetFetch:
      return Buffer.concat([int32(0), int16(answers.positionsError ?? 0)]);
    case Api.listGroups: {
      const groups = (answers.listed ?? []).flatMap((name) => [string(name), string("consumer")]);
      return Buffer.concat([int16(0), int32(groups.length / 2), ...groups]);
    }
    default:
      return undefined;
  }
}

/** An array of strings; none where it is null. */
function namesOf(bytes: Buffer): string[] {
  const names: string[] = [];
  let at = 4;
  for (let rest = bytes.readInt32BE(0); rest > 0; rest--) {
    const end = at + 2 + bytes.readInt16BE(at);
    names.push(bytes.toString("utf8", at + 2, end));
    at = end;
  }
  return names;
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

const string = (text: string): Buffer => Buffer.concat([int16(Buffer.byteLength(text)), Buffer.from(text)]);
