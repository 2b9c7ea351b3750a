/** The vertices `roots` and everything they need, each once and behind its inputs. A Dockerfile may hold tens of thousands of steps, one on
 * the other: nothing here is recursive. */
export function inputsFirst(
  vertices: ReadonlyMap<string, { readonly inputs: readonly string[] }>,
  roots: readonly string[],
): string[] {
  const ordered = new Set<string>();
  const pending = roots.toReversed();
  while (pending.length > 0) {
    const id = pending.at(-1)!;
    const vertex = vertices.get(id);
    if (!vertex) throw new Error(`Internal error: vertex ${id} is not in the graph`);
    const missing = ordered.has(id) ? [] : vertex.inputs.filter((input) => !ordered.has(input));
    for (const input of missing.toReversed()) pending.push(input);
    if (missing.length === 0) ordered.add(pending.pop()!);
  }
  return [...ordered];
}
