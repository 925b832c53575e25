/** A broker with several listeners on 127.0.0.1. */

/** How a listener is reached, and what secures it. */
export interface BrokerListener {
  readonly port: number;
  readonly protocol: "PLAINTEXT" | "SSL" | "SASL_PLAINTEXT" | "SASL_SSL";
}

/** Its properties. @param listeners by their names; brokers speak to each other by the first */
export function listenerProperties(
  listeners: Readonly<Record<string, BrokerListener>>,
  controllerPort: number,
): Record<string, string> {
  const all = Object.entries(listeners);
  const addresses = all.map(([name, { port }]) => `${name}://127.0.0.1:${port}`);
  const protocols = all.map(([name, { protocol }]) => `${name}:${protocol}`);
  return {
    listeners: [...addresses, `CONTROLLER://127.0.0.1:${controllerPort}`].join(","),
    "advertised.listeners": addresses.join(","),
    "inter.broker.listener.name": all[0][0],
    "listener.security.protocol.map": [...protocols, "CONTROLLER:PLAINTEXT"].join(","),
  };
}
