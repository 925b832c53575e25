/** Makes the value of a result, from the JSON that it is by default, what its topic is to have. */
export type ValueEncoder = (json: Buffer) => Buffer;
