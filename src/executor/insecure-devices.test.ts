import assert from "node:assert/strict";
import { test } from "node:test";
import { insecureDevices } from "./insecure-devices.ts";

test("loop devices go on to the seventh after the first free one", () => {
  const devices = insecureDevices((loop) => loop >= 2);
  const loops = devices.filter(({ type }) => type === "b");
  assert.deepEqual([loops.length, loops.at(-1)], [10, { path: "/dev/loop9", type: "b", major: 7, minor: 9 }]);
  assert.deepEqual(devices[0], { path: "/dev/kmsg", type: "c", major: 1, minor: 11 });
});
