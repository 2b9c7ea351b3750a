import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

const shelves = readShelves();

test("every room stands on a shelf", () => {
  const rooms = readdirSync("src", { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.ok(rooms.length > 5);
  for (const room of rooms)
    assert.ok(shelves.has(room.name), `src/${room.name} is not in ARCHITECTURE.md's table`);
});

test("a room imports only doors of rooms on lower shelves", () => {
  const problems: string[] = [];
  for (const { file, imported } of imports()) {
    if (file === "index.ts") continue;
    const [room, otherRoom] = [roomOf(file), roomOf(imported)];
    if (room === otherRoom) continue;
    if (imported !== `${otherRoom}/index.ts`)
      problems.push(`${file} reaches past the door of ${otherRoom}: ${imported}`);
    const allowed =
      shelves.get(otherRoom)! < shelves.get(room)! || (otherRoom === "errors" && room !== "errors");
    if (!allowed) problems.push(`${file} imports ${otherRoom}, which is not on a lower shelf`);
  }
  assert.deepEqual(problems, []);
});

test("there is no import cycle", () => {
  const graph = new Map<string, string[]>();
  for (const { file, imported } of imports()) graph.set(file, [...(graph.get(file) ?? []), imported]);
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]) => {
    assert.ok(!trail.includes(file), `import cycle: ${[...trail, file].join(" → ")}`);
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...trail, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
});

function readShelves(): Map<string, number> {
  const rows = readFileSync("ARCHITECTURE.md", "utf8").matchAll(/^\|\s*(\d+)\s*\|(.+?)\|/gm);
  const found = new Map<string, number>();
  for (const [, shelf, names] of rows) {
    for (const [, name] of names!.matchAll(/`(\w+)`/g)) found.set(name ?? "", Number(shelf));
  }
  return found;
}

/** Imports between files of `src/` (types too), both as paths relative to `src/`. */
function* imports(): Generator<{ file: string; imported: string }> {
  for (const entry of readdirSync("src", { recursive: true, encoding: "utf8" })) {
    if (!entry.endsWith(".ts") || entry.endsWith(".test.ts")) continue;
    const text = readFileSync(path.join("src", entry), "utf8");
    for (const [, specifier] of text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)) {
      yield { file: entry, imported: path.join(path.dirname(entry), specifier ?? "") };
    }
  }
}

function roomOf(file: string): string {
  return file.split("/", 1)[0] ?? "";
}
