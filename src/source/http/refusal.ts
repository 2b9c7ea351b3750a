import type { IncomingMessage } from "node:http";
import { SourceError, type SourceErrorCode } from "../source-error.ts";

const codes: Readonly<Record<number, SourceErrorCode>> = {
  401: "UNAUTHORIZED",
  403: "DENIED",
  404: "NOT_FOUND",
  410: "NOT_FOUND",
};

/** The error of an answer that is no file; its body is dropped. */
export function refusal(shownUrl: string, answer: IncomingMessage): SourceError {
  answer.destroy();
  const { statusCode = 0 } = answer;
  const code = codes[statusCode] ?? "BAD_RESPONSE";
  const host = new URL(shownUrl).hostname;
  return new SourceError(code, `Cannot fetch ${shownUrl}: invalid response status ${statusCode}`, {
    ...((statusCode === 401 || statusCode === 403) && {
      hint: `give a token with --secret id=HTTP_AUTH_TOKEN_${host},env=NAME`,
    }),
  });
}
