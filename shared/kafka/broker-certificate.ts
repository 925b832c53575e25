/** Finds the fault of a broker's certificate. The Kafka client says only that it does not accept the certificate. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { connect } from "node:tls";
import type { BrokerAddress } from "../broker-addresses.js";

const ANSWER_MS = 10_000;

/**
 * Asks the broker for its certificate, and checks it as the client does. Nothing else is sent.
 * @param properties librdkafka's, of the user
 * @returns undefined where it has no fault
 * @throws {Error} the broker shows no certificate, or the authorities cannot be read
 */
export async function certificateFault(
  { host, port }: BrokerAddress,
  properties: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const { "ssl.ca.pem": pem, "ssl.ca.location": location } = properties;
  const ca = pem ?? (location === undefined ? undefined : await readFile(location));
  const socket = connect({
    host,
    port,
    rejectUnauthorized: false,
    ...(ca === undefined ? {} : { ca }),
    ...(isIP(host) === 0 ? { servername: host } : {}),
  });
  try {
    await once(socket, "secureConnect", { signal: AbortSignal.timeout(ANSWER_MS) });
    if (socket.authorized) return undefined;
    const { issuer, valid_from, valid_to, subjectaltname } = socket.getPeerCertificate();
    return faultOf(String(socket.authorizationError), {
      issuer: nameOf(issuer?.CN),
      valid_from,
      valid_to,
      subjectaltname,
      host,
    });
  } finally {
    socket.destroy();
  }
}

/** The parts of a certificate that its faults are about. */
interface Certificate {
  readonly issuer: string;
  readonly valid_from: string;
  readonly valid_to: string;
  readonly subjectaltname: string | undefined;
  readonly host: string;
}

function faultOf(code: string, { issuer, valid_from, valid_to, subjectaltname, host }: Certificate): string {
  if (code.includes("CERT_HAS_EXPIRED")) return `its certificate expired on ${valid_to}`;
  if (code.includes("CERT_NOT_YET_VALID")) return `its certificate is valid from ${valid_from} on`;
  if (code.includes("ALTNAME_INVALID"))
    return `its certificate is issued for ${subjectaltname ?? "no name"}, not for ${host}`;
  if (/ISSUER|SELF_SIGNED|VERIFY_LEAF|SIGNATURE/.test(code))
    return `its certificate is signed by ${issuer}, which is not among the authorities that this client knows`;
  return `its certificate is not valid (${code})`;
}

/** A certificate may have several names, or none. */
const nameOf = (name: string | readonly string[] | undefined): string =>
  typeof name === "string" ? name : (name?.join(", ") ?? "an authority without a name");
