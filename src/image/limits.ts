/** What registries accept at most for a manifest, and what a config is read up to. */
export const documentLimitBytes = 4 * 1024 * 1024;
