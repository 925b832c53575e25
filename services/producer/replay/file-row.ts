/** What a row of a file says. */

export type FileRow =
  | {
      readonly kind: "row";
      /** Undefined where no column names it. */
      readonly series: string | undefined;
      /** Undefined where no column holds it. */
      readonly i: string | undefined;
      /** Milliseconds since the epoch, neither -1 nor 0; undefined where no column holds it. */
      readonly timestamp: number | undefined;
      /** y, x1, ..., xn as JSON spells numbers, null for a feature without a value. */
      readonly numbers: readonly string[];
    }
  /** A JSON list, which is an observation's text itself. */
  | { readonly kind: "list"; readonly text: string }
  | { readonly kind: "refused"; readonly reason: string; readonly message: string };
