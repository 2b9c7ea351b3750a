import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDevice } from "./device.ts";

const good: [value: string, name: string, required: boolean][] = [
  ["vendor.com/x", "vendor.com/x", false],
  ["vendor.com/x=y,required", "vendor.com/x=y", true],
  ["name=vendor.com/x=y,required=false", "vendor.com/x=y", false],
  ["required=1,vendor.com/x=*", "vendor.com/x=*", true],
  ["REQUIRED,Name=a", "a", true],
];
for (const [value, name, required] of good)
  test(`--device=${value}`, () => assert.deepEqual(parseDevice(value), { name, required }));

const bad: [value: string, message: string][] = [
  ["a,b", "invalid field 'b' must be a key=value pair"],
  ["a,name=b", "device name already set to a"],
  ["a,required=maybe", "invalid value for required: maybe"],
  ["a,requird=1", "unexpected key 'requird' in 'requird=1' (did you mean required?)"],
];
for (const [value, message] of bad) test(message, () => assert.throws(() => parseDevice(value), { message }));
