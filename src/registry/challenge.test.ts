import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseChallenges } from "./challenge.ts";
import { parseRetryAfter } from "./retry.ts";

const rows: [header: string, challenges: unknown][] = [
  ["", []],
  ['Basic realm="x"', [{ scheme: "basic", parameters: { realm: "x" } }]],
  [
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
    [
      {
        scheme: "bearer",
        parameters: {
          realm: "https://auth.docker.io/token",
          service: "registry.docker.io",
          scope: "repository:a/b:pull,push",
        },
      },
    ],
  ],
  [
    'Negotiate, BASIC Realm = "a \\"b\\", c" , Bearer realm=plain',
    [
      { scheme: "negotiate", parameters: {} },
      { scheme: "basic", parameters: { realm: 'a "b", c' } },
      { scheme: "bearer", parameters: { realm: "plain" } },
    ],
  ],
  ['Bearer realm="unfinished', [{ scheme: "bearer", parameters: {} }]],
  ['"nonsense"', []],
  ['Bearer __proto__="x"', [{ scheme: "bearer", parameters: Object.fromEntries([["__proto__", "x"]]) }]],
];

for (const [header, challenges] of rows) {
  test(`the challenges of ${JSON.stringify(header)}`, () => {
    const found = parseChallenges(header).map(({ scheme, parameters }) => ({
      scheme,
      parameters: { ...parameters },
    }));
    assert.deepEqual(found, challenges);
  });
}

test("any header is read in a moment and without an error", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (header) => parseChallenges(header).length <= header.length),
  );
  const start = process.cpuUsage();
  parseChallenges('Bearer a="'.repeat(100_000));
  parseChallenges(" ,".repeat(1_000_000));
  assert.ok(process.cpuUsage(start).user < 5_000_000, "microseconds of processor time");
});

test("Retry-After is seconds or a date; anything else is nothing", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  assert.equal(parseRetryAfter("7", now), 7000);
  assert.equal(parseRetryAfter("Thu, 01 Jan 2026 00:00:09 GMT", now), 9000);
  assert.equal(parseRetryAfter("Thu, 01 Jan 2025 00:00:09 GMT", now), 0);
  assert.equal(parseRetryAfter("soon", now), undefined);
  assert.equal(parseRetryAfter("-1", now), 0);
  assert.equal(parseRetryAfter(undefined, now), undefined);
});
