/**
 * The version of the contract, which each record that others read bears in a header: as much of the product's version as records and
 * readers stay right within (docs/topics.md, Versions). Raise it with the product's version.
 */
export const CONTRACT_VERSION = "0.1";
export const SCHEMA_HEADER = "regatta-schema";
