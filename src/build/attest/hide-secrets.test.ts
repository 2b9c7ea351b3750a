import assert from "node:assert/strict";
import { test } from "node:test";
import { secretHider } from "./hide-secrets.ts";

test("a secret that begins with another one is hidden as a whole, whichever was lent first", async () => {
  const values: Readonly<Record<string, string>> = { user: "acme-bot", token: "acme-bot-4f1c9d0a77" };
  const session = { secret: async (id: string) => Buffer.from(values[id]!) };
  for (const ids of [
    ["user", "token"],
    ["token", "user"],
  ]) {
    const secrets = ids.map((id) => ({ id, isUnscanned: false }));
    const hide = await secretHider({ secrets } as never, session as never);
    assert.equal(hide("login acme-bot with acme-bot-4f1c9d0a77"), "login xxxxx with xxxxx");
  }
});
