/** Variables that a service's process needs before it starts; the image's Dockerfile sets the same. */
export const processEnvironment = {
  /** The Kafka client's calls block threads of libuv's pool, and LevelDB writes in them. */
  UV_THREADPOOL_SIZE: "8",
  /**
   * Larger blocks return to the system as soon as they are freed. By default glibc raises this limit with the blocks that it sees,
   * up to 32 MiB, and keeps what is freed: a service of wide series then holds twice what it uses.
   */
  MALLOC_MMAP_THRESHOLD_: "131072",
  /** Places that glibc keeps freed blocks in: by default eight for each processor, of which every thread of the client fills its own. */
  MALLOC_ARENA_MAX: "2",
} as const;
