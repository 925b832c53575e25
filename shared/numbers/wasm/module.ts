/** Doubles in records and results: what is called from outside. */
export { forgetKeys, keyFound, keyNumber, layOutKeys } from "./keys";
export { found, isPlain, readNumbers, readObservation } from "./read-record";
export { render } from "./render";
export { powers } from "./tables";
