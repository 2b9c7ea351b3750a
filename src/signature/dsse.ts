import type { KeyObject } from "node:crypto";
import { isSignedBy, signBytes } from "./signature.ts";

export const envelopeType = "application/vnd.dsse.envelope.v1+json";
export const statementType = "application/vnd.in-toto+json";

/** A signed payload.
 * @see https://github.com/secure-systems-lab/dsse/blob/master/envelope.md */
export interface Envelope {
  readonly payloadType: string;
  readonly payload: Buffer;
  /** Base64. */
  readonly signatures: readonly string[];
}

/** Signs a payload: its type is signed with it, so that nobody can pass it off as something else. */
export function signEnvelope(payload: Buffer, payloadType: string, key: KeyObject): Buffer {
  const sig = signBytes(preAuthEncoding(payloadType, payload), key);
  return Buffer.from(
    JSON.stringify({ payloadType, payload: payload.toString("base64"), signatures: [{ keyid: "", sig }] }),
  );
}

/** Is one of the signatures of this key? */
export function isEnvelopeSignedBy({ payloadType, payload, signatures }: Envelope, key: KeyObject): boolean {
  const signed = preAuthEncoding(payloadType, payload);
  return signatures.some((signature) => isSignedBy(signed, signature, key));
}

/** More than anybody signs with. */
const maxSignatures = 100;

/** Undefined for what is no envelope. */
export function parseEnvelope(bytes: Uint8Array): Envelope | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
  const { payloadType, payload, signatures } = (value ?? {}) as Record<string, unknown>;
  if (typeof payloadType !== "string" || typeof payload !== "string" || !Array.isArray(signatures))
    return undefined;
  const texts = (signatures as unknown[])
    .slice(0, maxSignatures)
    .map((signature) => (signature as { readonly sig?: unknown } | null)?.sig)
    .filter((text) => typeof text === "string");
  return { payloadType, payload: Buffer.from(payload, "base64"), signatures: texts };
}

/** What is signed: `DSSEv1 28 application/vnd.in-toto+json 2 {}`. */
export function preAuthEncoding(payloadType: string, payload: Buffer): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}
