import { isIP } from "node:net";
import { quoteGo } from "../go-text.ts";
import type { ExposeInstruction } from "../instructions/instruction.ts";
import { expandWordsAt, type StepOf } from "../stages/index.ts";
import { add } from "./added-config.ts";
import type { ConvertContext } from "./convert-context.ts";
import { goList } from "./go-format.ts";
import { addHistory } from "./history.ts";
import type { StageState } from "./stage-state.ts";

/** EXPOSE: ports and ranges with a protocol, `tcp` unless said. */
export function dispatchExpose(
  context: ConvertContext,
  state: StageState,
  step: StepOf<ExposeInstruction>,
): void {
  const { dockerfile } = context.graph;
  const words = step.instruction.ports.flatMap((word) =>
    expandWordsAt(dockerfile, step.instruction, word, state.env),
  );
  const fail = (message: string) => context.error(step, message);
  const ports = words.flatMap((word) => parsePorts(word, fail));
  add(state, "exposedPorts", ports);
  addHistory(state, `EXPOSE ${goList(ports)}`, "none");
}

type Fail = (message: string) => Error;

const protocols = new Set(["tcp", "udp", "sctp"]);

/** `8000-8001/udp` → `8000/udp`, `8001/udp`. The host of `ip:port:port` is checked and then left out, as BuildKit does. */
function parsePorts(text: string, fail: Fail): string[] {
  const parts = text.split(":");
  const [range, protocol = ""] = cut(parts.at(-1)!, "/");
  if (range === "") throw fail(`invalid port: ${quoteGo(text)}: no port specified`);
  const proto = protocol.toLowerCase() || "tcp";
  if (!protocols.has(proto)) throw fail(`invalid port: ${quoteGo(text)}: invalid proto: ${proto}`);
  checkAddress(parts.slice(0, -2).join(":"), fail);
  const ports = parseRange(range);
  if (!ports) throw fail(`invalid containerPort: ${range}`);
  checkHostPort(parts.at(-2) ?? "", { range, ports, fail });
  return Array.from({ length: size(ports) }, (_, index) => `${ports.start + index}/${proto}`);
}

function checkAddress(address: string, fail: Fail): void {
  const ip = address.replace(/^\[(.*)\]$/, "$1");
  if (address !== "" && isIP(ip) === 0) throw fail(`invalid IP address: ${address}`);
}

function checkHostPort(
  hostPort: string,
  { range, ports, fail }: { range: string; ports: PortRange; fail: Fail },
): void {
  if (hostPort === "") return;
  const host = parseRange(hostPort);
  if (!host) throw fail(`invalid hostPort: ${hostPort}`);
  if (size(ports) > 1 && size(host) !== size(ports)) {
    throw fail(`invalid ranges specified for container and host Ports: ${range} and ${hostPort}`);
  }
}

interface PortRange {
  readonly start: number;
  readonly end: number;
}

function size({ start, end }: PortRange): number {
  return end - start + 1;
}

function parseRange(text: string): PortRange | undefined {
  const bounds = text.split("-");
  const isRange =
    bounds.length <= 2 && bounds.every((bound) => /^\d{1,5}$/.test(bound) && Number(bound) <= 0xffff);
  if (!isRange) return undefined;
  const [start, end = start] = bounds.map(Number) as [number, number?];
  return end < start ? undefined : { start, end };
}

function cut(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
