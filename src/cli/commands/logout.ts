import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import { registryHost } from "../flags/registry-host.ts";

export function define(command: Command, io: CliIo): void {
  command
    .usage("[SERVER]")
    .argument("[server]", "registry (default: Docker Hub)")
    .action(async (server: string | undefined) => {
      const registry = registryHost(server);
      const { eraseCredentials } = await import("../../registry/index.ts");
      const isErased = await eraseCredentials(registry, { env: io.env });
      io.stdout.write(
        isErased ? `Removing login credentials for ${registry}\n` : `Not logged in to ${registry}\n`,
      );
    });
}
