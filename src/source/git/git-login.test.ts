import assert from "node:assert/strict";
import { test } from "node:test";
import { gitLogin } from "./git-login.ts";

const basic = (text: string) => `basic ${Buffer.from(text).toString("base64")}`;

const cases: readonly (readonly [
  remote: string,
  secrets: Readonly<Record<string, string>>,
  plain: string,
  setting: readonly [string, string] | undefined,
])[] = [
  ["https://example.com/x.git", {}, "https://example.com/x.git", undefined],
  [
    "https://example.com:8443/x.git",
    { GIT_AUTH_TOKEN: "a", "GIT_AUTH_TOKEN.example.com:8443": "b\n" },
    "https://example.com:8443/x.git",
    ["http.https://example.com:8443/x.git.extraHeader", `Authorization: ${basic("x-access-token:b")}`],
  ],
  [
    "https://example.com/x.git",
    { GIT_AUTH_TOKEN: "a", GIT_AUTH_HEADER: "bearer c" },
    "https://example.com/x.git",
    ["http.https://example.com/x.git.extraHeader", "Authorization: bearer c"],
  ],
  [
    "https://github.com/x/y.git",
    { GIT_AUTH_TOKEN: "a" },
    "https://github.com/x/y.git",
    ["http.https://github.com/.extraHeader", `Authorization: ${basic("x-access-token:a")}`],
  ],
  [
    "https://us%40er:p%3Aw@example.com/x.git",
    {},
    "https://example.com/x.git",
    ["http.https://example.com/x.git.extraHeader", `Authorization: ${basic("us@er:p:w")}`],
  ],
  ["ssh://git:password@example.com/x.git", { GIT_AUTH_TOKEN: "a" }, "ssh://git@example.com/x.git", undefined],
  ["git@example.com:x.git", { GIT_AUTH_TOKEN: "a" }, "git@example.com:x.git", undefined],
];

for (const [remote, secrets, plain, setting] of cases) {
  test(`git is given ${plain} for ${remote} with ${Object.keys(secrets).join(", ") || "no secret"}`, async () => {
    const secret = (id: string) =>
      Promise.resolve(secrets[id] === undefined ? undefined : Buffer.from(secrets[id]));
    const login = await gitLogin(remote, { secret });
    assert.deepEqual(login, { remote: plain, secretSettings: setting ? [setting] : [] });
  });
}
