import type { EmitEvent } from "../progress/index.ts";

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
