import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { createReadStream } from "node:fs";
import { readLimited } from "../util/index.ts";
import { decryptCosignKey, isCosignKey } from "./cosign-key.ts";
import { SignatureError } from "./signature-error.ts";

export interface KeySource {
  /** A file, or `env://NAME` for a variable that holds the key itself. */
  readonly place: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Far above any key. */
const limitBytes = 64 * 1024;
const minRsaBits = 2048;
/** Larger ones only cost time. */
const maxRsaBits = 16_384;

/** Reads a private key: PEM, PKCS#8, OpenSSL's older forms or cosign's own; EC P-256, Ed25519 or RSA.
 * @param askPassword asked when the key is encrypted
 * @throws {SignatureError} `KEY_UNREADABLE` | `KEY_INVALID` */
export async function loadPrivateKey(
  source: KeySource,
  askPassword: () => Promise<string | undefined>,
): Promise<KeyObject> {
  const { place } = source;
  const pem = await readPem(source);
  if (/-----BEGIN (?:RSA )?PUBLIC KEY-----/.test(pem))
    throw invalid(place, "it is a public key, and the private one signs");
  const isOfCosign = isCosignKey(pem);
  const isEncrypted =
    isOfCosign || /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem);
  const passphrase = isEncrypted ? await askPassword() : undefined;
  if (isEncrypted && passphrase === undefined)
    throw invalid(place, "it is encrypted", { hint: "set SLIPWAY_KEY_PASSWORD (or COSIGN_PASSWORD)" });
  if (isOfCosign) return await cosignKey(place, pem, passphrase!);
  return checkedKey(place, () => {
    return createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) });
  });
}

async function cosignKey(place: string, pem: string, password: string): Promise<KeyObject> {
  const decrypted = await decryptCosignKey(pem, password);
  if ("reason" in decrypted) throw invalid(place, decrypted.reason);
  const key = Buffer.from(decrypted.der);
  return checkedKey(place, () => createPrivateKey({ key, format: "der", type: "pkcs8" }));
}

/** Reads a public key, PEM.
 * @throws {SignatureError} `KEY_UNREADABLE` | `KEY_INVALID` */
export async function loadPublicKey(source: KeySource): Promise<KeyObject> {
  const { place } = source;
  const pem = await readPem(source);
  if (/-----BEGIN .*PRIVATE KEY-----/.test(pem))
    throw invalid(place, "it is a private key", { hint: "its public one: openssl pkey -in FILE -pubout" });
  if (!/-----BEGIN (?:RSA )?PUBLIC KEY-----/.test(pem)) throw invalid(place, "it is not a public key in PEM");
  return checkedKey(place, () => createPublicKey(pem));
}

async function readPem({ place, env }: KeySource): Promise<string> {
  const variable = /^env:\/\/(.*)$/s.exec(place)?.[1];
  if (variable === undefined) return await readFileLimited(place);
  const text = env[variable];
  if (text === undefined) throw unreadable(place, "the variable is not set");
  return text;
}

/** A key may come through a pipe; no more than a key is read of it. */
async function readFileLimited(file: string): Promise<string> {
  let bytes: Buffer | undefined;
  try {
    bytes = await readLimited(createReadStream(file), limitBytes);
  } catch (error) {
    throw unreadable(file, undefined, error as Error);
  }
  if (!bytes) throw invalid(file, `it has more than ${limitBytes} bytes`);
  return bytes.toString("latin1");
}

function checkedKey(place: string, parse: () => KeyObject): KeyObject {
  const key = parsed(place, parse);
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const { namedCurve, modulusLength = 0 } = details ?? {};
  const kinds = "EC P-256, Ed25519 and RSA keys are used";
  if (type === "ed25519" || (type === "ec" && namedCurve === "prime256v1")) return key;
  if (type === "ec") throw invalid(place, `its curve is ${namedCurve ?? "unknown"}`, { hint: kinds });
  if (type !== "rsa") throw invalid(place, `its kind is ${type ?? "unknown"}`, { hint: kinds });
  if (modulusLength >= minRsaBits && modulusLength <= maxRsaBits) return key;
  throw invalid(place, `an RSA key has ${minRsaBits} to ${maxRsaBits} bits, this one ${modulusLength}`);
}

function parsed(place: string, parse: () => KeyObject): KeyObject {
  try {
    return parse();
  } catch (cause) {
    // What OpenSSL says ("DECODER routines::unsupported") helps nobody; the cause is there for --debug.
    const code = (cause as { code?: string }).code ?? "";
    const reason = /BAD_DECRYPT|BAD_PASSWORD|CIPHERFINAL|PKCS12/.test(code)
      ? "the password is wrong"
      : "it is not a key in PEM, or is damaged";
    const debug = new Error("OpenSSL refused it", { cause: code });
    throw invalid(place, reason, { cause: debug });
  }
}

function invalid(place: string, reason: string, options: { hint?: string; cause?: Error } = {}) {
  return new SignatureError("KEY_INVALID", `Cannot use key ${JSON.stringify(place)}: ${reason}`, options);
}

function unreadable(place: string, reason?: string, cause?: Error): SignatureError {
  const message = `Cannot read key ${JSON.stringify(place)}${reason === undefined ? "" : `: ${reason}`}`;
  return new SignatureError("KEY_UNREADABLE", message, cause ? { cause } : {});
}
