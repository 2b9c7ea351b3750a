import type { ContainerConfig } from "../../oci/index.ts";
import type { KeyValue } from "../instructions/instruction.ts";
import { GrowingList } from "./growing-list.ts";
import { splitVariable } from "./set-variable.ts";

/** What the instructions of a stage, and of those that it is FROM, add to the config of their base image. */
export interface AddedConfig {
  readonly env: GrowingList<KeyValue>;
  readonly labels: GrowingList<KeyValue>;
  readonly exposedPorts: GrowingList<string>;
  readonly volumes: GrowingList<string>;
  readonly triggers: GrowingList<string>;
}

export const nothingAdded: AddedConfig = {
  env: GrowingList.of(),
  labels: GrowingList.of(),
  exposedPorts: GrowingList.of(),
  volumes: GrowingList.of(),
  triggers: GrowingList.of(),
};

/** Adds to the config of a stage's image. */
export function add<Part extends keyof AddedConfig>(
  state: { readonly image: { added: AddedConfig } },
  part: Part,
  items: AddedConfig[Part] extends GrowingList<infer Item> ? readonly Item[] : never,
): void {
  const { added } = state.image;
  state.image.added = { ...added, [part]: (added[part] as GrowingList<unknown>).with(items) };
}

/** A base image's config and what was added to it. */
export function withAdded(config: ContainerConfig, added: AddedConfig): ContainerConfig {
  const [labels, triggers] = [added.labels.toArray(), added.triggers.toArray()];
  const [ports, volumes] = [added.exposedPorts.toArray(), added.volumes.toArray()];
  return {
    ...config,
    Env: withVariables(config.Env ?? [], added.env),
    Labels: withKeys(
      config.Labels,
      labels.map(({ key, value }) => [key, value]),
    ),
    ExposedPorts: withKeys(
      config.ExposedPorts,
      ports.map((port) => [port, {}]),
    ),
    Volumes: withKeys(
      config.Volumes,
      volumes.map((volume) => [volume, {}]),
    ),
    OnBuild: [...(config.OnBuild ?? []), ...triggers],
  };
}

/** A variable that is set again keeps its place. */
export function withVariables(env: readonly string[], added: GrowingList<KeyValue>): readonly string[] {
  const texts = [...env];
  const places = new Map<string, number>();
  for (const [place, text] of env.entries()) {
    const [key] = splitVariable(text);
    if (!places.has(key)) places.set(key, place);
  }
  for (const { key, value } of added.toArray()) {
    const place = places.get(key) ?? texts.length;
    texts[place] = `${key}=${value}`;
    places.set(key, place);
  }
  return texts;
}

function withKeys<Value>(
  record: Readonly<Record<string, Value>> | undefined,
  entries: readonly (readonly [string, Value])[],
): Readonly<Record<string, Value>> {
  return Object.fromEntries([...Object.entries(record ?? {}), ...entries]);
}
