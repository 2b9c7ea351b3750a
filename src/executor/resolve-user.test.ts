import assert from "node:assert/strict";
import { test } from "node:test";
import { ExecutorError } from "./executor-error.ts";
import { resolveUser } from "./resolve-user.ts";

const files = {
  passwd:
    "# comment\n\nroot:x:0:0:root:/root:/bin/sh\napp:x:1000:100::/home/app:/bin/sh\nbroken:x:ten:1:::\nfifty:x:50:51\n42:x:7:7::/seven:\n",
  group: "root:x:0:\nwheel:x:10:root,app\nvideo:x:44:app\nusers:x:100:app\n99:x:8:\n",
};

const cases: readonly (readonly [
  spec: string,
  uid: number,
  gid: number,
  gids: readonly number[],
  home: string,
])[] = [
  ["", 0, 0, [0, 10], "/root"],
  ["0", 0, 0, [0, 10], "/root"],
  ["root", 0, 0, [0, 10], "/root"],
  ["app", 1000, 100, [100, 10, 44], "/home/app"],
  ["1000", 1000, 100, [100, 10, 44], "/home/app"],
  ["app:video", 1000, 44, [44], "/home/app"],
  ["app:5", 1000, 5, [5], "/home/app"],
  ["77", 77, 0, [0], "/"],
  ["77:88", 77, 88, [88], "/"],
  [":wheel", 0, 10, [10], "/root"],
  ["fifty", 50, 51, [51], "/"],
  // A number is always an id, though somebody is called so.
  ["42", 42, 0, [0], "/"],
  ["app:99", 1000, 99, [99], "/home/app"],
];

for (const [spec, uid, gid, additionalGids, home] of cases) {
  test(`user ${JSON.stringify(spec)} is ${uid}:${gid}`, () => {
    assert.deepEqual(resolveUser(spec, files), { uid, gid, additionalGids, home });
  });
}

test("an image without passwd has uid 0 and every number", () => {
  const none = { passwd: undefined, group: undefined };
  assert.deepEqual(resolveUser("", none), { uid: 0, gid: 0, additionalGids: [0], home: "/" });
  assert.deepEqual(resolveUser("5:6", none), { uid: 5, gid: 6, additionalGids: [6], home: "/" });
});

const failures: readonly (readonly [spec: string, code: string, message: string])[] = [
  ["nobody", "UNKNOWN_USER", "unable to find user nobody: no matching entries in passwd file"],
  ["broken", "UNKNOWN_USER", "unable to find user broken: no matching entries in passwd file"],
  ["app:none", "UNKNOWN_GROUP", "unable to find group none: no matching entries in group file"],
  ["-1", "UNKNOWN_USER", 'Cannot use id "-1": uids and gids must be in range 0-2147483647'],
  ["2147483648", "UNKNOWN_USER", 'Cannot use id "2147483648": uids and gids must be in range 0-2147483647'],
  [
    "0:4294967296",
    "UNKNOWN_GROUP",
    'Cannot use id "4294967296": uids and gids must be in range 0-2147483647',
  ],
];

for (const [spec, code, message] of failures) {
  test(`user ${JSON.stringify(spec)} is refused`, () => {
    assert.throws(
      () => resolveUser(spec, files),
      (error: unknown) => error instanceof ExecutorError && error.code === code && error.message === message,
    );
  });
}
