import type { PortForward } from "./project.ts";
import { asText, fieldsOf } from "./read-nodes.ts";
import { describe, errorAt, type YamlNode } from "./yaml-tree.ts";

/** Reads `ports`. On the host's network a service listens under its own numbers; for those that are published under another one
 * there is a forward.
 * @throws {ComposeError} `COMPOSE_UNSUPPORTED` for an address, a port that is to be chosen, and a forward of UDP */
export function readPorts(node: YamlNode, what: string): PortForward[] {
  if (node.kind !== "sequence") throw errorAt(node.place, `${what} must be a list, not ${describe(node)}`);
  return node.items.flatMap((item) => readPort(item, what));
}

function readPort(node: YamlNode, what: string): PortForward[] {
  const text = node.kind === "map" ? shortForm(node, what) : asText(node, `an item of ${what}`);
  const [, published, target, protocol = "tcp"] =
    /^(\d+(?:-\d+)?):(\d+(?:-\d+)?)(?:\/(tcp|udp))?$/.exec(text) ?? [];
  if (published === undefined || target === undefined) throw unsupported(node, `${what}: "${text}"`);
  const [from, to] = [portsOf(published), portsOf(target)];
  if (from.length !== to.length || [...from, ...to].some((port) => port < 1 || port > 65_535))
    throw errorAt(node.place, `${what}: "${text}" are no ports, or not the same number of them`);
  const forwards = from.map((port, index) => ({ published: port, target: to[index]! }));
  const moved = forwards.filter((each) => each.published !== each.target);
  if (moved.length > 0 && protocol === "udp") throw unsupported(node, `${what}: "${text}"`);
  return moved;
}

function shortForm(node: YamlNode, where: string): string {
  const fields = fieldsOf(node, {
    where,
    supported: ["target", "published", "protocol", "mode", "name", "app_protocol"],
    unsupported: ["host_ip"],
  });
  const text = (key: string) => {
    const value = fields.get(key);
    return value && asText(value, `${where}.${key}`);
  };
  const target = text("target");
  if (target === undefined) throw errorAt(node.place, `${where}: "target" is missing`);
  const published = text("published");
  const port = published === undefined ? target : `${published}:${target}`;
  return `${port}/${text("protocol") ?? "tcp"}`;
}

function portsOf(range: string): number[] {
  const [first, last = first] = range.split("-").map(Number) as [number, number?];
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}

function unsupported(node: YamlNode, what: string): Error {
  return errorAt(node.place, `${what} is not supported yet`, {
    code: "COMPOSE_UNSUPPORTED",
    hint: "services share the host's network: write the port to publish and that of the service, as in 8080:80 or 8000:8000",
  });
}
