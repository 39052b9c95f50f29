// Calls over the simulated PBX's transports that are packets, or files.

import { callsOnSimulator } from "./transports_simulator.ts";

await callsOnSimulator(["rtp", "files"]);
