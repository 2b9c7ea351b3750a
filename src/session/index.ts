export { contextName, localContextName } from "./context-names.ts";
export { secretPatterns } from "./secret-patterns.ts";

/** What the caller lends a build. Every member is asked only when a step needs it. */
export interface Session {
  /** Directories by context name; `context` is the main one. */
  readonly localContexts: ReadonlyMap<string, string>;
  /** Bytes of a secret, or undefined when the caller has none of that name. */
  secret(id: string): Promise<Uint8Array | undefined>;
  /** Secrets whose values may be in what a build makes. */
  readonly unscannedSecrets?: ReadonlySet<string>;
  /** Path of an ssh agent's socket. */
  sshAgent(id: string): Promise<string | undefined>;
}
