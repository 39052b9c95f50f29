// What a release is made of, for those who must know: a bill of materials and the licences.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { InstalledPackage } from "./production_packages.ts";

/** What deno.lock holds of packages. Its keys are `name@version`, with peers behind `_`. */
export interface Lock {
  readonly npm: Readonly<Record<string, { readonly integrity?: string }>>;
}

/** The runtime that a release carries. */
export interface Runtime {
  readonly version: string;
  /** SHA-256 of its binary, in hexadecimal digits. */
  readonly sha256: string;
}

/**
 * A bill of materials, CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/). Hashes of packages are
 * those of the registry's archives, as deno.lock pins them.
 *
 * @param time in seconds since 1970.
 */
export function billOfMaterials(
  { version, packages, lock, deno, time }: {
    readonly version: string;
    readonly packages: readonly InstalledPackage[];
    readonly lock: Lock;
    readonly deno: Runtime;
    readonly time: number;
  },
) {
  const hashes = new Map(
    Object.entries(lock.npm).map(([key, { integrity }]) => [withoutPeers(key), integrity]),
  );
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      timestamp: new Date(time * 1000).toISOString(),
      component: {
        type: "application",
        "bom-ref": "asterisk-vox-bot",
        name: "asterisk-vox-bot",
        version,
        licenses: [{ license: { id: "Apache-2.0" } }],
      },
    },
    components: [
      {
        type: "platform",
        "bom-ref": `pkg:npm/deno@${deno.version}`,
        name: "deno",
        version: deno.version,
        purl: `pkg:npm/deno@${deno.version}`,
        hashes: [{ alg: "SHA-256", content: deno.sha256 }],
        licenses: [{ license: { id: "MIT" } }],
      },
      ...packages.map(({ name, version, license }) => {
        const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
        const integrity = hashes.get(`${name}@${version}`);
        return {
          type: "library",
          "bom-ref": purl,
          name,
          version,
          purl,
          ...integrity ? { hashes: [{ alg: "SHA-512", content: hexOf(integrity) }] } : {},
          ...license ? { licenses: [{ expression: license }] } : {},
        };
      }),
    ],
  };
}

/** The licences of all packages, one after another, as their authors ship them. */
export function licences(packages: readonly InstalledPackage[], denoLicence: string): string {
  const parts = packages.map(({ name, version, license, folder }) => {
    const texts = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file))
      .sort()
      .map((file) => readFileSync(join(folder, file), "utf8").trim());
    const named = license ? `License: ${license}` : "Its package names no license.";
    return [`${name} ${version}`, named, ...texts].join("\n\n");
  });
  return [`Deno\n\n${denoLicence.trim()}`, ...parts].join(`\n\n${"=".repeat(80)}\n\n`) + "\n";
}

function withoutPeers(key: string): string {
  return /^@?[^@]+@[^_]+/.exec(key)![0];
}

/** `sha512-<base64>` in hexadecimal digits. */
function hexOf(integrity: string): string {
  return Uint8Array.fromBase64(integrity.slice("sha512-".length)).toHex();
}
