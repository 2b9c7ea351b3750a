import assert from "node:assert/strict";
import { test } from "node:test";
import { isContentXattr } from "./index.ts";

test("attributes of a file's content travel; those of overlayfs and of the host's policy do not", () => {
  for (const name of [
    "user.a",
    "security.capability",
    "trusted.a",
    "user.overlayed",
    "system.posix_acl_access",
  ])
    assert.ok(isContentXattr(name), name);
  for (const name of [
    "",
    "trusted.overlay.opaque",
    "user.overlay.redirect",
    "security.selinux",
    "security.apparmor",
    "security.evm",
    "security.SMACK64EXEC",
  ])
    assert.ok(!isContentXattr(name), name);
});
