/** What stands between the cells of a CSV, by the names that settings and messages have for it. */
export const separators = { comma: ",", semicolon: ";", tab: "\t", pipe: "|" } as const;

export type SeparatorName = keyof typeof separators;
export type Separator = (typeof separators)[SeparatorName];

export const separatorNames = Object.keys(separators) as readonly SeparatorName[];
