// The licence texts of every package of which some code is in the bundle.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const NOTICE_FILE = /^(licen[cs]e|copying|notice|thirdpartynotices)([.-].*)?$/i;
const PACKAGE_FOLDER = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/;

/** Folders, relative to the source folder, of the packages that `metafiles` name as inputs. */
export function bundledPackages(metafiles) {
  const folders = new Set();
  for (const metafile of metafiles) {
    for (const output of Object.values(metafile.outputs)) {
      for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
        const folder = input.match(PACKAGE_FOLDER)?.[0];
        if (folder !== undefined && bytesInOutput > 0) {
          folders.add(folder);
        }
      }
    }
  }
  return [...folders].sort();
}

function describePackage(folder) {
  const manifest = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  if (typeof manifest.license !== "string") {
    throw new Error(`${folder}/package.json names no licence; look it up before bundling the package.`);
  }
  const notices = readdirSync(folder)
    .filter((name) => NOTICE_FILE.test(name))
    .sort()
    .map((name) => readFileSync(path.join(folder, name), "utf8").replaceAll("\r\n", "\n").trim());
  const author = typeof manifest.author === "string" ? manifest.author : manifest.author?.name;
  const missing = `The package carries no licence file. Author: ${author ?? "see its repository"}.`;
  return {
    title: `${manifest.name} ${manifest.version}`,
    licence: manifest.license,
    text: notices.length > 0 ? notices.join("\n\n") : missing,
  };
}

/** One text with name, version, licence and notices of each package in `folders`. */
export function licenceText(folders) {
  const byTitle = new Map(folders.map(describePackage).map((entry) => [entry.title, entry]));
  const packages = [...byTitle.values()].sort((a, b) => (a.title < b.title ? -1 : 1));
  const rule = "=".repeat(80);
  const entries = packages.map(
    ({ title, licence, text }) => `${rule}\n${title}\nLicence: ${licence}\n${rule}\n\n${text}\n`,
  );
  return `Packages bundled in this folder, with their licences.\n\n${entries.join("\n")}`;
}
