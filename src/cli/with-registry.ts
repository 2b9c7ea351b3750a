import type { RegistryClient } from "../registry/index.ts";
import type { CliIo } from "./cli-io.ts";
import { insecureHostsOf, type TlsVerifyFlag } from "./flags/tls-verify.ts";
import { withInterrupt } from "./interrupt.ts";

export interface RegistryUse {
  /** The images that it is for. */
  readonly names: readonly string[];
  readonly flags: TlsVerifyFlag;
  /** No mirror is asked. */
  readonly isDirect?: boolean;
}

/** Lends a client that Ctrl-C ends. */
export async function withRegistry<Result>(
  io: CliIo,
  { names, flags, isDirect = false }: RegistryUse,
  use: (registry: RegistryClient) => Promise<Result>,
): Promise<Result> {
  const insecureHosts = insecureHostsOf(names, flags);
  const { openRegistryClient } = await import("../registry/index.ts");
  return await withInterrupt(async (signal) => {
    const note = (text: string) => void io.stderr.write(`${text}\n`);
    await using client = await openRegistryClient({ insecureHosts, isDirect, signal, note, env: io.env });
    return await use(client);
  });
}
