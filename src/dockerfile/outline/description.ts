/** What a comment above an instruction says of a stage or an argument: `# name text`; empty when none does. */
export function describedBy(comments: readonly string[], name: string): string {
  const comment = comments.find((line) => line.startsWith(`${name} `));
  return comment?.slice(name.length + 1) ?? "";
}
