import type { BuildEvent } from "./build-event.ts";
import type { Renderer } from "./renderer.ts";

/** Shows nothing as long as everything is found in the store: for commands whose build is only a means. From the first piece of
 * work on, everything is shown, what came before included; the summary of a build never is. */
export function quietUntilWork(renderer: Renderer): Renderer {
  let held: BuildEvent[] | undefined = [];
  return {
    handle(event) {
      if (event.kind === "build-completed") return;
      if (held && !isWork(event)) {
        held.push(event);
        return;
      }
      for (const early of held ?? []) renderer.handle(early);
      held = undefined;
      renderer.handle(event);
    },
    close: () => renderer.close(),
  };
}

/** Reading the Dockerfile and the ignore file is internal and takes no time; asking a registry does. */
function isWork(event: BuildEvent): boolean {
  if (event.kind === "vertex-completed") return event.outcome === "failed";
  if (event.kind !== "vertex-started") return false;
  return !event.id.startsWith("internal:") || /^internal:(load-metadata|pull):/.test(event.id);
}
