import type { IncomingMessage } from "node:http";
import { RegistryError } from "./registry-error.ts";

export const maxRedirects = 5;

export function isRedirect(status: number | undefined): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/** Where an answer's `Location` leads. From TLS to plain HTTP only when that is allowed: what was private would be open to everybody
 * on the way.
 * @throws {RegistryError} `BAD_RESPONSE` */
export function locationOf(
  answer: IncomingMessage,
  from: URL,
  { subject, mayBePlain = false }: { readonly subject: string; readonly mayBePlain?: boolean },
): URL {
  const { location = "" } = answer.headers;
  if (location === "" || !URL.canParse(location, from.href)) {
    throw badRedirect(subject, from, "a redirect without a usable location");
  }
  const target = new URL(location, from);
  // A registry behind a proxy that ends TLS often takes itself for a plain one.
  if (target.protocol === "http:" && target.host === from.host) target.protocol = from.protocol;
  const isPlainAllowed = target.protocol === "http:" && (mayBePlain || from.protocol === "http:");
  if (target.protocol !== "https:" && !isPlainAllowed) {
    throw badRedirect(subject, from, `a redirect to ${JSON.stringify(target.origin)}, which is not https`);
  }
  target.username = "";
  target.password = "";
  return target;
}

export function badRedirect(subject: string, from: URL, what: string): RegistryError {
  return new RegistryError("BAD_RESPONSE", `${subject}: ${from.host} answered with ${what}`);
}
