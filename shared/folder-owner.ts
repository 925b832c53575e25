/**
 * Whether a folder is this process's own before anything is written there. In a place that others may write to, somebody could have
 * laid it out beforehand, with links in it that lead LevelDB to files of this user.
 */
import { lstat, readdir } from "node:fs/promises";
import { StoreError } from "./errors.js";

/** Writable by everybody. */
const OTHERS_WRITE = 0o002;

/**
 * @param setting that the folder comes from, for the message
 * @throws {StoreError} the folder is a link or has links in it, belongs to another user, or everybody may write to it
 */
export async function refuseForeign(directory: string, setting: string | undefined): Promise<void> {
  const fault = await faultOf(directory);
  if (fault === undefined) return;
  const place = setting === undefined ? directory : `${setting}: ${directory}`;
  throw new StoreError(`${place} ${fault}. Choose another folder, or one in a place that only this user writes to.`);
}

async function faultOf(directory: string): Promise<string | undefined> {
  const found = await lstat(directory);
  const user = process.getuid?.();
  if (found.isSymbolicLink()) return "is a link, where a folder of this user was expected";
  if (user !== undefined && found.uid !== user)
    return `belongs to user ${found.uid}, where one of user ${user} was expected`;
  if (user !== undefined && (found.mode & OTHERS_WRITE) !== 0) return "may be written by everybody";
  const link = (await readdir(directory, { withFileTypes: true })).find((entry) => entry.isSymbolicLink());
  return link === undefined ? undefined : `has a link in it, ${link.name}, where files were expected`;
}
