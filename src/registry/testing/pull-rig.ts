import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openStore, type Store } from "../../content/index.ts";
import { type ImageReference, parseReference } from "../../oci/index.ts";
import type { Configuration } from "../configuration.ts";
import type { CredentialSource } from "../credentials.ts";
import type { NetworkLimits } from "../limits.ts";
import { createRegistryClient, type RegistryClient, type RegistryClientOptions } from "../registry-client.ts";
import { FakeRegistry, type FakeRegistryOptions } from "./fake-registry.ts";

/** A fake registry, an empty store and a client with short pauses that talks to them. */
export interface PullRig extends AsyncDisposable {
  readonly registry: FakeRegistry;
  readonly store: Store;
  readonly client: RegistryClient;
  readonly notes: readonly string[];
  /** `<registry>/<name>`. */
  reference(name: string): ImageReference;
}

export interface PullRigOptions extends FakeRegistryOptions {
  readonly client?: RegistryClientOptions;
  readonly configuration?: (host: string) => Configuration;
  readonly credentials?: CredentialSource;
}

export const quickLimits: Partial<NetworkLimits> = {
  retryDelayMs: 1,
  idleTimeoutMs: 5_000,
  connectTimeoutMs: 2_000,
  directBytes: 1024 * 1024,
};

export const amd64 = { os: "linux", architecture: "amd64" };

export async function startPullRig(options: PullRigOptions = {}): Promise<PullRig> {
  const registry = await FakeRegistry.start(options);
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-registry-"));
  const store = openStore(dir);
  const notes: string[] = [];
  const client = createRegistryClient({
    credentials: options.credentials ?? (async () => undefined),
    limits: quickLimits,
    note: (text) => notes.push(text),
    env: {},
    certificateDirs: [],
    ...(options.configuration ? { configuration: options.configuration(registry.host) } : {}),
    ...options.client,
  });
  return {
    registry,
    store,
    client,
    notes,
    reference: (name) => parseReference(`${registry.host}/${name}`),
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await registry[Symbol.asyncDispose]();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The error that `action` ends with, in the parts that matter. */
export async function failure(
  action: Promise<unknown>,
): Promise<{ code: string; message: string; hint: string | undefined }> {
  try {
    await action;
  } catch (error) {
    const { code, message, hint } = error as { code: string; message: string; hint?: string };
    return { code, message, hint };
  }
  throw new Error("Expected a failure, but it succeeded");
}
