import { setImmediate } from "node:timers/promises";
import type { CopyAction, FileAction } from "../llb/index.ts";
import { hasBytes, openFound, SelectionDigest, type StatIndex, toText, TreeError } from "../tree/index.ts";
import type { ContextMemory } from "./context-memory.ts";
import { hashFile } from "./hash-file.ts";
import type { ExplainOptions } from "./missing-source.ts";
import { type RecordedEntry, SelectionRecord } from "./selection-record.ts";
import { sourcesOf } from "./sources-of.ts";

/** Content digest of what an action reads; the empty string for one that copies nothing. Where all is as it was, every file is looked
 * at and nothing more.
 * @param options.onUnknown called where it is not so, and much is left to do
 * @throws {TreeError} */
export async function digestAction(
  context: ExplainOptions,
  action: FileAction,
  { memory, onUnknown }: { memory: ContextMemory; onUnknown: (() => void) | undefined },
): Promise<string> {
  if (action.kind !== "copy") return "";
  const record = await recordSelection(context, action);
  const fingerprint = record.fingerprint();
  const known = memory.known.find(fingerprint);
  if (known !== undefined) return known;
  if (onUnknown && record.count >= MANY) {
    onUnknown();
    await setImmediate(); // what it begins begins now
  }
  const { digest, isSettled } = await digestRecord(context, record, memory.index);
  if (isSettled) memory.known.add(fingerprint, digest);
  return digest;
}

/** Entries whose digest takes some milliseconds at least. */
const MANY = 1000;

/** What an action reads, as text for `selectionChanges`.
 * @throws {TreeError} */
export async function describeAction(
  context: ExplainOptions,
  action: FileAction,
  memory: ContextMemory,
): Promise<string> {
  if (action.kind !== "copy") return "";
  let description = "";
  const describe = (text: string) => void (description += text);
  await digestRecord(context, await recordSelection(context, action), memory.index, describe);
  return description;
}

async function recordSelection(context: ExplainOptions, action: CopyAction): Promise<SelectionRecord> {
  const record = new SelectionRecord();
  const turn = new Turn();
  let count = 0;
  for (const source of sourcesOf(context, action)) {
    record.addSource(source);
    for (const entry of source.entries) {
      record.addEntry(entry);
      if (++count % 1024 === 0 && turn.isOver()) await turn.pass();
    }
  }
  return record;
}

/** Long work stops for a moment now and then, so that whoever draws the progress gets a turn. */
class Turn {
  #sinceMs = Date.now();

  isOver(): boolean {
    return Date.now() - this.#sinceMs >= 50;
  }

  async pass(): Promise<void> {
    await setImmediate();
    this.#sinceMs = Date.now();
  }
}

/** `isSettled`: the index knows the bytes of each file by the state that is recorded. */
async function digestRecord(
  context: ExplainOptions,
  record: SelectionRecord,
  index: StatIndex,
  describe?: (text: string) => void,
): Promise<{ readonly digest: string; readonly isSettled: boolean }> {
  const digest = new SelectionDigest(describe);
  let isSettled = true;
  const turn = new Turn();
  for (const found of record) {
    if (found.kind === "source") {
      digest.addSource(found);
      continue;
    }
    const known = hasBytes(found) ? index.find(found.path, found.stat) : "";
    digest.addEntry(found, known ?? readDigest(context, found, index));
    if (known !== undefined) continue;
    isSettled &&= index.find(found.path, found.stat) !== undefined;
    if (turn.isOver()) await turn.pass();
  }
  return { digest: digest.finish(), isSettled };
}

function readDigest({ tree }: ExplainOptions, { path }: RecordedEntry, index: StatIndex): string {
  const readAtMs = Date.now();
  const { digest, stat } = openFound(path, () => hashFile(tree.hostPath(path)));
  if (stat.type !== "file")
    throw new TreeError("UNREADABLE", `Cannot read "${toText(path)}": it is no longer a regular file`);
  index.add(path, stat, digest, readAtMs);
  return digest;
}
