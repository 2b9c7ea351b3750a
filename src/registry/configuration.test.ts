import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { codeFrame } from "../errors/index.ts";
import type { ConfigurationError } from "./configuration-error.ts";
import { loadConfiguration } from "./load-configuration.ts";
import { parseConfiguration } from "./parse-configuration.ts";

const dir = mkdtempSync(path.join(tmpdir(), "slipway-configuration-"));
after(() => rmSync(dir, { recursive: true, force: true }));

const text = `
registries:
  docker.io:
    mirrors:
      - http://127.0.0.1:5000
      - mirror.example/docker/hub/
      - https://[::1]:443
  registry.example:5000:
    insecure: true
  quiet.example:
`;

test("a configuration names mirrors and insecure registries", () => {
  assert.deepEqual(plain(parseConfiguration(text, "config.yaml")), {
    registries: {
      "docker.io": {
        mirrors: [
          { host: "127.0.0.1:5000", scheme: "http", prefix: "" },
          { host: "mirror.example", prefix: "docker/hub" },
          { host: "[::1]:443", scheme: "https", prefix: "" },
        ],
        insecure: false,
      },
      "registry.example:5000": { mirrors: [], insecure: true },
      "quiet.example": { mirrors: [], insecure: false },
    },
  });
});

test("JSON is a configuration too", () => {
  const json = '{"registries": {"index.docker.io": {"mirrors": ["mirror.example"]}}}';
  const mirrors = [{ host: "mirror.example", prefix: "" }];
  assert.deepEqual(plain(parseConfiguration(json, "config.json")), {
    registries: { "docker.io": { mirrors, insecure: false } },
  });
});

for (const empty of ["", "# nothing\n", "registries:\n", "registries: {}\n"]) {
  test(`${JSON.stringify(empty)} configures nothing`, () => {
    assert.deepEqual(plain(parseConfiguration(empty, "config.yaml")), { registries: {} });
  });
}

const bad: [text: string, message: string][] = [
  ["registry:\n  a: 1\n", "1:1: registry: unknown key, expected registries"],
  ["registreis:\n", "1:1: registreis: unknown key (did you mean registries?)"],
  [
    "registries:\n  a.example:\n    miror: []\n",
    "3:5: registries.a.example.miror: unknown key (did you mean mirrors?)",
  ],
  [
    "registries:\n  a.example:\n    tls: no\n",
    "3:5: registries.a.example.tls: unknown key, expected mirrors or insecure",
  ],
  [
    "registries:\n  a.example:\n    insecure: yes\n",
    '3:15: registries.a.example.insecure: expected true or false, got "yes"',
  ],
  [
    "registries:\n  a.example:\n    mirrors: b.example\n",
    '3:14: registries.a.example.mirrors: expected a list, got "b.example"',
  ],
  [
    "registries:\n  a.example:\n    mirrors:\n      - 5000\n",
    "4:9: registries.a.example.mirrors[0]: expected a string, got 5000",
  ],
  [
    "registries:\n  a.example:\n    mirrors:\n      - ftp://b.example\n",
    '4:9: registries.a.example.mirrors[0]: expected a mirror like https://host:port/prefix, got "ftp://b.example"',
  ],
  [
    "registries:\n  a.example:\n    mirrors:\n      - https://u:p@b.example\n",
    '4:9: registries.a.example.mirrors[0]: expected a mirror like https://host:port/prefix, got "https://u:p@b.example"',
  ],
  [
    "registries:\n  a.example:\n    mirrors: [b.example/x/../y]\n",
    '3:15: registries.a.example.mirrors[0]: expected a mirror like https://host:port/prefix, got "b.example/x/../y"',
  ],
  [
    "registries:\n  https://a.example:\n    insecure: true\n",
    '2:3: registries.https://a.example: expected a registry like host:port, got "https://a.example"',
  ],
  ["registries: [a]\n", "1:13: registries: expected a mapping, got a list"],
  ["- a\n", "1:1: expected a mapping, got a list"],
  ["registries:\n  a.example:\n  a.example:\n", "3:3: registries.a.example: named twice"],
  ["registries: {\n", "2:1: Flow map in block collection must be sufficiently indented and end with a }"],
  ["registries: {docker.io: , index.docker.io: }\n", "1:27: registries.index.docker.io: named twice"],
  ["registries: *x\n", "1:13: registries: expected a mapping, got an alias"],
  ["registries: &x {a.example: *x}\n", "1:28: registries.a.example: expected a mapping, got an alias"],
];

for (const [input, message] of bad) {
  test(`${JSON.stringify(input)} is refused: ${message}`, () => {
    assert.throws(
      () => parseConfiguration(input, "config.yaml"),
      (error: ConfigurationError) => {
        assert.equal(error.code, "CONFIGURATION_INVALID");
        assert.equal(error.message, `Cannot use configuration file config.yaml:${message}`);
        return true;
      },
    );
  });
}

test("an error shows the line", () => {
  assert.throws(
    () => parseConfiguration("registries:\n  a.example:\n    oops: 1\n", "config.yaml"),
    (error: ConfigurationError) => {
      const frame = codeFrame(error.location!);
      assert.ok(frame.includes("   3 | >>>     oops: 1"), frame);
      return true;
    },
  );
});

test("SLIPWAY_CONFIG wins and must exist; else the user's file; else nothing", async () => {
  const named = path.join(dir, "named.yaml");
  const home = path.join(dir, "home");
  mkdirSync(path.join(home, ".config/slipway"), { recursive: true });
  writeFileSync(named, "registries: {named.example: {insecure: true}}");
  writeFileSync(
    path.join(home, ".config/slipway/config.yaml"),
    "registries: {home.example: {insecure: true}}",
  );
  const hostsWith = async (env: NodeJS.ProcessEnv) => Object.keys((await loadConfiguration(env)).registries);
  assert.deepEqual(await hostsWith({ SLIPWAY_CONFIG: named, HOME: home }), ["named.example"]);
  assert.deepEqual(await hostsWith({ HOME: home }), ["home.example"]);
  assert.deepEqual(await hostsWith({ XDG_CONFIG_HOME: path.join(home, ".config"), HOME: dir }), [
    "home.example",
  ]);
  const absent = path.join(dir, "absent.yaml");
  await assert.rejects(loadConfiguration({ SLIPWAY_CONFIG: absent }), {
    code: "CONFIGURATION_NOT_FOUND",
    message: `Cannot read configuration file "${absent}", which SLIPWAY_CONFIG names: it does not exist`,
  });
  await assert.rejects(loadConfiguration({ SLIPWAY_CONFIG: dir }), {
    code: "CONFIGURATION_UNREADABLE",
    message: `Cannot read configuration file "${dir}": it is a directory`,
  });
});

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
