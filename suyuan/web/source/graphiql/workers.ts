/**
 * Starts the editor's workers from files of this server.
 *
 * Monaco asks for a worker by label; the file names are the entry points of build.mjs.
 */
const WORKER_FILES: Record<string, string> = {
  json: "json.worker.js",
  graphql: "graphql.worker.js",
};

function startWorker(_moduleId: string, label: string): Worker {
  const file = WORKER_FILES[label] ?? "editor.worker.js";
  return new Worker(new URL(file, import.meta.url), { name: label });
}

Object.assign(globalThis, { MonacoEnvironment: { getWorker: startWorker } });
