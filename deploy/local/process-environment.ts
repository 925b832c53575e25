/** What a service's process needs of its environment before it starts; the image's Dockerfile sets the same. */
export const processEnvironment = {
  /** The Kafka client waits in libuv's threads, and LevelDB writes in them. */
  UV_THREADPOOL_SIZE: "8",
  /**
   * Larger blocks are given back to the system as soon as they are free. Left alone, glibc raises this limit with the blocks that it
   * sees, up to 32 MiB, and keeps what is freed: a service of wide series then holds twice what it uses.
   */
  MALLOC_MMAP_THRESHOLD_: "131072",
} as const;
