import type { BuildEvent } from "./build-event.ts";
import type { Renderer } from "./renderer.ts";

/** Shows nothing of work that is soon done: what it tells is held back for a second, and shown then, or when something has failed. The
 * summary of a build never is. */
export function quietAtFirst(renderer: Renderer, delayMs = 1000): Renderer {
  let held: BuildEvent[] | undefined = [];
  const show = () => {
    for (const event of held ?? []) renderer.handle(event);
    held = undefined;
  };
  const timer = setTimeout(show, delayMs).unref();
  return {
    handle(event) {
      if (event.kind === "build-completed") return;
      if (held) held.push(event);
      else renderer.handle(event);
    },
    close() {
      clearTimeout(timer);
      if (held?.some(isFailure)) show();
      renderer.close();
    },
  };
}

function isFailure(event: BuildEvent): boolean {
  return event.kind === "vertex-completed" && event.outcome === "failed";
}
