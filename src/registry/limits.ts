/** Times and sizes that bound a client. The defaults suit people: a registry that is not there is reported within seconds. */
export interface NetworkLimits {
  /** From the name's lookup to the end of the TLS handshake. */
  readonly connectTimeoutMs: number;
  /** Longest silence of a connection, before and within an answer. */
  readonly idleTimeoutMs: number;
  /** Tries of one request, the first included. */
  readonly maxTries: number;
  /** Pause before the second try; doubles with each further one. */
  readonly retryDelayMs: number;
  /** A registry that asks for a longer pause than this is not waited for. */
  readonly maxRetryAfterMs: number;
  /** Blobs in flight at once. */
  readonly maxBlobs: number;
  /** Bodies from this size on are read past the HTTP parser, which costs their connection. */
  readonly directBytes: number;
}

export const defaultLimits: NetworkLimits = {
  connectTimeoutMs: 5_000,
  idleTimeoutMs: 30_000,
  maxTries: 5,
  retryDelayMs: 300,
  maxRetryAfterMs: 30_000,
  maxBlobs: 4,
  directBytes: 32 * 1024 * 1024,
};

/** Manifests and indexes: the distribution specification's advice. */
export const maxManifestBytes = 4 * 1024 * 1024;
/** Image configs; the largest known ones are below 1 MB. */
export const maxConfigBytes = 8 * 1024 * 1024;
/** Token answers and error texts. */
export const maxTextBytes = 256 * 1024;
