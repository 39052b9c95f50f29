// The version of this service. It stands in package.json only.

import project from "../package.json" with { type: "json" };

/** As in CHANGELOG.md: `0.2.0`. */
export const VERSION: string = project.version;
