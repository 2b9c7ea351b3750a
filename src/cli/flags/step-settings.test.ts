import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStepSettings, type StepFlags, type StepSettings } from "./step-settings.ts";

const good: readonly (readonly [StepFlags, StepSettings])[] = [
  [{}, {}],
  [
    { addHost: ["a:1.2.3.4", "b=1.2.3.4", "c:::1", "d=[::2]", "e:host-gateway"] },
    {
      extraHosts: [
        { host: "a", ip: "1.2.3.4" },
        { host: "b", ip: "1.2.3.4" },
        { host: "c", ip: "::1" },
        { host: "d", ip: "::2" },
        { host: "e", ip: "127.0.0.1" },
      ],
    },
  ],
  [
    { ulimit: ["nofile=5", "core=0:9", "stack=-1", "nproc=3:-1"] },
    {
      ulimits: [
        { name: "nofile", soft: 5, hard: 5 },
        { name: "core", soft: 0, hard: 9 },
        { name: "stack", soft: -1, hard: -1 },
        { name: "nproc", soft: 3, hard: -1 },
      ],
    },
  ],
  [{ shmSize: "128m" }, { shmSizeBytes: 128 << 20 }],
  [{ allow: ["network.host", "security.insecure"] }, { allow: { networkHost: true, insecure: true } }],
  [
    { ssh: ["default", "a=x", "b=y,z=1"] },
    {
      ssh: [
        { id: "default", paths: [] },
        { id: "a", paths: ["x"] },
        { id: "b", paths: ["y", "z=1"] },
      ],
    },
  ],
];
for (const [flags, settings] of good) {
  test(`settings of ${JSON.stringify(flags)}`, () => {
    assert.deepEqual(parseStepSettings(flags), settings);
  });
}

const bad: readonly (readonly [StepFlags, string])[] = [
  [{ addHost: ["x"] }, 'Cannot parse --add-host "x": invalid host x'],
  [{ addHost: ["x:y"] }, 'Cannot parse --add-host "x:y": invalid host x:y'],
  [{ addHost: ["=1.2.3.4"] }, 'Cannot parse --add-host "=1.2.3.4": invalid host =1.2.3.4'],
  [{ addHost: ["a\nb=1.2.3.4"] }, 'Cannot parse --add-host "a\nb=1.2.3.4": invalid host a\nb=1.2.3.4'],
  [{ ulimit: ["nofile"] }, 'Cannot parse --ulimit "nofile": invalid ulimit argument: nofile'],
  [{ ulimit: ["foo=1"] }, 'Cannot parse --ulimit "foo=1": invalid ulimit type: foo'],
  [{ ulimit: ["core=x"] }, 'Cannot parse --ulimit "core=x": invalid limit "x"'],
  [{ ulimit: ["core=1:2:3"] }, 'Cannot parse --ulimit "core=1:2:3": too many limit value arguments - 1:2:3'],
  [
    { ulimit: ["nofile=5:3"] },
    'Cannot parse --ulimit "nofile=5:3": ulimit soft limit must be less than or equal to hard limit: 5 > 3',
  ],
  [
    { ulimit: ["nofile=-1:3"] },
    'Cannot parse --ulimit "nofile=-1:3": ulimit soft limit must be less than or equal to hard limit: -1 > 3',
  ],
  [{ shmSize: "x" }, "Cannot parse --shm-size \"x\": invalid size: 'x'"],
  [{ allow: ["foo"] }, 'Cannot parse --allow "foo": unknown entitlement foo'],
  [
    { allow: ["network.host=x"] },
    'Cannot parse --allow "network.host=x": unknown entitlement network.host=x',
  ],
  [
    { allow: ["device=a.com/b,x=y"] },
    'Cannot parse --allow "device=a.com/b,x=y": unknown device config key "x"',
  ],
  [{ allow: ["device=a.com/b,x"] }, 'Cannot parse --allow "device=a.com/b,x": invalid device config "x"'],
  [{ ssh: ["=x"] }, 'Cannot parse --ssh "=x": the id is missing'],
];
for (const [flags, message] of bad) {
  test(message, () => assert.throws(() => parseStepSettings(flags), { message }));
}
