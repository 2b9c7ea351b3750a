import type { IncomingMessage } from "node:http";
import { printable, redactUrls } from "../errors/index.ts";
import { maxTextBytes } from "./limits.ts";
import { RegistryError, type RegistryErrorCode } from "./registry-error.ts";
import { parseRetryAfter } from "./retry.ts";
import { readBody } from "./transport.ts";

export interface ResponseContext {
  readonly subject: string;
  readonly notFound?: string;
  /** Host that was asked first. */
  readonly registry: string;
  /** What answered, after redirects. */
  readonly url: URL;
}

/** Reads an answer that refuses (400 and above) and makes the error of it. */
export async function responseError(
  answer: IncomingMessage,
  context: ResponseContext,
): Promise<RegistryError> {
  const status = answer.statusCode ?? 0;
  const detail = await readDetail(answer);
  const retryAfterMs = parseRetryAfter(answer.headers["retry-after"]);
  const { subject, registry, url } = context;
  const said = `${url.host} answered ${status}${detail === "" ? "" : ` (${detail})`}`;
  const fail = (
    code: RegistryErrorCode,
    message: string,
    options: { hint?: string; isTransient?: boolean } = {},
  ) => new RegistryError(code, `${subject}: ${message}`, { retryAfterMs, ...options });

  // A storage server that the registry sent us to: its refusal is not the registry's word on the image.
  if (url.host !== registry && status !== 429) return fail("SERVER_ERROR", said, { isTransient: true });
  if (status === 404)
    return fail("NOT_FOUND", context.notFound ?? "not found", {
      hint: `check the name and the tag; ${said}`,
    });
  if (status === 401) return fail("UNAUTHORIZED", `access denied, ${said}`);
  if (status === 403)
    return fail("DENIED", `access denied, ${said}`, {
      hint: "ask the registry's owner for access to this repository",
    });
  if (status === 429) return tooManyRequests(fail, said, retryAfterMs, registry);
  if (status >= 500) return fail("SERVER_ERROR", said, { isTransient: true });
  return fail("BAD_RESPONSE", said);
}

function tooManyRequests(
  fail: (
    code: RegistryErrorCode,
    message: string,
    options: { hint?: string; isTransient?: boolean },
  ) => RegistryError,
  said: string,
  retryAfterMs: number | undefined,
  registry: string,
): RegistryError {
  const wait = retryAfterMs === undefined ? "" : `, and asks to wait ${Math.ceil(retryAfterMs / 1000)} s`;
  const login = registry === "registry-1.docker.io" ? "slipway login" : `slipway login ${registry}`;
  return fail("TOO_MANY_REQUESTS", `too many requests: ${said}${wait}`, {
    isTransient: true,
    hint: `log in with "${login}" for a higher limit, name a mirror in Slipway's configuration file, or wait`,
  });
}

/** The registry's own words, from its error document; they come from outside, so they are shortened and made printable. */
async function readDetail(answer: IncomingMessage): Promise<string> {
  const body = await readBody(answer, maxTextBytes).catch(() => undefined);
  const text = messagesOf(body?.toString("utf8") ?? "");
  return printable(redactUrls(text)).replace(/\s+/g, " ").trim().slice(0, 300);
}

function messagesOf(text: string): string {
  try {
    const { errors } = JSON.parse(text) as { errors?: unknown };
    if (!Array.isArray(errors)) return "";
    return (errors as unknown[])
      .map(messageOf)
      .filter((message) => message !== "")
      .join(", ");
  } catch {
    return "";
  }
}

function messageOf(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof message === "string" && message !== "") return message;
  return typeof code === "string" ? code : "";
}
