import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { isErrno, systemReason } from "../util/index.ts";
import { type Configuration, emptyConfiguration } from "./configuration.ts";
import { ConfigurationError } from "./configuration-error.ts";

/** Reads the configuration: `$SLIPWAY_CONFIG`, which must exist when it is set; else the first that exists of
 * `$XDG_CONFIG_HOME/slipway/config.yaml` (`~/.config/…`) and `/etc/slipway/config.yaml`; else nothing is configured.
 * YAML, hence JSON too. The YAML parser is loaded only when there is a file.
 * @throws {ConfigurationError} `CONFIGURATION_NOT_FOUND` | `CONFIGURATION_UNREADABLE` | `CONFIGURATION_INVALID` with the place */
export async function loadConfiguration(env: NodeJS.ProcessEnv = process.env): Promise<Configuration> {
  for (const file of configurationFiles(env)) {
    const text = read(file, file === env.SLIPWAY_CONFIG);
    if (text === undefined) continue;
    const { parseConfiguration } = await import("./parse-configuration.ts");
    return parseConfiguration(text, file);
  }
  return emptyConfiguration;
}

function configurationFiles(env: NodeJS.ProcessEnv): string[] {
  if (env.SLIPWAY_CONFIG) return [env.SLIPWAY_CONFIG];
  const home = env.XDG_CONFIG_HOME || path.join(env.HOME || homedir(), ".config");
  return [path.join(home, "slipway/config.yaml"), "/etc/slipway/config.yaml"];
}

function read(file: string, isRequired: boolean): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) {
      if (!isRequired) return undefined;
      throw new ConfigurationError(
        "CONFIGURATION_NOT_FOUND",
        `Cannot read configuration file ${JSON.stringify(file)}, which SLIPWAY_CONFIG names: it does not exist`,
        { cause: error },
      );
    }
    throw new ConfigurationError(
      "CONFIGURATION_UNREADABLE",
      `Cannot read configuration file ${JSON.stringify(file)}: ${systemReason(error)}`,
      { cause: error },
    );
  }
}
