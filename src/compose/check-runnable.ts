import type { ComposeError } from "./compose-error.ts";
import type { Project, Service } from "./project.ts";

/** Are services run as the files say?
 * @throws {ComposeError} `COMPOSE_UNSUPPORTED` for the first thing in the files that is not carried out */
export function checkRunnable(project: Project, services: readonly Service[]): void {
  const refusals = [...project.refusals, ...services.flatMap((service) => service.refusals)];
  const [first] = refusals.toSorted((a, b) => lineOf(a) - lineOf(b));
  if (first) throw first;
}

function lineOf({ location }: ComposeError): number {
  return location?.range.startLine ?? 0;
}
