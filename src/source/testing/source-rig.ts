import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import { openStore, type Store } from "../../content/index.ts";
import { RemoteSources } from "../index.ts";

/** A store of its own, and sources that are fetched into it with the given secrets. */
export interface SourceRig {
  readonly store: Store;
  readonly sources: RemoteSources;
  /** As a later build would: nothing is remembered but the store. */
  readonly again: () => RemoteSources;
}

export function sourceRig(t: TestContext, secrets: Readonly<Record<string, string>> = {}): SourceRig {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-source-"));
  const store = openStore(path.join(dir, "store"));
  const opened: RemoteSources[] = [];
  const open = () => {
    const sources = new RemoteSources({
      store,
      session: {
        secret: (id) => Promise.resolve(secrets[id] === undefined ? undefined : Buffer.from(secrets[id])),
        sshAgent: () => Promise.resolve(undefined),
      },
      signal: new AbortController().signal,
      limits: { retryDelayMs: 1, idleTimeoutMs: 5000 },
    });
    opened.push(sources);
    return sources;
  };
  t.after(async () => {
    for (const sources of opened) await sources[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true });
  });
  return { store, sources: open(), again: open };
}
