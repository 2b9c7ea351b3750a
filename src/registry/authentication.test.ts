import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Credentials } from "./credentials.ts";
import type { FakeAuth } from "./testing/fake-auth.ts";
import { amd64, failure, startPullRig } from "./testing/pull-rig.ts";

const layers = [randomBytes(1000), randomBytes(1000), randomBytes(1000)];
const user: Credentials = { kind: "password", username: "ann", password: "s3cret:with colon" };
const wrong: Credentials = { kind: "password", username: "ann", password: "guessed" };
const account = { username: "ann", password: "s3cret:with colon" };

const admitted: { title: string; auth: FakeAuth; credentials?: Credentials }[] = [
  { title: "with a password (Basic)", auth: { kind: "basic", ...account }, credentials: user },
  { title: "with a token that everybody gets", auth: { kind: "bearer" } },
  { title: "with a token for a password", auth: { kind: "bearer", ...account }, credentials: user },
  {
    title: "with an access token for an identity token",
    auth: { kind: "bearer", ...account, identityToken: "refresh-me" },
    credentials: { kind: "identity-token", token: "refresh-me" },
  },
];

for (const { title, auth, credentials } of admitted) {
  test(`an image is pulled ${title}, asked for once`, async () => {
    await using rig = await startPullRig({ auth, credentials: async () => credentials });
    const image = rig.registry.addImage("team/base", "latest", { layers });
    const reference = rig.reference("team/base");
    await rig.client.resolve(reference, amd64);
    await Promise.all(image.layers.map((layer) => rig.client.fetchBlob(reference, layer, rig.store.content)));
    assert.equal([...rig.store.content.list()].length, 3);
    assert.ok(rig.registry.count(auth.kind === "basic" ? "GET" : "GET", /^\/token/) <= 1);
    assert.equal(
      rig.registry.requests.filter(({ authorization }) => authorization === undefined).length,
      anonymous(auth),
    );
  });
}

/** The first try, and the question for a token when it needs no password or brings it in its body. */
function anonymous(auth: FakeAuth): number {
  return auth.kind === "bearer" && (auth.username === undefined || auth.identityToken !== undefined) ? 2 : 1;
}

test("credentials are looked up for the registry's own host", async () => {
  const asked: string[] = [];
  const credentials = async (host: string) => {
    asked.push(host);
    return user;
  };
  await using rig = await startPullRig({ auth: { kind: "basic", ...account }, credentials });
  rig.registry.addImage("base", "latest", { layers });
  await rig.client.resolve(rig.reference("base"), amd64);
  assert.deepEqual([...new Set(asked)], [rig.registry.host]);
});

test("a token that is refused in the middle of a pull is renewed", async () => {
  await using rig = await startPullRig({ auth: { kind: "bearer" } });
  const image = rig.registry.addImage("base", "latest", { layers });
  await rig.client.resolve(rig.reference("base"), amd64);
  rig.registry.revokeTokens();
  await rig.client.fetchBlob(rig.reference("base"), image.layers[0]!, rig.store.content);
  assert.equal(rig.registry.count("GET", /^\/token/), 2);
});

test("a token that has expired is renewed before it is refused", async () => {
  await using rig = await startPullRig({ auth: { kind: "bearer", expiresInSeconds: 0.05 } });
  const image = rig.registry.addImage("base", "latest", { layers });
  await rig.client.resolve(rig.reference("base"), amd64);
  await sleep(60);
  rig.registry.requests.length = 0;
  await rig.client.fetchBlob(rig.reference("base"), image.layers[0]!, rig.store.content);
  const [first] = rig.registry.requests;
  assert.deepEqual([first?.url.includes("/blobs/"), first?.authorization], [true, undefined]);
  assert.equal(rig.registry.count("GET", /^\/token/), 1);
});

test("transfers that start together share one token", async () => {
  await using rig = await startPullRig({ auth: { kind: "bearer" } });
  const image = rig.registry.addImage("base", "latest", { layers });
  const reference = rig.reference("base");
  await Promise.all(image.layers.map((layer) => rig.client.fetchBlob(reference, layer, rig.store.content)));
  assert.equal(rig.registry.count("GET", /^\/token/), 1);
});

test("one scope's token is not used for another repository", async () => {
  await using rig = await startPullRig({ auth: { kind: "bearer" } });
  rig.registry.addImage("one", "latest", { layers });
  rig.registry.addImage("two", "latest", { layers });
  await rig.client.resolve(rig.reference("one"), amd64);
  await rig.client.resolve(rig.reference("two"), amd64);
  const scopes = rig.registry.requests
    .flatMap(({ url }) => /scope=([^&]+)/.exec(url)?.[1] ?? [])
    .map(decodeURIComponent);
  assert.deepEqual(scopes, ["repository:one:pull", "repository:two:pull"]);
});

for (const auth of [
  { kind: "basic", ...account },
  { kind: "bearer", ...account },
] as const) {
  test(`no credentials for ${auth.kind}: the error says to log in`, async () => {
    await using rig = await startPullRig({ auth });
    rig.registry.addImage("base", "latest", { layers });
    assert.deepEqual(await failure(rig.client.resolve(rig.reference("base"), amd64)), {
      code: "UNAUTHORIZED",
      message: `Cannot pull ${rig.registry.host}/base:latest: access denied, the repository does not exist or needs a login`,
      hint: `check the name, or log in with "slipway login ${rig.registry.host}"`,
    });
  });

  test(`wrong credentials for ${auth.kind}: the error says to log in again, and not what they were`, async () => {
    await using rig = await startPullRig({ auth, credentials: async () => wrong });
    rig.registry.addImage("base", "latest", { layers });
    assert.deepEqual(await failure(rig.client.resolve(rig.reference("base"), amd64)), {
      code: "UNAUTHORIZED",
      message: `Cannot pull ${rig.registry.host}/base:latest: ${rig.registry.host} refused the credentials`,
      hint: `log in again with "slipway login ${rig.registry.host}"`,
    });
    assert.ok(rig.registry.requests.length <= 3, "a refusal is not tried again");
  });
}

const tokenFaults = [
  { status: 500, code: "SERVER_ERROR", message: "the token service of HOST answered 500" },
  { status: 429, code: "TOO_MANY_REQUESTS", message: "the token service of HOST answered 429" },
  { status: 404, code: "BAD_RESPONSE", message: "the token service of HOST answered 404" },
  { status: 200, code: "BAD_RESPONSE", message: "the token service of HOST gave no token" },
];

for (const { status, code, message } of tokenFaults) {
  test(`a token service that answers ${status} without a token is reported`, async () => {
    await using rig = await startPullRig({ auth: { kind: "bearer" } });
    rig.registry.fail("GET", /^\/token/, { kind: "answer", status, body: "{}" }, 10);
    const got = await failure(rig.client.resolve(rig.reference("base"), amd64));
    const subject = `Cannot pull ${rig.registry.host}/base:latest`;
    assert.deepEqual(got, {
      code,
      message: `${subject}: ${message.replace("HOST", rig.registry.host)}`,
      hint: undefined,
    });
  });
}

test("a token service that fails once is asked again", async () => {
  await using rig = await startPullRig({ auth: { kind: "bearer" } });
  rig.registry.addImage("base", "latest", { layers });
  rig.registry.fail("GET", /^\/token/, { kind: "answer", status: 503 });
  await rig.client.resolve(rig.reference("base"), amd64);
  assert.equal(rig.registry.count("GET", /^\/token/), 2);
});

test("a token service that is not there is named, and not waited for", async () => {
  await using rig = await startPullRig({ auth: { kind: "bearer", realm: "https://127.0.0.1:1/token" } });
  assert.deepEqual(await failure(rig.client.resolve(rig.reference("base"), amd64)), {
    code: "UNREACHABLE",
    message: `Cannot pull ${rig.registry.host}/base:latest: cannot reach 127.0.0.1:1: connection refused`,
    hint: "check the network, the name and the proxy settings",
  });
});
