import type { Descriptor } from "../oci/index.ts";
import type { EmitEvent } from "./build-event.ts";

/** Does `work` and reports it as a step of its own, beside those of the build graph. */
export async function reportStep<Value>(
  emit: EmitEvent,
  step: { readonly id: string; readonly name: string },
  work: () => Promise<Value>,
): Promise<Value> {
  const { id, name } = step;
  emit({ kind: "vertex", id, name, inputs: [] });
  emit({ kind: "vertex-started", id, timeMs: Date.now() });
  try {
    const value = await work();
    emit({ kind: "vertex-completed", id, timeMs: Date.now(), outcome: "done" });
    return value;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    emit({ kind: "vertex-completed", id, timeMs: Date.now(), outcome: "failed", error: message });
    throw error;
  }
}

/** Tells how far the blobs of a step are; one is done when all its bytes are there. */
export function reportBlobs(emit: EmitEvent, id: string): (blob: Descriptor, currentBytes: number) => void {
  return ({ digest, size }, current) =>
    emit({
      kind: "vertex-status",
      id,
      timeMs: Date.now(),
      item: digest,
      current,
      total: size,
      unit: "bytes",
      isDone: current >= size,
    });
}
