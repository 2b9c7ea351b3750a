import { type Session, secretPatterns } from "../session/index.ts";
import { BuildError } from "./build-error.ts";
import type { PlatformPlan } from "./platform-plan.ts";
import type { BuildOptions } from "./options.ts";

/** The config and the history of an image are known before its first step, and with them a build argument that is a secret.
 * @throws {BuildError} `SECRET_IN_IMAGE` */
export async function checkConfig(
  plans: readonly Pick<PlatformPlan, "config">[],
  { secrets = [] }: Pick<BuildOptions, "secrets">,
  session: Pick<Session, "secret">,
): Promise<void> {
  for (const { id, isUnscanned } of secrets) {
    // The step that needs it says why it cannot be read.
    const value = isUnscanned ? undefined : await session.secret(id).catch(() => undefined);
    const patterns = value ? secretPatterns(value) : [];
    if (patterns.length === 0) continue;
    for (const { config } of plans) {
      const { config: runtime, history } = config;
      const parts = { ...runtime, History: history.map(({ created_by: text }) => text) };
      const found = Object.entries(parts).find(([, part]) => holds(part, patterns));
      if (!found) continue;
      throw new BuildError(
        "SECRET_IN_IMAGE",
        `Secret "${id}" would be in the image: ${found[0]} of its config`,
        {
          hint: `mount it where it is needed; if the image may hold it: --secret id=${id},scan=false`,
        },
      );
    }
  }
}

function holds(value: unknown, patterns: readonly Buffer[]): boolean {
  if (typeof value === "string") {
    const bytes = Buffer.from(value);
    return patterns.some((pattern) => bytes.includes(pattern));
  }
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some((entry) => entry.some((each) => holds(each, patterns)));
}
