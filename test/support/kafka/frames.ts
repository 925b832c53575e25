/** Kafka's framing: each request and each answer has its length in front. */

export const LENGTH_BYTES = 4;
const FRAME_BYTES_MAX = 256 * 1024 * 1024;

/** Cuts a stream into Kafka's frames, each handed over whole with its length in front. */
export function frames(onFrame: (frame: Buffer) => void): (bytes: Buffer) => void {
  let chunks: Buffer[] = [];
  let held = 0;
  let needed = LENGTH_BYTES;
  return (bytes) => {
    chunks.push(bytes);
    held += bytes.length;
    if (held < needed) return;
    let rest = Buffer.concat(chunks);
    for (needed = LENGTH_BYTES; rest.length >= needed; ) {
      const length = LENGTH_BYTES + rest.readInt32BE(0);
      if (length > FRAME_BYTES_MAX) throw new Error(`expected Kafka's framing, got a frame of ${length} bytes`);
      needed = length;
      if (rest.length < length) break;
      onFrame(rest.subarray(0, length));
      rest = rest.subarray(length);
      needed = LENGTH_BYTES;
    }
    chunks = [rest];
    held = rest.length;
  };
}
