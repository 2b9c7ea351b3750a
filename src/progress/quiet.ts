import type { BuildEvent } from "./build-event.ts";
import { BuildState } from "./build-state.ts";
import { closingLines } from "./closing-lines.ts";
import type { Renderer, RendererOptions } from "./renderer.ts";

/** Says nothing unless a step fails: then its log. */
export function createQuietRenderer({ stream, colours }: RendererOptions): Renderer {
  const state = new BuildState();
  let isClosed = false;
  return {
    handle(event: BuildEvent) {
      if (event.kind !== "warning" && event.kind !== "build-completed") state.apply(event);
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      for (const line of closingLines(state, { keepColours: colours })) stream.write(`${line}\n`);
    },
  };
}
