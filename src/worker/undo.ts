/** What a step's preparation leaves behind to undo, last first. */
export type Defer = (undo: () => void | Promise<void>) => void;
