import { ComposeError } from "./compose-error.ts";
import { didYouMean } from "../errors/index.ts";
import { contextService, type Project, type Service } from "./project.ts";

/** The services named (all when none is) and what they depend on, each after its dependencies; otherwise in the file's order.
 * @throws {ComposeError} `COMPOSE_NOT_FOUND` no such service, `COMPOSE_INVALID` a cycle */
export function startOrder(project: Project, names: readonly string[] = []): Service[] {
  const all = names.length > 0 ? names : project.services.keys();
  return inOrder(project, all, ({ dependsOn }) => dependsOn.map(({ service }) => service));
}

/** The services and those whose images their builds use as contexts, each after these.
 * @throws {ComposeError} `COMPOSE_NOT_FOUND` | `COMPOSE_INVALID` */
export function buildOrder(project: Project, services: readonly Service[]): Service[] {
  const names = services.map(({ name }) => name);
  return inOrder(project, names, ({ build }) =>
    Object.values(build?.additionalContexts ?? {}).flatMap((value) => contextService(value) ?? []),
  );
}

function inOrder(
  project: Project,
  names: Iterable<string>,
  needs: (service: Service) => readonly string[],
): Service[] {
  const order = new Map<string, Service>();
  const visit = (name: string, trail: readonly string[]) => {
    if (order.has(name)) return;
    if (trail.includes(name))
      throw new ComposeError(
        "COMPOSE_INVALID",
        `Services depend on each other in a circle: ${[...trail.slice(trail.indexOf(name)), name].join(" → ")}`,
      );
    const service = serviceOf(project, name);
    for (const needed of needs(service)) visit(needed, [...trail, name]);
    order.set(name, service);
  };
  for (const name of names) visit(name, []);
  return [...order.values()];
}

/** @throws {ComposeError} `COMPOSE_NOT_FOUND` */
export function serviceOf(project: Project, name: string): Service {
  const service = project.services.get(name);
  if (service) return service;
  const near = didYouMean(name, project.services.keys());
  throw new ComposeError("COMPOSE_NOT_FOUND", `No such service: ${name}${near}`);
}
