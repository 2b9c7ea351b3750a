import { RegistryError } from "./registry-error.ts";

/** Failures to connect: the same again a moment later, unless this host has answered before. */
const connectReasons: Readonly<Record<string, string>> = {
  ENOTFOUND: "its name does not resolve",
  EAI_AGAIN: "its name does not resolve (no answer from the name server)",
  EAI_FAIL: "its name does not resolve",
  ECONNREFUSED: "connection refused",
  EHOSTUNREACH: "no route to it",
  ENETUNREACH: "no route to it",
  EADDRNOTAVAIL: "no route to it",
  EACCES: "connection not permitted",
  CONNECT_TIMEOUT: "no connection within the time limit",
  PROXY_REFUSED: "the proxy refused",
};

const breakReasons: Readonly<Record<string, string>> = {
  ECONNRESET: "connection was reset",
  ECONNABORTED: "connection was aborted",
  EPIPE: "connection was closed",
  ERR_STREAM_PREMATURE_CLOSE: "connection was closed",
  ETIMEDOUT: "connection timed out",
  IDLE_TIMEOUT: "it sent nothing for too long",
};

/** Turns what Node reports about a connection into a RegistryError; other errors come back as they are.
 * @param subject what was being done, e.g. `Cannot pull docker.io/library/golang:latest`
 * @param isKnownHost it answered before in this process, so a failure to connect may pass */
export function networkError(error: unknown, subject: string, url: URL, isKnownHost: boolean): unknown {
  if (!(error instanceof Error) || error instanceof RegistryError) return error;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const because = (reason: string) => `${subject}: cannot reach ${url.host}: ${reason}`;
  if (code in connectReasons) {
    const detail =
      code === "CONNECT_TIMEOUT" || code === "PROXY_REFUSED" ? error.message : connectReasons[code];
    const hint = "check the network, the name and the proxy settings";
    return new RegistryError("UNREACHABLE", because(detail!), {
      cause: error,
      hint,
      isTransient: isKnownHost,
    });
  }
  if (code in breakReasons) {
    const detail = code === "IDLE_TIMEOUT" ? error.message : breakReasons[code];
    return new RegistryError("INTERRUPTED", because(detail!), { cause: error, isTransient: true });
  }
  const alert = tlsAlertOf(error);
  if (alert !== undefined) {
    const place = `/etc/docker/certs.d/${url.host}`;
    const hint =
      alert === "protocol version"
        ? "it speaks only versions of TLS that are no longer safe"
        : `if it wants a client certificate, put that into ${place}/client.cert, and its key beside it into client.key`;
    // OpenSSL's own words are for nobody.
    return new RegistryError("UNREACHABLE", because(`it refuses the TLS connection (${alert})`), { hint });
  }
  if (isNoTls(code)) {
    const hint = `if ${url.host} serves plain HTTP, set "insecure: true" for it in Slipway's configuration file`;
    return new RegistryError("UNREACHABLE", because("it does not speak TLS"), { cause: error, hint });
  }
  if (isUntrusted(code)) {
    const hint = `put the registry's CA into /etc/docker/certs.d/${url.host}/ca.crt, or set "insecure: true" for it in Slipway's configuration file`;
    return new RegistryError("UNREACHABLE", because(`its certificate is not trusted (${code})`), {
      cause: error,
      hint,
    });
  }
  if (code.startsWith("HPE_")) {
    return new RegistryError("BAD_RESPONSE", `${subject}: ${url.host} does not answer in HTTP (${code})`, {
      cause: error,
    });
  }
  return error;
}

/** An error of ours in the shape of Node's system errors. */
export function systemError(
  code: "CONNECT_TIMEOUT" | "IDLE_TIMEOUT" | "PROXY_REFUSED",
  message: string,
): Error {
  return Object.assign(new Error(message), { code });
}

/** The alert by which the other end refused a TLS connection (RFC 8446, section 6.2), so that it does speak TLS: `bad certificate`. Undefined
 * for other errors. */
export function tlsAlertOf(error: unknown): string | undefined {
  return error instanceof Error ? /:(?:ssl|tls)v[\d.]+ alert ([\w ]+):/.exec(error.message)?.[1] : undefined;
}

function isNoTls(code: string): boolean {
  return (
    code === "EPROTO" || code === "ERR_SSL_WRONG_VERSION_NUMBER" || code === "ERR_SSL_PACKET_LENGTH_TOO_LONG"
  );
}

function isUntrusted(code: string): boolean {
  return /CERT|^ERR_TLS|UNABLE_TO_|SELF_SIGNED|HOSTNAME_MISMATCH/.test(code);
}
