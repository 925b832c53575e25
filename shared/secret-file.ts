/** Secrets in files of their own, as Docker and Kubernetes mount them: they stand neither in the environment nor in any log. */
import { readFileSync } from "node:fs";

/** The text of a file without the line end that editors leave behind it; undefined where it cannot be read. */
export function secretIn(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").replace(/\r?\n$/, "");
  } catch {
    // Whatever the reason is, the fault names the setting and its file.
    return undefined;
  }
}
