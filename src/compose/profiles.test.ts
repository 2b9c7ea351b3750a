import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { type LoadOptions, loadProject } from "./load-project.ts";

const cwd = mkdtempSync(path.join(tmpdir(), "slipway-profiles-"));
after(() => rmSync(cwd, { recursive: true }));

const file = `
services:
  web: {image: web}
  db: {image: db, profiles: [data]}
  admin: {image: admin, profiles: [data, tools], depends_on: [db]}
  test: {image: test, profiles: [tools]}
`;

test("services without a profile, and those of active profiles, are the project", () => {
  assert.deepEqual(names({}), ["web"]);
  assert.deepEqual(names({ profiles: ["data"] }), ["web", "db", "admin"]);
  assert.deepEqual(names({ profiles: ["data", "tools"] }), ["web", "db", "admin", "test"]);
  assert.deepEqual(names({ profiles: ["*"] }), ["web", "db", "admin", "test"]);
  assert.deepEqual(names({ profiles: ["nope"] }), ["web"]);
});

test("COMPOSE_PROFILES activates profiles, unless the command line does", () => {
  const env = { COMPOSE_PROFILES: "nope, data," };
  assert.deepEqual(names({ env }), ["web", "db", "admin"]);
  assert.deepEqual(names({ env, profiles: ["nope"] }), ["web"]);
});

test("a service that is named activates its own profiles", () => {
  assert.deepEqual(names({ named: ["db"] }), ["web", "db", "admin"]);
  assert.deepEqual(names({ named: ["admin"] }), ["web", "db", "admin", "test"]);
  assert.deepEqual(names({ named: ["web", "nope"] }), ["web"]);
});

test("all profiles of the files are known", () => {
  assert.deepEqual(load({}).profiles, ["data", "tools"]);
});

test("a service that depends on one of an inactive profile is an error", () => {
  const hint = '"db" is in a profile that is not active; activate it with --profile data';
  const message = (text: string) => new RegExp(`^compose.yaml:\\d+:\\d+: ${text}$`);
  assert.throws(() => load({ profiles: ["tools"] }), {
    message: message('service "admin" depends on undefined service "db": invalid compose project'),
    hint,
  });
  const text = `
services:
  web: {build: {context: ., additional_contexts: {x: "service:db"}}}
  db: {image: db, profiles: [data]}
`;
  assert.throws(() => load({}, text), {
    message: message('service "web" declares unknown service "db" as additional contexts x'),
    hint,
  });
});

test("what an inactive service asks for is not checked", () => {
  const text = `
services:
  web: {image: web}
  db: {image: db, profiles: [data], extends: web}
`;
  assert.deepEqual([...load({}, text).services.keys()], ["web"]);
  assert.throws(() => load({ profiles: ["data"] }, text), { code: "COMPOSE_UNSUPPORTED" });
});

test("environment files set variables: the caller's first, then a later file's", () => {
  writeFileSync(path.join(cwd, "1.env"), "A=1\nB=1\nC=1\n");
  writeFileSync(path.join(cwd, "2.env"), "B=2$A\nC=2\nCOMPOSE_PROFILES=data\n");
  writeFileSync(path.join(cwd, ".env"), "A=.\nD=.\n");
  const text = `services: {web: {image: "$A $B $C \${D-}"}, db: {image: db, profiles: [data]}}`;
  const image = (options: Partial<LoadOptions>) => load(options, text).services.get("web")!.image;
  const env = { C: "caller" };
  assert.equal(image({ env, envFiles: ["1.env", "2.env"] }), "1 21 caller ");
  assert.equal(image({ env, envFiles: ["2.env", "1.env"] }), "1 1 caller ");
  assert.equal(image({ env: { ...env, COMPOSE_ENV_FILES: "1.env,2.env" } }), "1 21 caller ");
  assert.equal(image({ env: { COMPOSE_ENV_FILES: "1.env" }, envFiles: [".env"] }), ".   .");
  assert.deepEqual([...load({ envFiles: ["2.env"] }, text).services.keys()], ["web", "db"]);
  rmSync(path.join(cwd, ".env"));
});

test("an environment file that is missing or wrong is an error", () => {
  assert.throws(() => load({ envFiles: ["nope.env"] }), {
    code: "COMPOSE_NOT_FOUND",
    message: `couldn't find env file: ${cwd}/nope.env`,
  });
  writeFileSync(path.join(cwd, "bad.env"), 'A=1\nB="x\n');
  assert.throws(() => load({ envFiles: ["bad.env"] }), {
    code: "COMPOSE_INVALID",
    message: `Cannot parse "${cwd}/bad.env": line 2: a quote is not closed`,
  });
});

test("an environment file may name the Compose file", () => {
  writeFileSync(path.join(cwd, "other.yaml"), "services: {other: {image: other}}");
  writeFileSync(path.join(cwd, "file.env"), "COMPOSE_FILE=other.yaml\n");
  assert.deepEqual(names({ envFiles: ["file.env"] }), ["other"]);
});

function names(options: Partial<LoadOptions>): string[] {
  return [...load(options).services.keys()];
}

function load(options: Partial<LoadOptions>, text = file) {
  writeFileSync(path.join(cwd, "compose.yaml"), text);
  return loadProject({ files: [], cwd, env: {}, ...options });
}
