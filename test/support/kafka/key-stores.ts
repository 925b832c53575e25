/** Certificates, made by Java's keytool, each its own authority. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";

export const STORE_PASSWORD = "keystore-password";

export interface Certificate {
  /** PKCS 12, opened by {@link STORE_PASSWORD}: the certificate and its key. */
  readonly keyStore: string;
  /** The certificate as PEM. */
  readonly certificate: string;
}

/**
 * A certificate `CN=<name>` for 127.0.0.1.
 * @param dates keytool's options for its time; ten days from now by default
 */
export function makeCertificate(directory: string, name: string, dates: readonly string[] = []): Certificate {
  const keyStore = join(directory, `${name}.p12`);
  const certificate = join(directory, `${name}.pem`);
  const store = ["-alias", name, ...storeOptions(keyStore)];
  const subject = ["-dname", `CN=${name}`, "-ext", "SAN=ip:127.0.0.1", "-validity", "10", ...dates];
  execFileSync("keytool", ["-genkeypair", "-keyalg", "EC", ...store, ...subject], { stdio: "pipe" });
  execFileSync("keytool", ["-exportcert", "-rfc", "-file", certificate, ...store], { stdio: "pipe" });
  return { keyStore, certificate };
}

/** A store of the authorities that a broker knows. @returns its path */
export function makeTrustStore(directory: string, { certificate }: Certificate): string {
  const trustStore = join(directory, "trust.p12");
  const known = ["-alias", "known", "-file", certificate, ...storeOptions(trustStore)];
  execFileSync("keytool", ["-importcert", "-noprompt", ...known], { stdio: "pipe" });
  return trustStore;
}

/** Properties of a broker's listener that shows a certificate. */
export function keyStoreProperties(listener: string, { keyStore }: Certificate): Record<string, string> {
  return { ...storeProperties(listener, "keystore", keyStore), [`${prefixOf(listener)}.key.password`]: STORE_PASSWORD };
}

/** Properties of a broker's listener that asks for a certificate of an authority in `trustStore`. */
export function trustStoreProperties(listener: string, trustStore: string): Record<string, string> {
  return {
    ...storeProperties(listener, "truststore", trustStore),
    [`${prefixOf(listener)}.client.auth`]: "required",
  };
}

const prefixOf = (listener: string) => `listener.name.${listener}.ssl`;
const storeOptions = (path: string) => ["-keystore", path, "-storepass", STORE_PASSWORD, "-storetype", "PKCS12"];

function storeProperties(listener: string, kind: "keystore" | "truststore", location: string): Record<string, string> {
  const prefix = `${prefixOf(listener)}.${kind}`;
  return {
    [`${prefix}.type`]: "PKCS12",
    [`${prefix}.location`]: location,
    [`${prefix}.password`]: STORE_PASSWORD,
  };
}
