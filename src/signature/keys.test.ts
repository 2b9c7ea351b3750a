import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { test } from "node:test";
import { failure } from "../registry/testing/pull-rig.ts";
import { loadPrivateKey, loadPublicKey } from "./index.ts";

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const pkcs8 = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
const encrypted = privateKey.export({
  type: "pkcs8",
  format: "pem",
  cipher: "aes-256-cbc",
  passphrase: "open sesame",
}) as string;
const spki = publicPem(privateKey);

const source = (KEY: string) => ({ place: "env://KEY", env: { KEY } });
const privateOf = (pem: string, password?: string) =>
  loadPrivateKey(source(pem), () => Promise.resolve(password));

test("a private key is read, with its password when it is encrypted, in PKCS#8 and in the older forms", async () => {
  const sec1 = privateKey.export({ type: "sec1", format: "pem" }) as string;
  for (const pem of [pkcs8, sec1]) assert.equal(publicPem(await privateOf(pem)), spki);
  assert.equal(publicPem(await privateOf(encrypted, "open sesame")), spki);
});

test("the password is asked for only when the key is encrypted, and is not told", async () => {
  await loadPrivateKey(source(pkcs8), () => assert.fail("asked"));
  assert.deepEqual(await failure(privateOf(encrypted)), {
    code: "KEY_INVALID",
    message: 'Cannot use key "env://KEY": it is encrypted',
    hint: "set SLIPWAY_KEY_PASSWORD (or COSIGN_PASSWORD)",
  });
  const wrong = await failure(privateOf(encrypted, "guessed"));
  assert.deepEqual(
    [wrong.code, wrong.message],
    ["KEY_INVALID", 'Cannot use key "env://KEY": the password is wrong'],
  );
});

test("what is no key, half a key, or a key of another kind is refused", async () => {
  const pemOf = ({ privateKey: key }: { privateKey: KeyObject }) =>
    key.export({ type: "pkcs8", format: "pem" }) as string;
  const rows: [pem: string, reason: string][] = [
    ["", "it is not a key in PEM, or is damaged"],
    ["hello", "it is not a key in PEM, or is damaged"],
    [pkcs8.slice(0, 100), "it is not a key in PEM, or is damaged"],
    [spki, "it is a public key, and the private one signs"],
    [pemOf(generateKeyPairSync("ec", { namedCurve: "P-384" })), "its curve is secp384r1"],
    [pemOf(generateKeyPairSync("x25519")), "its kind is x25519"],
    [
      pemOf(generateKeyPairSync("rsa", { modulusLength: 1024 })),
      "an RSA key has 2048 to 16384 bits, this one 1024",
    ],
    ["-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n", "it is encrypted in cosign's own format"],
  ];
  for (const [pem, reason] of rows) {
    const { code, message } = await failure(privateOf(pem));
    assert.deepEqual([code, message], ["KEY_INVALID", `Cannot use key "env://KEY": ${reason}`]);
  }
});

test("verifying takes a public key and nothing else", async () => {
  assert.equal((await loadPublicKey(source(spki))).type, "public");
  for (const [pem, reason] of [
    [pkcs8, "it is a private key"],
    [encrypted, "it is a private key"],
    ["-----BEGIN CERTIFICATE-----\nAAAA\n", "it is not a public key in PEM"],
    [spki.slice(0, 80), "it is not a key in PEM, or is damaged"],
  ] as const) {
    const { message } = await failure(loadPublicKey(source(pem)));
    assert.equal(message, `Cannot use key "env://KEY": ${reason}`);
  }
});

test("a key that cannot be read, or does not end, is refused", async () => {
  const at = (place: string) => failure(loadPublicKey({ place, env: {} }));
  assert.deepEqual(await at("/nowhere/key.pem"), {
    code: "KEY_UNREADABLE",
    message: 'Cannot read key "/nowhere/key.pem"',
    hint: undefined,
  });
  assert.equal((await at("env://KEY")).message, 'Cannot read key "env://KEY": the variable is not set');
  assert.equal((await at("/dev/zero")).message, 'Cannot use key "/dev/zero": it has more than 65536 bytes');
});

function publicPem(key: KeyObject): string {
  return createPublicKey(key).export({ type: "spki", format: "pem" }) as string;
}
