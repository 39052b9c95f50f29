import assert from "node:assert/strict";

/** Every other package is loaded by who needs it, when it is needed: 1 ms and more of each isolate's start. */
const OF_EVERY_CALL = ["@logtape/logtape", "@orama/stemmers", "comlink", "minisearch", "n2words"];
/** 0.9 ms each (docs/performance.md). */
const MOST_MODULES = 130;

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly isDynamic?: boolean;
    readonly code?: { readonly specifier?: string };
  }[];
}

Deno.test("a call isolate starts with the modules that every call needs, and no others", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", new URL("./main.ts", import.meta.url).href],
  }).output();
  const graph = JSON.parse(new TextDecoder().decode(stdout)) as {
    roots: string[];
    modules: Module[];
  };
  const modules = new Map(graph.modules.map((module) => [module.specifier, module]));
  const atStart = new Set(graph.roots);
  for (const specifier of atStart) {
    for (const { isDynamic, code } of modules.get(specifier)?.dependencies ?? []) {
      if (!isDynamic && code?.specifier) atStart.add(code.specifier);
    }
  }
  const packages = [...atStart].flatMap((one) => /^npm:\/?(@?[^@]+)@/.exec(one)?.[1] ?? []);
  assert.deepEqual([...new Set(packages)].sort(), OF_EVERY_CALL);
  assert.ok(atStart.size <= MOST_MODULES, `${atStart.size} modules`);
});
