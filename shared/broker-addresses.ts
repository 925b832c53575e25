/** Addresses of brokers, as people write them for any Kafka client, and of instances of services. Pure. */

export interface BrokerAddress {
  /** A name or an address; one of IPv6 without its brackets. */
  readonly host: string;
  readonly port: number;
}

/** As Java's client takes it; the scheme means nothing, the client's own `security.protocol` counts. */
const ADDRESS =
  /^(?:[A-Za-z0-9_]+:\/\/)?(?:\[([0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(?:%[A-Za-z0-9._-]+)?)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/;
const PORT_MAX = 65_535;

/**
 * The addresses of a list, with blanks around its commas or none, and a comma too many at most at its end.
 * @returns undefined where one of them cannot be an address, or there is none
 */
export function brokerAddresses(text: string): readonly BrokerAddress[] | undefined {
  const parts = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const addresses = parts.flatMap((part) => {
    const [, ipv6, name, port] = ADDRESS.exec(part) ?? [];
    const isPort = Number(port) >= 1 && Number(port) <= PORT_MAX;
    return isPort ? [{ host: ipv6 ?? name, port: Number(port) }] : [];
  });
  return parts.length > 0 && addresses.length === parts.length ? addresses : undefined;
}

/** The list as the client reads it. @returns undefined as {@link brokerAddresses} */
export function brokerList(text: string): string | undefined {
  return brokerAddresses(text)?.map(addressText).join(",");
}

/** An address as it stands in a URL, with nothing before it. @returns undefined where `text` is not one address */
export function singleAddress(text: string): string | undefined {
  const addresses = brokerAddresses(text);
  return addresses?.length === 1 ? addressText(addresses[0]) : undefined;
}

/** `host:port`; an address of IPv6 stands in brackets. */
export function addressText({ host, port }: BrokerAddress): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
