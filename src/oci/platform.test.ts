import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Descriptor,
  digestOf,
  formatPlatform,
  hostPlatform,
  matchPlatform,
  parsePlatform,
} from "./index.ts";

const host = hostPlatform();

const good: readonly (readonly [string, string])[] = [
  ["linux/amd64", "linux/amd64"],
  ["linux/x86_64", "linux/amd64"],
  ["linux/x86-64", "linux/amd64"],
  ["linux/amd64/v1", "linux/amd64"],
  ["linux/amd64/v3", "linux/amd64/v3"],
  ["linux/aarch64", "linux/arm64"],
  ["Linux/ARM64/v8", "linux/arm64"],
  ["linux/arm", "linux/arm/v7"],
  ["linux/armhf", "linux/arm/v7"],
  ["linux/armel", "linux/arm/v6"],
  ["linux/arm/6", "linux/arm/v6"],
  ["linux/i386", "linux/386"],
  ["macos/arm64", "darwin/arm64"],
  ["linux/loong64", "linux/loong64"],
  ["linux", `linux/${host.architecture}`],
  ["arm64", "linux/arm64"],
  ["aarch64", "linux/arm64"],
];
for (const [text, normal] of good) {
  test(`platform ${text} is ${normal}`, () => {
    assert.equal(formatPlatform(parsePlatform(text)), normal);
    assert.deepEqual(parsePlatform(normal), parsePlatform(text));
  });
}

const must = 'platform specifier component must match "^[A-Za-z0-9_.-]+$"';
const bad: readonly (readonly [string, string])[] = [
  ["", `"" is an invalid component of "": ${must}`],
  ["linux/", `"" is an invalid component of "linux/": ${must}`],
  ["linux/amd64/v1/x", '"linux/amd64/v1/x": cannot parse platform specifier'],
  ["linux/*", `"*" is an invalid component of "linux/*": ${must}`],
  ["linux/amd64\n", `"amd64\\n" is an invalid component of "linux/amd64\\n": ${must}`],
  ["plan10", '"plan10": unknown operating system or architecture'],
];
for (const [text, reason] of bad) {
  test(`platform ${JSON.stringify(text)} is refused`, () => {
    const message = `${reason}: invalid argument`;
    assert.throws(() => parsePlatform(text), { code: "INVALID_PLATFORM", message });
  });
}

/** Platforms of an index ("-" for none), the platform asked for, the one that is chosen. */
const choices: readonly (readonly [string, string, string | undefined])[] = [
  ["linux/arm64 linux/amd64", "linux/amd64", "linux/amd64"],
  ["linux/arm64/v8 linux/amd64", "linux/aarch64", "linux/arm64/v8"],
  ["linux/386 linux/amd64", "linux/amd64", "linux/amd64"],
  ["linux/386", "linux/amd64", "linux/386"],
  ["linux/amd64 linux/amd64/v3", "linux/amd64", "linux/amd64"],
  ["linux/amd64 linux/amd64/v2", "linux/amd64/v3", "linux/amd64/v2"],
  ["linux/amd64/v3", "linux/amd64", undefined],
  ["linux/arm/v5 linux/arm/v6", "linux/arm", "linux/arm/v6"],
  ["linux/arm", "linux/arm/v7", "linux/arm"],
  ["linux/arm/v7", "linux/arm/v6", undefined],
  ["linux/arm/v7", "linux/arm64", "linux/arm/v7"],
  ["linux/arm64/v8.4 linux/arm64", "linux/arm64/v9", "linux/arm64/v8.4"],
  ["windows/amd64", "linux/amd64", undefined],
  ["unknown/unknown linux/amd64", "linux/amd64", "linux/amd64"],
  ["unknown/unknown", "unknown/unknown", undefined],
  ["-", "linux/amd64", "-"],
  ["- linux/arm64", "linux/amd64", undefined],
  ["- linux/amd64", "linux/amd64", "linux/amd64"],
];
for (const [offered, wanted, chosen] of choices) {
  test(`of ${offered}, ${wanted} gets ${chosen ?? "nothing"}`, () => {
    const manifests = offered.split(" ").map(toDescriptor);
    const found = matchPlatform({ schemaVersion: 2, mediaType: "", manifests }, parsePlatform(wanted));
    assert.deepEqual(found, chosen === undefined ? undefined : toDescriptor(chosen));
  });
}

function toDescriptor(text: string): Descriptor {
  const [os, architecture, variant] = text.split("/") as [string, string, string?];
  const platform = variant ? { os, architecture, variant } : { os, architecture };
  const descriptor = { mediaType: "m", digest: digestOf(text), size: 1 };
  return text === "-" ? descriptor : { ...descriptor, platform };
}
