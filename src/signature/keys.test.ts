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

/** Made by cosign 3.1.3: import-key-pair, password `hush`. */
const cosignBody = {
  kdf: {
    name: "scrypt",
    params: { N: 65536, r: 8, p: 1 },
    salt: "M1dTwZeVyP78VCV1Ndus7u0aU99nGyNsw7IrpJ4koTI=",
  },
  cipher: { name: "nacl/secretbox", nonce: "/ZO2H5jyWt8KTalwZiRRJJbAcYrYUqQm" },
  ciphertext:
    "AoLHMtXf5Lb2d0ZwkhNiwsMyVgR4Vt64N181MVp3LueOQXChQ1wM0ofMCPZGSiJU+lRlBKhCHaoTEdLtgfXrju9noFs20YZ3iw2rsK+rVvcXZgFaE7B9fa7Ccat9DIVeIef2uYY4cGLtxRgZoF7QmWY2Yp9eKGkNiM5vGbm2orPCceaMbLcgTdqaJe62wjvl+wE5eFpya3WB8Q==",
};
const cosignPublic = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEXmb5gu9MUDv5bzo4J5NwEebt/hLP
jmqrCUYh2hZA1ozmdqsFL0gWVBOMukZdaFk1tTcBH6RGevXYCpagiIi++A==
-----END PUBLIC KEY-----
`;

const cosignPem = (body: object, label = "SIGSTORE") => {
  const base64 = Buffer.from(JSON.stringify(body)).toString("base64");
  const lines = base64.replace(/.{64}/g, "$&\n");
  return `-----BEGIN ENCRYPTED ${label} PRIVATE KEY-----\n${lines}\n-----END ENCRYPTED ${label} PRIVATE KEY-----\n`;
};

test("a private key of cosign is read with its password", async () => {
  for (const label of ["SIGSTORE", "COSIGN"])
    assert.equal(publicPem(await privateOf(cosignPem(cosignBody, label), "hush")), cosignPublic);
  const wrong = await failure(privateOf(cosignPem(cosignBody), "guessed"));
  assert.equal(wrong.message, 'Cannot use key "env://KEY": the password is wrong');
  assert.equal(
    (await failure(privateOf(cosignPem(cosignBody)))).message,
    'Cannot use key "env://KEY": it is encrypted',
  );
});

test("a private key of cosign that is damaged, or asks for too much, is refused before any work is done", async () => {
  const { kdf, cipher } = cosignBody;
  const params = (change: object) => ({ kdf: { ...kdf, params: { ...kdf.params, ...change } } });
  for (const change of [
    params({ N: 2 ** 40 }),
    params({ N: 65535 }),
    params({ r: 1e9 }),
    params({ p: 1e9 }),
    params({ N: "65536" }),
    { kdf: { ...kdf, name: "argon2" } },
    { kdf: null },
    { cipher: { ...cipher, name: "aes" } },
    { cipher: { ...cipher, nonce: "AAAA" } },
    { ciphertext: "AAAA" },
    { ciphertext: { length: 4e9 } },
  ]) {
    const { message } = await failure(privateOf(cosignPem({ ...cosignBody, ...change }), "hush"));
    const reason = "it is damaged, or encrypted in a way that is not known";
    assert.equal(message, `Cannot use key "env://KEY": ${reason}`, JSON.stringify(change));
  }
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
    ["-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n", "it is not a key in PEM, or is damaged"],
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
