/**
 * Turns what the Kafka client logs about a failed connection into a line for the operator: what the other end said, and what
 * helps. The calls that wait for the connection show nothing but time-outs. Pure.
 */

/** Why a connection to a broker failed. */
export interface ConnectionTrouble {
  /** `host:port`. */
  readonly broker: string;
  /** In the client's own words. */
  readonly reason: string;
  /** What to do, as sentences. */
  readonly remedy: string;
  /** The fault of the broker's certificate, where it is known. */
  readonly fault?: string;
  /** Whether something answers there and refuses this client as it is set up: waiting does not help. */
  readonly refused: boolean;
  /** Whether the other end only closed the connection: a broker that is just ending looks the same. */
  readonly guessed?: boolean;
}

interface Rule {
  readonly reason: RegExp;
  /** State of the connection when it failed. */
  readonly state?: string;
  readonly remedy: string;
  readonly refused: boolean;
  readonly guessed?: boolean;
}

const PORT_OF = (kind: string) => `or name the port of its ${kind} listener in KAFKA_BROKERS`;
const WHERE = "check KAFKA_BROKERS, or where the broker says that it is (its advertised.listeners).";

/** The first rule that matches holds. */
const RULES: readonly Rule[] = [
  {
    reason: /^SASL authentication error/,
    remedy: "Check KAFKA_CONF_SASL_USERNAME and KAFKA_CONF_SASL_PASSWORD.",
    refused: true,
  },
  {
    reason: /Unsupported SASL mechanism/,
    remedy: "Set KAFKA_CONF_SASL_MECHANISM to one that the broker supports.",
    refused: true,
  },
  {
    reason: /mechanism handshake failed: .*not valid in current SASL state/,
    remedy: `Its listener has no use for SASL: set KAFKA_CONF_SECURITY_PROTOCOL to plaintext, or to ssl where it speaks TLS, ${PORT_OF("SASL")}.`,
    refused: true,
  },
  {
    reason: /certificate verify failed/,
    remedy:
      "The certificate must be valid, signed by an authority of KAFKA_CONF_SSL_CA_LOCATION, and issued for the name that the client connects to.",
    refused: true,
  },
  {
    reason: /PLAINTEXT broker listener|wrong version number/,
    remedy: `Its port does not speak TLS: set KAFKA_CONF_SECURITY_PROTOCOL to plaintext or sasl_plaintext, ${PORT_OF("TLS")}.`,
    refused: true,
  },
  {
    reason:
      /SSL handshake failed|alert (?:number|certificate|bad certificate|unknown ca|handshake)|certificate required/,
    remedy:
      "Check KAFKA_CONF_SSL_*; a broker that asks for the client's certificate wants KAFKA_CONF_SSL_CERTIFICATE_LOCATION and KAFKA_CONF_SSL_KEY_LOCATION, signed by an authority that it knows.",
    refused: true,
  },
  {
    reason: /^Disconnected/,
    state: "APIVERSION_QUERY",
    remedy:
      "It closes the connection at the first request, as a port that speaks TLS does (set KAFKA_CONF_SECURITY_PROTOCOL to ssl or sasl_ssl), and a proxy with no broker behind it.",
    refused: true,
    guessed: true,
  },
  { reason: /^Failed to resolve/, remedy: `Nobody knows that name: ${WHERE}`, refused: false },
  { reason: /^Connect to /, remedy: `Start the broker, or ${WHERE}`, refused: false },
  {
    reason: /Timed out/,
    remedy: "It takes connections and does not answer: the broker hangs, or something between swallows what is sent.",
    refused: false,
  },
];

/** A broker that closes a connection so early does it at the first request that is not about authentication. */
const SOON_MS = 1000;
const UNAUTHENTICATED: Rule = {
  reason: /^Disconnected/,
  state: "UP",
  remedy:
    "It closes connections as soon as they are made: its listener may want SASL (KAFKA_CONF_SECURITY_PROTOCOL and KAFKA_CONF_SASL_*).",
  refused: true,
  guessed: true,
};

const FAILURE =
  /^\[thrd:.*?\]: (?:\w+Coordinator: )?(?:\w+:\/\/)?(\S+?)(?:\/(?:bootstrap|\d+))?: (.*) \(after (\d+)ms in state ([A-Z_]+)(?:, .*)?\)$/s;

/**
 * Reads a line that the client logs with the facility FAIL.
 * @returns undefined where the line has another form
 */
export function connectionTrouble(message: string): ConnectionTrouble | undefined {
  const [, broker, reason, afterMs, state] = FAILURE.exec(message) ?? [];
  if (broker === undefined || reason === undefined) return undefined;
  const rules = Number(afterMs) < SOON_MS ? [...RULES, UNAUTHENTICATED] : RULES;
  const rule = rules.find((of) => of.reason.test(reason) && (of.state === undefined || of.state === state));
  const { remedy = "", refused = false, guessed = false } = rule ?? {};
  return { broker, reason: plain(reason), remedy, refused, guessed };
}

/** Without the names of OpenSSL's routines, and without advice that belongs to another program. */
function plain(reason: string): string {
  return reason
    .replace(/error:[0-9A-F]{8}:SSL routines:[^:]*:/g, "")
    .replace(/, verify that ssl\.ca\.location is correctly configured or .*$/s, "")
    .replace(/: probably due to broker version < 0\.10.*$/s, "");
}

/** The trouble in one line. */
export function sentenceOf({ broker, reason, fault, remedy, refused }: ConnectionTrouble): string {
  const sentence = refused
    ? `Kafka at ${broker} does not take this client as it is set up`
    : `waiting for Kafka at ${broker}`;
  const said = fault === undefined ? reason : `${reason}: ${fault}`;
  return `${sentence}: ${said}${remedy === "" ? "" : `${said.endsWith("?") ? "" : "."} ${remedy}`}`;
}
