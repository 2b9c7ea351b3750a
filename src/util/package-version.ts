import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Slipway's own version. This file is bundled into `dist/`. */
export function packageVersion(): string {
  const dist = path.dirname(fileURLToPath(import.meta.url));
  const text = readFileSync(path.join(dist, "../package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
