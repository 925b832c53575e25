/** Where the other instances of a service reach what this one serves. Pure. */
import type { NetworkInterfaceInfo } from "node:os";
import { addressText } from "../../broker-addresses.js";

/** Served at every address of the machine: none of them by name. */
const ANY_ADDRESS: ReadonlySet<string> = new Set(["0.0.0.0", "::", "[::]", "*", ""]);
/** Of a link alone, and not assigned by anybody. */
const LINK_LOCAL = /^(?:169\.254\.|fe[89ab])/i;

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/**
 * `host:port`. What HTTP_ADDRESS says comes first, then what is served at. A service that serves at all addresses gives the first
 * that others reach, those of IPv4 first: in a container or a pod that is its own. Where there is none, others on this machine reach it.
 * @param given      HTTP_ADDRESS
 * @param interfaces of os.networkInterfaces()
 */
export function ownAddress(given: string | undefined, host: string, port: number, interfaces: Interfaces): string {
  if (given !== undefined) return given;
  if (!ANY_ADDRESS.has(host)) return addressText({ host, port });
  const reachable = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !LINK_LOCAL.test(address));
  const first = reachable.find(({ family }) => family === "IPv4") ?? reachable[0];
  return addressText({ host: first?.address ?? "127.0.0.1", port });
}
