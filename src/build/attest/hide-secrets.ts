import { redactUrls } from "../../errors/index.ts";
import { type Session, secretPatterns } from "../../session/index.ts";
import type { BuildOptions } from "../options.ts";

/** Takes the values of secrets, and what URLs let one in with, out of a text. */
export type HideSecrets = (text: string) => string;

/** Knows the secrets that a build was lent, but those that the image may hold. */
export async function secretHider(
  { secrets = [] }: Pick<BuildOptions, "secrets">,
  session: Pick<Session, "secret">,
): Promise<HideSecrets> {
  const values: string[] = [];
  for (const { id, isUnscanned } of secrets) {
    // What cannot be read was needed by no step.
    const value = isUnscanned ? undefined : await session.secret(id).catch(() => undefined);
    if (value) values.push(...secretPatterns(value).map((pattern) => pattern.toString()));
  }
  values.sort((a, b) => b.length - a.length); // one that holds another first: the rest of it would stay
  return (text) => redactUrls(values.reduce((hidden, value) => hidden.replaceAll(value, "xxxxx"), text));
}

/** The value with every text in it, names of members too, seen by `hide`. */
export function hideWithin(value: unknown, hide: HideSecrets): unknown {
  if (typeof value === "string") return hide(value);
  if (Array.isArray(value)) return value.map((each) => hideWithin(each, hide));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [hide(key), hideWithin(each, hide)]));
}
