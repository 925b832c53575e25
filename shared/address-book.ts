/** A door of the kernel: where the instances of a service announce themselves, for commands that look for one. */
import { announcementOf, nameOf, rosterTopic } from "./kernel/instances/roster.js";

/** An instance that can be asked. */
export interface AskableInstance {
  /** `<INSTANCE_ID>/<slot>` */
  readonly name: string;
  /** Where it serves, `host:port`. */
  readonly address: string;
}

/** Name of the topic of announcements. @param application `<APPLICATION_ID>-<service>` */
export function addressBookTopic(application: string): string {
  return rosterTopic(application);
}

/** The instance that a record announces; undefined where it announces none, or one of an older version, which tells no address. */
export function announcedInstance(value: Buffer): AskableInstance | undefined {
  const announcement = announcementOf(value);
  if (announcement?.address === undefined) return undefined;
  return { name: nameOf(announcement), address: announcement.address };
}
