/** Logs: one event, one line of JSON, fields rather than prose. */
import pino from "pino";

export type Logger = pino.Logger;

/** A logger to standard output that names the service in every line. Secrets in fields are masked. */
export function createLogger(service: string, level: string): Logger {
  return pino({
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: ["*.password", "*.secret", '*["sasl.password"]', '*["ssl.key.password"]'], censor: "[masked]" },
  });
}
