/** Which values of slotted stores people see with a series. */

/**
 * By slotted store: the slots of a series in the order in which its values are shown, from what the codecs of the other stores show
 * of it, by store.
 */
export type SlotLists = Readonly<Record<string, (shown: Readonly<Record<string, unknown>>) => readonly number[]>>;
