/** What a row of a file says. */

export type FileRow =
  | {
      readonly kind: "row";
      /** Undefined where no column names it. */
      readonly series: string | undefined;
      /** Undefined where no column holds it. */
      readonly i: string | undefined;
      /** y, x1, ..., xn as JSON spells numbers. */
      readonly numbers: readonly string[];
    }
  /** A JSON list, which is an observation's text itself. */
  | { readonly kind: "list"; readonly text: string }
  | { readonly kind: "refused"; readonly reason: string; readonly message: string };
