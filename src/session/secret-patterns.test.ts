import assert from "node:assert/strict";
import { test } from "node:test";
import { secretPatterns } from "./secret-patterns.ts";

test("a value is found as it is and in base64, whatever is encoded with it", () => {
  for (const value of ["npm_0123456789abcdef", "pass word?>~\xff\xfe", "8 bytes!"]) {
    const patterns = secretPatterns(Buffer.from(`\n${value}\r\n`, "latin1"));
    const isFound = (text: string) =>
      patterns.some((pattern) => Buffer.from(text, "latin1").includes(pattern));
    assert.ok(isFound(`token=${value}`));
    for (const user of ["", "a", "ab", "abc:"]) {
      for (const rest of ["", "x", "yz"]) {
        const bytes = Buffer.from(user + value + rest, "latin1");
        assert.ok(isFound(bytes.toString("base64")), `${user}${value}${rest}`);
        assert.ok(isFound(bytes.toString("base64url")), `${user}${value}${rest}`);
      }
    }
    assert.ok(!isFound(Buffer.from("something else that is long enough").toString("base64")));
  }
});

test("a value that is too short to tell is not looked for", () => {
  assert.deepEqual(secretPatterns(Buffer.from("1234567\n")), []);
  assert.deepEqual(secretPatterns(Buffer.from("")), []);
});
