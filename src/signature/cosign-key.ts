import { scrypt } from "node:crypto";
import { promisify } from "node:util";
import { xsalsa20poly1305 } from "@noble/ciphers/salsa.js";
import { objectOf, parseJson } from "./untrusted-json.ts";

/** What scrypt may take; cosign's own parameters take 64 MiB. */
const maxMemoryBytes = 256 << 20;

/** Is it a private key as `cosign generate-key-pair` and `import-key-pair` leave it? */
export function isCosignKey(pem: string): boolean {
  return pattern.test(pem);
}

const pattern =
  /-----BEGIN (ENCRYPTED (?:COSIGN|SIGSTORE) PRIVATE KEY)-----([A-Za-z0-9+/=\s]*)-----END \1-----/;

/** Decrypts a private key of cosign: a document in JSON that names the parameters of scrypt and holds a secret box of NaCl.
 * @returns the key in PKCS#8, DER; or why there is none */
export async function decryptCosignKey(
  pem: string,
  password: string,
): Promise<{ readonly der: Uint8Array } | { readonly reason: string }> {
  const sealed = parseSealed(pem);
  if (!sealed) return { reason: "it is damaged, or encrypted in a way that is not known" };
  const { N, r, p, salt, nonce, ciphertext } = sealed;
  const key = (await deriveKey(password, salt, 32, {
    N,
    r,
    p,
    maxmem: maxMemoryBytes + (1 << 20),
  })) as Buffer;
  try {
    return { der: xsalsa20poly1305(key, nonce).decrypt(ciphertext) };
  } catch {
    return { reason: "the password is wrong" };
  }
}

const deriveKey = promisify<string, Buffer, number, object, unknown>(scrypt);

interface Sealed {
  readonly N: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly nonce: Buffer;
  readonly ciphertext: Buffer;
}

function parseSealed(pem: string): Sealed | undefined {
  const { kdf, cipher, ciphertext } = objectOf(
    parseJson(Buffer.from(pattern.exec(pem)?.[2] ?? "", "base64")),
  );
  const { name: kdfName, params, salt } = objectOf(kdf);
  const { N, r, p } = objectOf(params);
  const { name: cipherName, nonce } = objectOf(cipher);
  if (kdfName !== "scrypt" || cipherName !== "nacl/secretbox") return undefined;
  if (typeof salt !== "string" || typeof nonce !== "string" || typeof ciphertext !== "string")
    return undefined;
  const isPower = isBetween(N, 2, 1 << 24) && Number.isInteger(Math.log2(N));
  if (!isPower || !isBetween(r, 1, 64) || !isBetween(p, 1, 16) || 128 * N * r > maxMemoryBytes)
    return undefined;
  const [saltBytes, nonceBytes, box] = [salt, nonce, ciphertext].map((text) =>
    Buffer.from(text, "base64"),
  ) as [Buffer, Buffer, Buffer];
  if (nonceBytes.length !== 24 || box.length < 16) return undefined;
  return { N, r, p, salt: saltBytes, nonce: nonceBytes, ciphertext: box };
}

function isBetween(value: unknown, least: number, most: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
}
