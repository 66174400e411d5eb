// Builds ../static/graphiql from ./graphiql. The same sources and lock give the same bytes.
import { mkdirSync, readdirSync, copyFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

import { bundledPackages, licenceText } from "./licences.mjs";

const sourceFolder = path.dirname(fileURLToPath(import.meta.url));
const outputFolder = path.join(sourceFolder, "..", "static", "graphiql");

const common = {
  absWorkingDir: sourceFolder,
  outdir: outputFolder,
  bundle: true,
  minify: true,
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"', "process.env.USE_IMPORT": '"true"' },
  metafile: true,
  logLevel: "warning",
};

/** The page: one script, one style sheet, one icon font. */
function buildPage() {
  return build({
    ...common,
    entryPoints: { main: "graphiql/main.tsx" },
    format: "esm",
    assetNames: "[name]",
    jsx: "automatic",
    loader: { ".graphql": "text", ".jsonc": "text", ".ttf": "file" },
  });
}

/** The editor's workers: classic scripts, since module workers need not exist everywhere. */
function buildWorkers() {
  return build({
    ...common,
    entryPoints: {
      "editor.worker": "monaco-editor/esm/vs/editor/editor.worker.js",
      "json.worker": "monaco-editor/esm/vs/language/json/json.worker.js",
      "graphql.worker": "monaco-graphql/esm/graphql.worker.js",
    },
    format: "iife",
  });
}

function reportSizes() {
  const sizes = readdirSync(outputFolder).map((name) => [name, statSync(path.join(outputFolder, name)).size]);
  for (const [name, size] of sizes.sort((a, b) => b[1] - a[1])) {
    console.log(`${String(size).padStart(9)}  ${name}`);
  }
  console.log(`${String(sizes.reduce((sum, [, size]) => sum + size, 0)).padStart(9)}  in all`);
}

process.chdir(sourceFolder);
rmSync(outputFolder, { recursive: true, force: true });
mkdirSync(outputFolder, { recursive: true });
const results = [await buildPage(), await buildWorkers()];
copyFileSync("graphiql/index.html", path.join(outputFolder, "index.html"));
const folders = bundledPackages(results.map((result) => result.metafile));
writeFileSync(path.join(outputFolder, "LICENSES.txt"), licenceText(folders));
reportSizes();
