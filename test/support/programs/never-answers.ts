/** Thrown in the offline model by a model that, in a worker thread, would never answer. */
export class NeverAnswers extends Error {}
