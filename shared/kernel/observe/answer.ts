/** The answer to a question of a service's state. */

/**
 * - `found`: a committed value, of the instance that surely owns its partition; where `stale`, of a copy that may lag
 * - `none`: there is no such value in the partitions that were searched
 * - `unavailable`: nobody surely knows now, as while partitions move
 */
export type Answer =
  | {
      readonly kind: "found";
      readonly value: unknown;
      readonly partition: number;
      /** `<INSTANCE_ID>/<slot>` */
      readonly instance: string;
      /** Offsets that the copy had still to apply; null where that is not known. Undefined where the answer is current. */
      readonly stale?: { readonly lagRecords: number | null };
    }
  | { readonly kind: "none"; readonly searched: readonly number[] }
  | { readonly kind: "unavailable"; readonly reason: string };

/**
 * What an instance is asked by another one, which it answers from what it has itself:
 * `home`: from the partition that the series belongs to; `all`: from all that it owns; `copy`: from a copy, or what it has at all
 */
export const HOPS = ["home", "all", "copy"] as const;
export type Hop = (typeof HOPS)[number];
