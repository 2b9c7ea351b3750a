import assert from "node:assert/strict";
import { test } from "node:test";
import { failure, type PullRig, startPullRig } from "./testing/pull-rig.ts";

const json = { "content-type": "application/json" };

function page(rig: PullRig, tags: unknown, link?: string): void {
  const headers = link === undefined ? json : { ...json, link };
  const fault = {
    kind: "answer",
    status: 200,
    headers,
    body: JSON.stringify({ name: "app", tags }),
  } as const;
  rig.registry.fail("GET", /tags\/list/, fault);
}

test("the tags of a repository come page by page, each once", async () => {
  await using rig = await startPullRig();
  page(rig, ["a", "b"], '</v2/app/tags/list?last=b&n=2>; rel="next"');
  page(rig, ["b", "v1.0-rc_1"]);
  assert.deepEqual(await rig.client.listTags(rig.reference("app")), ["a", "b", "v1.0-rc_1"]);
  assert.deepEqual(
    rig.registry.requests.map(({ url }) => url),
    ["/v2/app/tags/list", "/v2/app/tags/list?last=b&n=2"],
  );
});

test("a repository whose tags were removed has none", async () => {
  await using rig = await startPullRig();
  page(rig, null);
  assert.deepEqual(await rig.client.listTags(rig.reference("app")), []);
});

const bad: [title: string, tags: unknown, link?: string][] = [
  ["a tag that is a path", ["../x"]],
  ["a tag with a line break", ["a\nb"]],
  ["a tag that is no text", [1]],
  ["tags that are no list", { a: 1 }],
];

for (const [title, tags, link] of bad) {
  test(`${title} is refused`, async () => {
    await using rig = await startPullRig();
    page(rig, tags, link);
    const { code, message } = await failure(rig.client.listTags(rig.reference("app")));
    const { host } = rig.registry;
    assert.equal(code, "BAD_RESPONSE");
    assert.equal(message, `Cannot pull ${host}/app:latest: ${host} answered with no list of tags`);
  });
}

test("a next page elsewhere is refused", async () => {
  await using rig = await startPullRig();
  page(rig, ["a"], '<http://elsewhere.example/v2/app/tags/list>; rel="next"');
  const { code, message } = await failure(rig.client.listTags(rig.reference("app")));
  assert.equal(code, "BAD_RESPONSE");
  assert.equal(message, `Cannot pull ${rig.registry.host}/app:latest: its next page is of another server`);
});

test("a list of tags is read up to 32 MB", async () => {
  await using rig = await startPullRig();
  const tags = Array<string>(30_000).fill("x".repeat(128));
  for (let count = 0; count < 9; count++) page(rig, tags, '</v2/app/tags/list?n=1>; rel="next"');
  page(rig, ["last"]);
  const { code, message } = await failure(rig.client.listTags(rig.reference("app")));
  assert.equal(code, "BAD_RESPONSE");
  assert.equal(message, `Cannot pull ${rig.registry.host}/app:latest: the list of its tags has no end`);
});

test("a list of tags that leads to itself ends", async () => {
  await using rig = await startPullRig();
  const headers = { ...json, link: '</v2/app/tags/list?n=1>; rel="next"' };
  const fault = { kind: "answer", status: 200, headers, body: '{"tags":["a"]}' } as const;
  rig.registry.fail("GET", /tags\/list/, fault, Number.POSITIVE_INFINITY);
  assert.equal((await failure(rig.client.listTags(rig.reference("app")))).code, "BAD_RESPONSE");
});
